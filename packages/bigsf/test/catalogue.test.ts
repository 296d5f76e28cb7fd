/** `bigsf catalogue` on maps of known filaments; what it writes is read by astropy. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigObject, toYaml } from "@ml-mosaic/configurable";
import { makeHeader, openFits, readCelestialWcs, setCard } from "@ml-mosaic/fits";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { fitsverify, python, skipWithoutAstropy, skipWithoutFitsverify } from "../../fits/test/astropy.ts";
import { Catalogue } from "../src/catalogue/catalogue.ts";
import { significanceOf } from "../src/catalogue/columns.ts";
import type { Filament } from "../src/catalogue/filament.ts";
import { filamentName } from "../src/catalogue/filament-name.ts";
import { names } from "../src/catalogue/run-catalogue.ts";
import { normalAt } from "../src/sample/lattice-random.ts";
import { trueFilaments } from "../src/sample/sample-truth.ts";
import { writeSample } from "../src/sample/write-sample.ts";
import { ownVersion } from "../src/version.ts";
import { arc, draw, type Shape, skyHeader, straight, writeMap } from "./catalogue-shapes.ts";
import { readPixels } from "./segment-workspace.ts";
import { runBigsf } from "./start-bigsf.ts";

const folder = temporaryFolder();
const at = (...names: readonly string[]) => join(folder, ...names);
const size = [160, 220] as const;

const line = straight(20, 20, 120, 45);
const ring = arc(195, 25, 15, 0, 360);
const bow = arc(150, 90, 40, -120, 60);
const crossing = [straight(20, 60, 90, 100), straight(30, 100, 80, 60)] as const;
const branched = [straight(130, 150, 190, 150, 2.5), straight(160, 150, 185, 125)] as const;
const shapes: readonly Shape[] = [line, ring, bow, ...crossing, ...branched];

async function catalogue(name: string, values: ConfigObject): Promise<readonly Filament[]> {
  const result = await Catalogue.fromConfig({
    probability: at("probability.fits"),
    output: at(name),
    atlas: 0,
    ...values,
  }).run();
  if (result.kind !== "written") throw new Error(`${name} is there already`);
  return result.filaments;
}

/** The one whose middle is nearest to that of the shape. */
function of(filaments: readonly Filament[], { points }: Shape): Filament {
  const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
  const distance = ({ centre }: Filament) => Math.hypot(centre.x - middle.x, centre.y - middle.y);
  const [nearest] = filaments.toSorted((a, b) => distance(a) - distance(b));
  if (nearest === undefined) throw new Error("there is no filament");
  return nearest;
}

let filaments: readonly Filament[];

beforeAll(async () => {
  await writeMap(at("probability.fits"), size, draw(...size, shapes, "most"));
  const noisy = draw(...size, shapes, "sum").map(
    (value, i) => 1e21 * (2 + value + 0.25 * normalAt(5, 1, Math.floor(i / size[1]), i % size[1])),
  );
  await writeMap(at("image.fits"), size, noisy, setCard(setCard(skyHeader, "BMAJ", 0.006), "BMIN", 0.004));
  filaments = await catalogue("plain", { image: at("image.fits") });
});

describe("of each shape there is one filament", () => {
  test("as many as there are", () => {
    expect(filaments.length).toBe(shapes.length);
  });

  test("a straight line: ends, length, direction", () => {
    const { start, end, length, pixelAngle, curvature, sinuosity, joins } = of(filaments, line);
    // The mask goes on beyond the ends of the line, by less than its width.
    expect(Math.hypot(start.x - 20, start.y - 20)).toBeLessThan(2);
    expect(Math.hypot(end.x - 120, end.y - 45)).toBeLessThan(2);
    expect(length / Math.hypot(100, 25)).toBeCloseTo(1, 1);
    expect(Math.abs(pixelAngle - (Math.atan2(25, 100) * 180) / Math.PI)).toBeLessThan(1);
    expect(curvature).toBeLessThan(0.002);
    expect(sinuosity).toBeCloseTo(1, 2);
    expect(joins).toBe(0);
  });

  test("an arc: length and curvature", () => {
    const { length, curvature, sinuosity } = of(filaments, bow);
    expect(Math.abs(length / (40 * Math.PI) - 1)).toBeLessThan(0.05);
    expect(Math.abs(curvature * 40 - 1)).toBeLessThan(0.05);
    expect(sinuosity).toBeCloseTo(Math.PI / 2, 1);
  });

  test("a ring is closed", () => {
    const closed = filaments.filter(({ isClosed }) => isClosed);
    expect(closed.length).toBe(1);
    expect(Math.abs((closed[0]?.length ?? 0) / (30 * Math.PI) - 1)).toBeLessThan(0.05);
    expect(Math.abs((closed[0]?.curvature ?? 0) * 15 - 1)).toBeLessThan(0.05);
  });

  test("two that cross go on through each other", () => {
    const [first, second] = [of(filaments, crossing[0]), of(filaments, { ...crossing[1], points: [{ x: 55, y: 80 }] })];
    for (const shape of crossing) {
      const [from, to] = [shape.points[0], shape.points.at(-1)];
      const expected = Math.hypot((to?.x ?? 0) - (from?.x ?? 0), (to?.y ?? 0) - (from?.y ?? 0));
      expect(filaments.some(({ length }) => Math.abs(length / expected - 1) < 0.05)).toBe(true);
    }
    expect(first.network).toBe(second.network);
    expect(first.joins).toBe(1);
  });

  test("a branch begins at the spine of the one that it leaves", () => {
    const { start, length, network } = of(filaments, branched[1]);
    expect(Math.abs(length / Math.hypot(25, 25) - 1)).toBeLessThan(0.15);
    expect(Math.hypot(start.x - 160, start.y - 150)).toBeLessThan(6);
    expect(network).toBe(of(filaments, branched[0]).network);
  });
});

/** Square root of 0.006 * 0.004 degrees, in arc seconds. */
const beam = Math.sqrt(0.006 * 0.004) * 3600;

describe("measured in an image with noise, four times the noise high", () => {
  test("widths within half a pixel, heights, background and significance", () => {
    const apart = shapes.map((shape) => {
      const { profile, intensity } = of(filaments, shape);
      expect(Math.abs((profile?.background ?? 0) / 2e21 - 1)).toBeLessThan(0.1);
      expect(Math.abs((profile?.amplitude.value ?? 0) / 1e21 - 1)).toBeLessThan(0.2);
      expect(Math.abs((intensity ?? 0) / 3e21 - 1)).toBeLessThan(0.1);
      return Math.abs((profile?.width.value ?? 0) - 2.3548 * shape.sigma);
    });
    expect(Math.max(...apart)).toBeLessThan(0.8);
    expect(apart.sort((a, b) => a - b)[3]).toBeLessThan(0.3);
  });

  test("the beam of the header is taken out of the width", () => {
    const { profile, pixelDegrees } = of(filaments, line);
    const [seen, without] = [profile?.width.value ?? 0, profile?.deconvolved?.value ?? 0];
    expect((pixelDegrees ?? 0) * 3600).toBeCloseTo(3600 * Math.hypot(0.003, 0.0004), 2);
    expect(Math.hypot(without, beam / 3600 / (pixelDegrees ?? 1))).toBeCloseTo(seen, 6);
  });

  test("masses, by distances of three kinds", async () => {
    const at1000 = await catalogue("one-distance", { image: at("image.fits"), distance: 1000 });
    const { massPerLength, sky } = of(at1000, line);
    // A Gaussian of 1e21 per square centimetre and 2 pixels, in solar masses a parsec.
    const centimetres = 2 * Math.sqrt(2 * Math.PI) * Math.hypot(0.003, 0.0004) * (Math.PI / 180) * 1000 * 3.0856776e18;
    const expected = (1e21 * 2.8 * 1.6735328e-24 * centimetres * 3.0856776e18) / 1.98841e33;
    expect(Math.abs((massPerLength?.value ?? 0) / expected - 1)).toBeLessThan(0.1);
    expect(massPerLength?.error).toBeLessThan(0.15 * expected);

    const kiloparsecs = setCard(skyHeader, "BUNIT", "kpc");
    await writeMap(at("far.fits"), size, new Float32Array(size[0] * size[1]).fill(2), kiloparsecs);
    const mapped = await catalogue("distance-map", { image: at("image.fits"), distance: at("far.fits") });
    expect(of(mapped, line).distance).toBe(2000);
    expect(of(mapped, line).massPerLength?.value).toBeCloseTo(2 * (massPerLength?.value ?? 0), 6);

    writeFileSync(at("far.csv"), `distance,name\n500,${filamentName(of(filaments, line))}\n,nobody\n`);
    const listed = await catalogue("distance-table", { image: at("image.fits"), distance: at("far.csv") });
    expect(of(listed, line).massPerLength?.value).toBeCloseTo(0.5 * (massPerLength?.value ?? 0), 6);
    expect(of(listed, bow).notes).toContain("no distance is known of it");
    expect(sky?.length).toBeGreaterThan(0);
  });

  test("units and beam of maps on other pixels are their own", async () => {
    const moved = setCard(skyHeader, "CRPIX1", 101.5);
    const image = await readPixels(at("image.fits"));
    const pixels = setCard(setCard(moved, "BMAJ", 0.006), "BMIN", 0.004);
    await writeMap(at("moved.fits"), size, Float32Array.from(image.data, Number), pixels);
    const far = new Float32Array(size[0] * size[1]).fill(2);
    await writeMap(at("moved-far.fits"), size, far, setCard(moved, "BUNIT", "kpc"));
    const other = setCard(setCard(skyHeader, "BUNIT", ""), "BMAJ", 0.001);
    await writeMap(at("other-beam.fits"), size, draw(...size, shapes, "most"), other);
    const found = of(
      await catalogue("moved", {
        probability: at("other-beam.fits"),
        image: at("moved.fits"),
        distance: at("moved-far.fits"),
        coordinates: "resample",
      }),
      line,
    );
    const [seen, without] = [found.profile?.width.value ?? 0, found.profile?.deconvolved?.value ?? 0];
    expect(Math.hypot(without, beam / 3600 / (found.pixelDegrees ?? 1))).toBeCloseTo(seen, 6);
    expect(found.distance).toBe(2000);
    expect(found.massPerLength?.value).toBeGreaterThan(0);
  });

  test("what does not stand out is left out where that is asked for, and the others are numbered anew", async () => {
    const higher = shapes.map((shape) => (shape === line ? { ...shape, height: 6 } : shape));
    const noisy = draw(...size, higher, "sum").map(
      (value, i) => 2 + value + 0.25 * normalAt(6, 1, Math.floor(i / size[1]), i % size[1]),
    );
    await writeMap(at("higher.fits"), size, noisy);
    const kept = await catalogue("significant", { image: at("higher.fits"), least_significance: 10 });
    expect(kept.map(({ id }) => id)).toEqual([1]);
    // Of the two that cross one stays, and meets nobody any more.
    const crossed = shapes.map((shape) => (shape === crossing[0] ? { ...shape, height: 6 } : { ...shape, height: 0 }));
    const image = draw(...size, crossed, "sum").map(
      (value, i) => 2 + value + 0.25 * normalAt(6, 1, Math.floor(i / size[1]), i % size[1]),
    );
    await writeMap(at("crossed.fits"), size, image);
    const [alone, ...others] = await catalogue("alone", { image: at("crossed.fits"), least_significance: 10 });
    expect(others).toEqual([]);
    expect([alone?.network, alone?.joins]).toEqual([1, 0]);
    // What nothing can be fitted to does not stand out either.
    await writeMap(at("empty.fits"), size, new Float32Array(size[0] * size[1]).fill(Number.NaN));
    expect(await catalogue("unknown", { image: at("empty.fits"), least_significance: 1 })).toEqual([]);
    expect((await catalogue("unasked", { image: at("empty.fits") })).length).toBe(shapes.length);
    expect([...new Set((await readPixels(at("significant", "skeleton.fits"))).data)]).toEqual([0, 1]);
  });

  test("what is wrong with a map of distances is told with all else", async () => {
    await writeMap(at("metres.fits"), size, new Float32Array(size[0] * size[1]), setCard(skyHeader, "BUNIT", "m"));
    await writeMap(at("other.fits"), [10, 10], new Float32Array(100));
    const wrong = catalogue("wrong", { image: at("other.fits"), distance: at("metres.fits") });
    await expect(wrong).rejects.toThrow(/image: .*10 rows.*distance: .*BUNIT is m; distances are in pc or kpc/s);
  });
});

test("widths are those across the filament, where pixels are no squares on the sky", async () => {
  // At a latitude of 60 degrees a column of a plate carrée is half as wide as a row is high.
  const header = makeHeader({
    ...{ BUNIT: "cm-2", CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL1: 100, CRVAL2: 0, CRPIX1: 60, CRPIX2: -5940 },
    ...{ CDELT1: -0.01, CDELT2: 0.01, BMAJ: 0.015, BMIN: 0.015 },
  });
  const upright = straight(30, 20, 30, 100);
  const level = straight(60, 60, 110, 60);
  const slanted = straight(60, 80, 100, 120);
  const all = [upright, level, slanted];
  await writeMap(at("high.fits"), [130, 120], draw(130, 120, all, "most"), header);
  const noisy = draw(130, 120, all, "sum").map(
    (value, i) => 2 + value + 0.05 * normalAt(7, 1, Math.floor(i / 120), i % 120),
  );
  await writeMap(at("high-image.fits"), [130, 120], noisy, header);
  const found = await catalogue("high", { probability: at("high.fits"), image: at("high-image.fits") });
  const across = (shape: Shape) => 100 * (of(found, shape).pixelDegrees ?? 0);
  expect(across(upright)).toBeCloseTo(0.5, 2);
  expect(across(level)).toBeCloseTo(1, 2);
  // Of the step (-1, 1) / √2, on the sky (-0.5, 1) / √2, what is at right angles to (0.5, 1).
  expect(across(slanted)).toBeCloseTo(1 / Math.SQRT2 / Math.hypot(0.5, 1), 1);
  const without = (shape: Shape) =>
    3600 * (of(found, shape).pixelDegrees ?? 0) * (of(found, shape).profile?.deconvolved?.value ?? 0);
  const seen = 2 * 2.3548;
  expect(without(upright) / 36).toBeCloseTo(Math.sqrt((0.5 * seen) ** 2 - 1.5 ** 2), 1);
  expect(without(level) / 36).toBeCloseTo(Math.sqrt(seen ** 2 - 1.5 ** 2), 1);
});

test("the skeleton image has their numbers", async () => {
  const { data, shape } = await readPixels(at("plain", "skeleton.fits"));
  expect(shape).toEqual(size);
  expect([...new Set(data)].sort((a, b) => a - b)).toEqual([0, ...filaments.map(({ id }) => id)]);
  const { centre, id } = of(filaments, line);
  const near = [-1, 0, 1].map((dy) => data[(Math.round(centre.y) + dy) * size[1] + Math.round(centre.x)]);
  expect(near).toContain(id);
});

test.skipIf(skipWithoutAstropy)("astropy reads the tables and computes the same places and directions", async () => {
  const script = `
import json, sys, warnings
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.io.votable.ucd import parse_ucd
from astropy.table import Table
from astropy.units import Unit
from astropy.wcs import WCS
folder = sys.argv[1]
for field in parse_single_table(folder + "/plain/catalogue.vot").fields:
    parse_ucd(field.ucd, check_controlled_vocabulary=True)
for unit in fits.getheader(folder + "/plain/catalogue.fits", 1)["TUNIT*"].values():
    for form in ["fits", "vounit"]:
        Unit(unit, format=form, parse_strict="raise")
texts = lambda column: np.ma.filled(column.astype(str), "").tolist()
with fits.open(folder + "/plain/catalogue.fits", checksum=True) as hdus:
    hdus.verify("exception")
    descriptions = [hdus[1].header["TCOMM%d" % (i + 1)] for i in range(len(hdus[1].columns))]
table = Table.read(folder + "/plain/catalogue.fits")
with warnings.catch_warnings():
    warnings.simplefilter("error")
    votable = Table.read(folder + "/plain/catalogue.vot", format="votable")
wcs = WCS(fits.getheader(folder + "/probability.fits"))
apart, angles = [], []
for place in ["", "_start", "_end"]:
    truth = wcs.pixel_to_world(table["x" + place], table["y" + place])
    for frame, names in {"galactic": ("l", "b"), "icrs": ("ra", "dec")}.items():
        found = SkyCoord(table[names[0] + place].quantity, table[names[1] + place].quantity, frame=frame)
        apart.append(found.separation(truth).arcsec.max())
straight = np.argmin(abs(table["sinuosity"] - 1) + abs(table["length_pixels"] - 105))
row = table[straight]
ends = {frame: SkyCoord(wcs.pixel_to_world([row["x_start"], row["x_end"]], [row["y_start"], row["y_end"]])).transform_to(frame) for frame in ["galactic", "icrs"]}
print(json.dumps({
    "apart": max(apart), "columns": table.colnames, "same": table.colnames == votable.colnames,
    "units": [str(table[name].unit) for name in table.colnames] == [str(votable[name].unit) for name in votable.colnames],
    "different": [name for name in table.colnames if texts(table[name]) != texts(votable[name])],
    "described": all(descriptions), "nulls": int(np.ma.count_masked(table["sinuosity"])),
    "angles": [[float(ends[frame][0].position_angle(ends[frame][1]).deg % 180), float(row["position_angle_" + frame])] for frame in ends],
    "length": [float(ends["icrs"][0].separation(ends["icrs"][1]).arcmin), float(row["extent"])],
}))`;
  const seen = Object(await python(script, folder));
  expect(seen.apart).toBeLessThan(0.001);
  expect(seen).toMatchObject({ same: true, units: true, different: [], described: true });
  for (const [truth, found] of seen.angles) expect(Math.abs(truth - found)).toBeLessThan(1);
  expect(seen.length[1]).toBeCloseTo(seen.length[0], 6);
});

test("the atlas: pages and cut-outs with the map's coordinates, of as many as are asked for", async () => {
  const values = { image: at("image.fits"), atlas: 2 };
  await catalogue("atlas", values);
  const files = () => readdirSync(at("atlas", "atlas")).sort();
  expect(files().length).toBe(4);
  expect(statSync(at("atlas", "summary.png")).size).toBeGreaterThan(20_000);
  for (const name of files().filter((each) => each.endsWith(".fits"))) {
    const filament = filaments.find((each) => name.includes(filamentName(each)));
    expect(statSync(at("atlas", "atlas", name.replace(".fits", ".png"))).size).toBeGreaterThan(10_000);
    await using file = await openFits(at("atlas", "atlas", name));
    expect(file.hdus.map((hdu) => hdu.name)).toEqual(["IMAGE", "PROBABILITY", "SPINE"]);
    const { x, y } = readCelestialWcs(file.image("IMAGE").header)?.skyToPixel(
      [filament?.sky?.own.centre.longitude ?? 0],
      [filament?.sky?.own.centre.latitude ?? 0],
    ) ?? { x: [], y: [] };
    const [column, row] = [Math.round(x[0] ?? 0), Math.round(y[0] ?? 0)];
    const around = await file.image("SPINE").section([row - 1, row + 2], [column - 1, column + 2]);
    expect(Math.max(...Array.from(around.data, Number))).toBe(1);
  }
  await catalogue("atlas", { ...values, atlas: 0, overwrite: true });
  expect(files()).toEqual([]);
  await catalogue("atlas", { ...values, overwrite: true });
  // Of another configuration there is nothing left.
  const before = files();
  await catalogue("atlas", { ...values, atlas: 1, overwrite: true });
  expect(files().length).toBe(2);
  expect(before).toEqual(expect.arrayContaining(files()));
});

test("a made-up map with turbulence, sources, crossings and a beam: what was drawn is found again", async () => {
  const made = { height: 500, width: 500, seed: 11, beam: 3 };
  const { image, target } = await writeSample({ folder: at("made"), ...made });
  const found = (
    await catalogue("made-catalogue", { image, probability: target, threshold: 1, low_threshold: 1 })
  ).filter((each) => (significanceOf(each) ?? 0) > 3);
  const apart = (one: { x: number; y: number } | undefined, other: { x: number; y: number }) =>
    Math.hypot((one?.x ?? 0) - other.x, (one?.y ?? 0) - other.y);
  const pairs = [...trueFilaments(made)].flatMap((drawn) => {
    const [first, last] = [drawn.points[0], drawn.points.at(-1)];
    const ends = ({ start, end }: Filament) =>
      Math.min(apart(first, start) + apart(last, end), apart(last, start) + apart(first, end));
    const [nearest] = found.toSorted((a, b) => ends(a) - ends(b));
    return nearest !== undefined && ends(nearest) < 16 ? [{ drawn, nearest }] : [];
  });
  expect(pairs.length).toBeGreaterThan(20);
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  expect(median(pairs.map(({ drawn, nearest }) => Math.abs(nearest.length / drawn.length - 1)))).toBeLessThan(0.05);
  const turned = (a: number, b: number) => Math.abs(((((a - b + 90) % 180) + 180) % 180) - 90);
  const long = pairs.filter(({ drawn }) => drawn.length > 60);
  expect(median(long.map(({ drawn, nearest }) => turned(drawn.angle, nearest.pixelAngle)))).toBeLessThan(1);
  const widths = pairs.flatMap(({ drawn, nearest }) => {
    const width = nearest.profile?.deconvolved?.value;
    return width === undefined ? [] : [Math.abs(width - drawn.width)];
  });
  expect(median(widths)).toBeLessThan(0.5);
});

/** Where they are not installed, these are skipped, but not where all tests are wanted. */
const isMissing = (module: string) =>
  process.env.REQUIRE_ALL !== "1" && spawnSync("/usr/bin/python3", ["-c", `import ${module}`]).status !== 0;

test.skipIf(isMissing("regions"))("regions are read by regions: the spines, with their names", async () => {
  const script = `
import json, sys
from astropy.table import Table
from regions import Regions
folder = sys.argv[1]
table = Table.read(folder + "/plain/catalogue.fits")
lines = Regions.read(folder + "/plain/filaments.reg", format="ds9")
lengths, names = {}, set()
for line in lines:
    tag = line.meta["tag"][0]
    lengths[tag] = lengths.get(tag, 0) + line.start.separation(line.end).arcmin
    names.add(line.start.frame.name)
print(json.dumps({"frames": list(names), "apart": max(abs(lengths[row["name"]] / row["length"] - 1) for row in table), "count": len(lengths)}))`;
  const seen = Object(await python(script, folder));
  expect(seen).toMatchObject({ frames: ["icrs"], count: filaments.length });
  expect(seen.apart).toBeLessThan(0.02);
});

test.skipIf(isMissing("astropy_healpix"))(
  "the coverage map holds what the filaments cover, and little else",
  async () => {
    const script = `
import json, sys
import astropy.units as u
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from astropy_healpix import HEALPix, level_to_nside, uniq_to_level_ipix
folder = sys.argv[1]
with fits.open(folder + "/plain/moc.fits") as hdus:
    header, uniq = hdus[1].header, hdus[1].data["UNIQ"].astype(np.int64)
level, pixel = uniq_to_level_ipix(uniq)
order = header["MOCORD_S"]
cells = np.concatenate([np.arange(p * 4 ** (order - k), (p + 1) * 4 ** (order - k)) for k, p in zip(level.tolist(), pixel.tolist())])
healpix = HEALPix(level_to_nside(order), order="nested", frame="icrs")
probability, head = fits.getdata(folder + "/probability.fits", header=True)
y, x = np.nonzero(probability >= 0.3)
inside = np.isin(healpix.skycoord_to_healpix(WCS(head).pixel_to_world(x, y).icrs), cells)
pixel_area = abs(np.linalg.det(WCS(head).pixel_scale_matrix))
print(json.dumps({
    "header": [header[key] for key in ["ORDERING", "COORDSYS", "MOCVERS", "MOCDIM", "PIXTYPE"]],
    "rising": bool(np.all(np.diff(uniq) > 0)), "once": len(cells) == len(set(cells.tolist())),
    "inside": float(inside.mean()), "largest": int(level.max()) == order, "merged": int(level.min()) < order,
    "area": float(len(cells) * healpix.pixel_area.to_value(u.deg**2) / (len(x) * pixel_area)),
}))`;
    const seen = Object(await python(script, folder));
    expect(seen.header).toEqual(["NUNIQ", "C", "2.0", "SPACE", "HEALPIX"]);
    expect(seen).toMatchObject({ rising: true, once: true, largest: true, merged: true });
    // What was thinned away at the ends is not within reach of a spine.
    expect(seen.inside).toBeGreaterThan(0.97);
    expect(seen.area).toBeGreaterThan(1);
    expect(seen.area).toBeLessThan(2.5);
  },
);

const stilts = "/usr/bin/stilts";
test.skipIf(process.env.REQUIRE_ALL !== "1" && !existsSync(stilts))("stilts has nothing to say of the VOTable", () => {
  const words = ["votlint", at("plain", "catalogue.vot")];
  const { stdout, stderr, status } = spawnSync(stilts, words, { encoding: "utf8" });
  expect([stdout, stderr, status]).toEqual(["", "", 0]);
  const table = readFileSync(at("plain", "catalogue.vot"), "utf8");
  const frames = table.matchAll(/<FIELD ID="(\w+)"[^>]* ref="(\w+)"/g).map(([, name, frame]) => `${name} ${frame}`);
  expect([...frames]).toEqual([
    ...["", "_start", "_end"].flatMap((end) => [`ra${end} icrs`, `dec${end} icrs`]),
    ...["", "_start", "_end"].flatMap((end) => [`l${end} galactic`, `b${end} galactic`]),
  ]);
});

test.skipIf(skipWithoutFitsverify)("fitsverify has nothing to say of the FITS files", () => {
  for (const name of ["catalogue.fits", "skeleton.fits", "moc.fits"])
    expect(fitsverify(at("plain", name))).toMatch(/verification OK|found 0 warning\(s\) and 0 error\(s\)/i);
});

test("a map without a filament has a catalogue without rows", async () => {
  await writeMap(at("nothing.fits"), size, new Float32Array(size[0] * size[1]).fill(0.1));
  expect(await catalogue("nothing", { probability: at("nothing.fits"), image: at("nothing.fits"), atlas: 3 })).toEqual(
    [],
  );
  await using file = await openFits(at("nothing", "catalogue.fits"));
  expect(file.table("FILAMENTS").numRows).toBe(0);
});

test("a skeleton mask gives the filaments again; what nobody knows of it is null, with the reason", async () => {
  const { data } = await readPixels(at("plain", "skeleton.fits"));
  const header = makeHeader({ OBJECT: "no coordinates" });
  await writeMap(
    at("mask.fits"),
    size,
    Uint8Array.from(data, (value) => Math.min(1, value)),
    header,
  );
  const again = await catalogue("mask", { probability: at("mask.fits") });
  expect(again.length).toBe(filaments.length);
  expect(Math.abs(of(again, bow).length / of(filaments, bow).length - 1)).toBeLessThan(0.01);
  // Also where its numbers are floats.
  await writeMap(
    at("float.fits"),
    size,
    Float32Array.from(data, (value) => Math.min(1, value)),
    header,
  );
  expect(of(await catalogue("float", { probability: at("float.fits") }), line).probability).toBeUndefined();
  const { sky, probability, intensity } = of(again, line);
  expect([sky, probability, intensity]).toEqual([undefined, undefined, undefined]);
  const votable = readFileSync(at("mask", "catalogue.vot"), "utf8");
  expect(votable).toContain("null: mask.fits is a mask");
  expect(votable).toContain("null: the header of mask.fits has no celestial coordinates that can be computed");
});

test.each([
  ["percentages", (value: number) => 100 * value],
  ["logits", (value: number) => 8 * value - 4.5],
  ["column densities", (value: number) => 1e21 * (1 + value)],
])("%s are refused: thresholds and probabilities would be of something else", async (name, of) => {
  const probabilities = draw(...size, shapes, "most");
  await writeMap(at(`${name}.fits`), size, probabilities.map(of));
  await expect(catalogue(name, { probability: at(`${name}.fits`) })).rejects.toThrow(
    new RegExp(`${name}\\.fits is -?[\\d.e+]+ at column \\d+, row \\d+: probabilities are from 0 to 1`),
  );
});

test("a killed run goes on from what it has measured, to the same catalogue", async () => {
  const values = { image: at("image.fits"), probability: at("probability.fits"), output: at("killed") };
  const stop = new AbortController();
  const stopped = Catalogue.fromConfig(values).run({
    signal: stop.signal,
    onProgress: (step) => step === "filaments" && stop.abort(new Error("killed")),
  });
  // All were measured when it was stopped: as if it had been while the last one was written.
  await stopped.catch(() => {});
  rmSync(at("killed", "config.yaml"), { force: true });
  for (const name of Object.values(names)) rmSync(at("killed", name), { force: true });
  const { config, rows } = await journalOf(values);
  // Two whole ones, which are marked, and one that was cut off.
  const [first = "", second = "", third = ""] = rows;
  const marked = second.replace(/"sinuosity":[\d.]+/, '"sinuosity":77');
  const head = JSON.stringify(config);
  writeFileSync(at("killed", "unfinished_filaments.jsonl"), `${head}\n${first}\n${marked}\n${third.slice(0, 40)}`);
  const result = await Catalogue.fromConfig(values).run();
  if (result.kind !== "written") throw new Error("nothing was left to do");
  expect(result.filaments[1]?.sinuosity).toBe(77);
  expect(result.filaments.toSpliced(1, 1)).toEqual(filaments.toSpliced(1, 1));
  expect(existsSync(at("killed", "unfinished_filaments.jsonl"))).toBe(false);
});

/** What a run of this configuration would keep beside its results. */
async function journalOf(values: ConfigObject): Promise<{ config: string; rows: readonly string[] }> {
  const other = `${String(values.output)}-whole`;
  await Catalogue.fromConfig({ ...values, output: other }).run();
  const config = readFileSync(join(other, "config.yaml"), "utf8").replace(other, String(values.output));
  return { config: `# bigsf ${ownVersion()}\n${config}`, rows: filaments.map((each) => JSON.stringify(each)) };
}

describe("the command", () => {
  const config = (name: string, values: ConfigObject) => {
    writeFileSync(at(`${name}.yaml`), toYaml(values));
    return at(`${name}.yaml`);
  };

  test("says what it found, and does nothing twice", async () => {
    const path = config("said", { probability: "probability.fits", output: "said" });
    const { code, stdout, stderr } = await runBigsf(folder, "catalogue", "-c", path);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/filaments +7 {2}in 5 networks/);
    expect(stdout).toContain("null: no image is given");
    expect((await runBigsf(folder, "catalogue", "-c", path)).stdout).toContain("nothing to do");
  });

  test("tells all that is wrong at once", async () => {
    const said = async (values: ConfigObject) => {
      const { code, stderr } = await runBigsf(
        folder,
        "catalogue",
        "-c",
        config("wrong", { output: "wrong", ...values }),
      );
      expect(code).toBe(2);
      return stderr;
    };
    const first = await said({ probability: "nowhere.fits", spurs: 1, threshold: 2 });
    for (const words of ["no file", "nowhere.fits", 'did you mean "spur"', "threshold: "])
      expect(first).toContain(words);
    const second = await said({ probability: "probability.fits", threshold: 0.4, low_threshold: 0.6 });
    expect(second).toContain("low_threshold: expected at most the threshold, 0.4, got 0.6");
  });
});
