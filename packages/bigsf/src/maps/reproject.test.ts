/** Maps on the pixels of others, against NumPy with the coordinates of astropy. */
import { join } from "node:path";
import {
  createFits,
  getNumber,
  getString,
  type Header,
  makeHeader,
  openFits,
  readCelestialWcs,
  setCard,
} from "@ml-mosaic/fits";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { python, skipWithoutAstropy } from "../../../fits/test/astropy.ts";
import { reproject } from "./reproject.ts";
import { samplings } from "./sampled.ts";

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

const makeMaps = `
import sys
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
def header(shape, ctype, crval, scale, angle):
    w = WCS(naxis=2)
    w.wcs.ctype, w.wcs.crval = ctype, crval
    w.wcs.crpix = [shape[1] / 2 + 0.3, shape[0] / 2 - 0.2]
    c, s = np.cos(angle), np.sin(angle)
    w.wcs.cd = np.array([[-c, s], [s, c]]) * scale
    return w.to_header()
y, x = np.mgrid[:60, :70]
blob = np.exp(-((x - 33) ** 2 + (y - 30) ** 2) / 2 / 36) * (1 + 0.3 * np.sin(x / 3) * np.cos(y / 4))
noisy = blob.copy()
noisy[20:23, 40:44] = np.nan
first = header(blob.shape, ["RA---TAN", "DEC--TAN"], [266.4, -29], 0.01, 0.4)
first["BUNIT"] = "K"
fits.writeto(sys.argv[1] + "/map.fits", noisy, first)
fits.writeto(sys.argv[1] + "/whole.fits", blob, first)
fits.writeto(sys.argv[1] + "/onto.fits", np.zeros((50, 45), np.float32), header((50, 45), ["GLON-TAN", "GLAT-TAN"], [359.93, -0.08], 0.017, -0.2))
print("{}")`;

const compare = `
import json, sys
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from scipy.ndimage import map_coordinates
folder = sys.argv[1]
hdus = {name: fits.open(f"{folder}/{name}.fits")[0] for name in ("map", "whole", "onto", "nearest", "bilinear", "conserving", "whole-conserving")}
source, onto = WCS(hdus["map"].header), WCS(hdus["onto"].header)
assert np.allclose(WCS(hdus["bilinear"].header).pixel_scale_matrix, onto.pixel_scale_matrix) and hdus["bilinear"].header["BUNIT"] == "K"
def place(x, y):
    lon, lat = onto.wcs_pix2world(x, y, 0)
    sky = SkyCoord(lon, lat, unit="deg", frame="galactic").icrs
    return source.wcs_world2pix(sky.ra.deg, sky.dec.deg, 0)
image = hdus["map"].data.astype(float)
def nearest(x, y):
    x, y = np.floor(x + 0.5).astype(int), np.floor(y + 0.5).astype(int)
    inside = (x >= 0) & (x < 70) & (y >= 0) & (y < 60)
    return np.where(inside, image[np.clip(y, 0, 59), np.clip(x, 0, 69)], np.nan)
rows, columns = np.mgrid[:50, :45].astype(float)
x, y = place(columns, rows)
linear = map_coordinates(image, [y, x], order=1, mode="constant", cval=np.nan)
steps = (np.arange(20) + 0.5) / 20 - 0.5
parts = np.array([nearest(*place(columns + dx, rows + dy)) for dx in steps for dy in steps])
share = np.isfinite(parts).mean(0)
mean = np.where(share > 0.53, np.nanmean(parts, 0), np.nan)
off = lambda found, wanted, ok: float(np.abs(found - wanted)[ok].max())
result = {}
near, lin, con = [hdus[name].data.astype(float) for name in ("nearest", "bilinear", "conserving")]
result["nearest"] = [off(near, nearest(x, y), np.isfinite(near)), int((np.isnan(near) != np.isnan(nearest(x, y))).sum())]
inside = np.isfinite(linear)
result["bilinear"] = [off(lin, linear, inside & np.isfinite(lin)), int((np.isnan(lin) != np.isnan(linear))[(x > 0) & (x < 69) & (y > 0) & (y < 59)].sum())]
sure = (share > 0.53) | (share < 0.47)
result["conserving"] = [off(con, mean, np.isfinite(con) & (share > 0.53)), int((np.isnan(con) != np.isnan(mean))[sure].sum())]
flux = hdus["whole"].data.astype(float).sum() * 0.01**2, np.nansum(hdus["whole-conserving"].data.astype(float)) * 0.017**2
result["flux"] = flux[1] / flux[0]
result["known"] = int(np.isfinite(con).sum())
print(json.dumps(result))`;

beforeAll(async () => {
  if (!skipWithoutAstropy) await python(makeMaps, folder);
});

test.skipIf(skipWithoutAstropy)("nearest, bilinear and by area, from one frame into another", async () => {
  const results = [];
  for (const sampling of samplings)
    results.push(
      await reproject({
        map: at("map.fits"),
        onto: at("onto.fits"),
        sampling,
        output: at(`${sampling}.fits`),
        overwrite: false,
      }),
    );
  await reproject({
    map: at("whole.fits"),
    onto: at("onto.fits"),
    sampling: "conserving",
    output: at("whole-conserving.fits"),
    overwrite: false,
  });
  const found = Object(await python(compare, folder));
  const [nearest, bilinear, conserving] = samplings.map((sampling) => found[sampling]);
  // The frames' matrices differ by a few thousandths of a pixel's width at most.
  expect(nearest).toEqual([expect.closeTo(0, 6), 0]);
  expect(bilinear).toEqual([expect.closeTo(0, 4), 0]);
  // The sub-pixels that it is compared with are a twentieth wide.
  expect(conserving[0]).toBeLessThan(0.01);
  expect(conserving[1]).toBe(0);
  expect(found.flux).toBeCloseTo(1, 3);
  expect(found.known).toBe(results[2]?.known);
  expect(found.known).toBeGreaterThan(500);
});

test("a whole sky has pixels that are nowhere, and the map's own beam", async () => {
  const cards = (type: string, scale: number) =>
    makeHeader({
      CTYPE1: `GLON-${type}`,
      CTYPE2: `GLAT-${type}`,
      CRPIX1: 18.5,
      CRPIX2: 9.5,
      CRVAL1: 0,
      CRVAL2: 0,
      CDELT1: -scale,
      CDELT2: scale,
    });
  const write = async (name: string, header: Header) => {
    await using writer = await createFits(at(name));
    await writer.image({ shape: [18, 36], data: new Float32Array(18 * 36).fill(2), header });
    await writer.close();
  };
  await write("all.fits", setCard(cards("AIT", 10), "BMAJ", 0.5));
  await write("part.fits", setCard(setCard(cards("CAR", 1), "BMAJ", 0.25), "OBJECT", "it"));
  for (const sampling of samplings) {
    const output = at(`all-${sampling}.fits`);
    const { pixels, known, note } = await reproject({
      map: at("part.fits"),
      onto: at("all.fits"),
      sampling,
      output,
      overwrite: false,
    });
    expect(pixels).toBe(18 * 36);
    expect(note).toBe(
      "its beam is 900″ wide, that of the map whose pixels it got 1800″; --beam 1800 smooths it to that",
    );
    expect(known).toBeGreaterThan(0);
    await using file = await openFits(output);
    const { header } = file.image();
    expect([getNumber(header, "BMAJ"), getString(header, "OBJECT")]).toEqual([0.25, "it"]);
  }
  const output = at("all-smoothed.fits");
  const smoothed = { map: at("part.fits"), onto: at("all.fits"), sampling: "bilinear", overwrite: false } as const;
  expect((await reproject({ ...smoothed, beam: 1800, output })).note).toBeUndefined();
  await using file = await openFits(output);
  expect(getNumber(file.image().header, "BMAJ")).toBe(0.5);
});

test.each(["GLON-CAR", "GLON"])(
  "across the seam of a map of all longitudes, and beyond half a turn: %s",
  async (type) => {
    const write = async (
      name: string,
      [height, width]: readonly [number, number],
      header: Header,
      data: Float32Array,
    ) => {
      await using writer = await createFits(at(name), { overwrite: true });
      await writer.image({ shape: [height, width], data, header });
      await writer.close();
    };
    // Column 0 is at 180 degrees, column 359 at -179: the seam is opposite, all others are beyond the projection's half turn.
    const long = {
      CTYPE1: type,
      CTYPE2: type.replace("GLON", "GLAT"),
      CRVAL1: 180,
      CRPIX1: 1,
      CRPIX2: 6,
      CDELT1: -1,
      CDELT2: 1,
    };
    const degree = Math.PI / 180;
    const values = Float32Array.from({ length: 11 * 360 }, (_, i) => Math.sin((180 - (i % 360)) * degree) + 2);
    await write("round.fits", [11, 360], makeHeader({ ...long, CRVAL2: 0 }), values);
    for (const centre of [0, 90, 180]) {
      const there = { CTYPE1: "GLON-TAN", CTYPE2: "GLAT-TAN", CRVAL1: centre, CRVAL2: 0, CRPIX1: 11, CRPIX2: 4 };
      await write("there.fits", [7, 21], makeHeader({ ...there, CDELT1: -0.7, CDELT2: 0.7 }), new Float32Array(7 * 21));
      for (const sampling of samplings) {
        const output = at("moved.fits");
        const { known } = await reproject({
          map: at("round.fits"),
          onto: at("there.fits"),
          sampling,
          output,
          overwrite: true,
        });
        expect(known, `${sampling} at ${centre}`).toBe(7 * 21);
        await using file = await openFits(output);
        const moved = await file.image().read();
        const wcs = readCelestialWcs(file.image().header);
        const [x, y] = [moved.data.keys().map((i) => i % 21), moved.data.keys().map((i) => Math.floor(i / 21))];
        const { longitude = new Float64Array() } = wcs?.pixelToSky([...x], [...y]) ?? {};
        const off = longitude.map((lon, i) => Math.abs(Math.sin(lon * degree) + 2 - Number(moved.data[i])));
        expect(Math.max(...off), `${sampling} at ${centre}`).toBeLessThan(sampling === "bilinear" ? 1e-3 : 0.01);
      }
    }
  },
);

test("headers that do not tell where maps lie", async () => {
  await using writer = await createFits(at("plain.fits"));
  await writer.image({ shape: [5, 5], data: new Float32Array(25) });
  await writer.close();
  const options = { map: at("plain.fits"), onto: at("plain.fits"), sampling: "nearest", overwrite: false } as const;
  await expect(reproject({ ...options, output: at("none.fits") })).rejects.toThrow(
    /plain\.fits cannot be brought onto .*plain\.fits: both headers must have celestial coordinates/,
  );
});
