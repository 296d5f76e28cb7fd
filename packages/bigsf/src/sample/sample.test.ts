import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getNumber, openFits, readCelestialWcs } from "@ml-mosaic/fits";
import { temporaryFolder } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { openMaps } from "../maps/maps.ts";
import { fwhmOfSigma, spinesNear } from "./filaments.ts";
import { normalAt, sequenceAt, uniformAt } from "./lattice-random.ts";
import { type SampleRows, sampleMap } from "./sample-rows.ts";
import { describeSpine } from "./sample-truth.ts";
import { turbulence } from "./turbulence.ts";
import { writeSample } from "./write-sample.ts";

const folder = temporaryFolder();

/** The best that a threshold on intensity reaches on the labelled pixels: 2 TP / (found + wanted). */
function bestThresholdDice({ image, target, missing, background }: SampleRows): number {
  const labelled = Array.from(image.keys()).filter((i) => (target[i] === 1 || background[i] === 1) && missing[i] === 1);
  labelled.sort((a, b) => (image[b] ?? 0) - (image[a] ?? 0));
  const wanted = labelled.filter((i) => target[i] === 1).length;
  let right = 0;
  return labelled.reduce((best, i, found) => {
    right += target[i] ?? 0;
    return Math.max(best, (2 * right) / (found + 1 + wanted));
  }, 0);
}

test.each([1, 2, 3, 4])("no threshold finds the filaments of seed %d: its Dice is at most 0.60", (seed) => {
  const rows = sampleMap({ height: 512, width: 512, seed })(0, 512);
  const dice = bestThresholdDice(rows);
  expect(dice).toBeLessThanOrEqual(0.6);
  // There is something to be found, and something that it can be told from.
  expect(dice).toBeGreaterThan(0.3);
  const share = (mask: Uint8Array) => mask.reduce((sum, each) => sum + each, 0) / mask.length;
  expect(share(rows.target)).toBeGreaterThan(0.05);
  expect(share(rows.target)).toBeLessThan(0.2);
  expect(share(rows.background)).toBeGreaterThan(0.2);
  expect(share(rows.missing)).toBeGreaterThan(0.9);
  expect(share(rows.missing)).toBeLessThan(1);
  for (const [i, value] of rows.image.entries()) {
    if (Number.isNaN(value) !== (rows.missing[i] === 0) || value <= 0) expect.fail(`pixel ${i} is ${value}`);
    if (rows.target[i] === 1 && rows.background[i] === 1) expect.fail(`pixel ${i} is both`);
  }
});

test.each([1, 5, 40])("a filament is as wide as it is drawn: sigma %d", (sigma) => {
  const points = Array.from({ length: 30 }, (_, x) => ({ x, y: 0, sigma, contrast: 1 }));
  expect(describeSpine(points).width).toBeCloseTo(sigma * fwhmOfSigma, 1);
});

test("rows do not depend on which others are made, nor on when; another seed gives others", () => {
  const size = { height: 150, width: 90 };
  const whole = sampleMap({ ...size, seed: 7 })(0, 150);
  const rowsAt = sampleMap({ ...size, seed: 7 });
  for (const [y0, y1] of [
    [149, 150],
    [0, 1],
    [37, 101],
    [101, 149],
    [1, 37],
  ] as const) {
    const rows = rowsAt(y0, y1);
    for (const layer of ["image", "target", "missing", "background"] as const)
      expect(rows[layer]).toEqual(whole[layer].slice(y0 * 90, y1 * 90));
  }
  expect(sampleMap({ ...size, seed: 8 })(0, 150).image).not.toEqual(whole.image);
});

test("spines are as long as they can be seen from the rows that they touch", () => {
  for (const spine of spinesNear({ seed: 5, width: 2000, y0: 0, y1: 2000 })) {
    const [first] = spine;
    for (const { x, y, sigma } of spine) {
      const reach = Math.hypot(x - (first?.x ?? 0), y - (first?.y ?? 0)) + 3.5 * sigma;
      expect(reach).toBeLessThan(290);
    }
  }
});

test("turbulence has mean 0, deviation 1 and the spectrum that is asked for", () => {
  const size = 1024;
  for (const slope of [2.5, 3]) {
    const rowAt = turbulence({ seed: 3, stream: 0, width: size, largest: 256, smallest: 1, slope });
    const power = new Float64Array(size / 2);
    let [sum, squares] = [0, 0];
    const rows = 512;
    for (let y = 0; y < rows; y++) {
      const row = rowAt(y * 7);
      for (const value of row) {
        sum += value;
        squares += value * value;
      }
      for (const [k, each] of powerOf(row).entries()) power[k] = (power[k] ?? 0) + each / rows;
    }
    const count = size * rows;
    expect(Math.abs(sum / count)).toBeLessThan(0.2);
    expect(squares / count).toBeGreaterThan(0.7);
    expect(squares / count).toBeLessThan(1.3);
    // A cut through a field of two dimensions has one power less: k^-(beta - 1).
    expect(Math.abs(-fittedSlope(power, 8, 160) - (slope - 1))).toBeLessThan(0.12);
  }
});

/** |DFT|^2 of a Hann-windowed row, by the radix-2 algorithm. */
function powerOf(row: Float64Array): Float64Array {
  const n = row.length;
  const windowed = row.map((value, i) => value * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n)));
  const transform = (values: Float64Array): [Float64Array, Float64Array] => {
    if (values.length === 1) return [values, new Float64Array(1)];
    const half = values.length / 2;
    const [evenReal, evenImaginary] = transform(values.filter((_, i) => i % 2 === 0));
    const [oddReal, oddImaginary] = transform(values.filter((_, i) => i % 2 === 1));
    const real = new Float64Array(values.length);
    const imaginary = new Float64Array(values.length);
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos((Math.PI * k) / half), -Math.sin((Math.PI * k) / half)];
      const [or, oi] = [oddReal[k] ?? 0, oddImaginary[k] ?? 0];
      const [tr, ti] = [c * or - s * oi, c * oi + s * or];
      const [er, ei] = [evenReal[k] ?? 0, evenImaginary[k] ?? 0];
      [real[k], imaginary[k], real[k + half], imaginary[k + half]] = [er + tr, ei + ti, er - tr, ei - ti];
    }
    return [real, imaginary];
  };
  const [real, imaginary] = transform(windowed);
  return Float64Array.from({ length: n / 2 }, (_, k) => (real[k] ?? 0) ** 2 + (imaginary[k] ?? 0) ** 2);
}

/** Least squares of ln P over ln k. */
function fittedSlope(power: Float64Array, from: number, to: number): number {
  const ks = Array.from({ length: to - from }, (_, i) => from + i);
  const xs = ks.map(Math.log);
  const ys = ks.map((k) => Math.log(power[k] ?? 0));
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = mean(xs.map((x, i) => (x - mx) * ((ys[i] ?? 0) - my)));
  return covariance / mean(xs.map((x) => (x - mx) ** 2));
}

test("random numbers are what they are said to be", () => {
  const count = 40_000;
  const uniforms = Array.from({ length: count }, (_, i) => uniformAt(1, 2, i % 200, Math.floor(i / 200)));
  const normals = Array.from({ length: count }, (_, i) => normalAt(9, 2, i % 200, Math.floor(i / 200)));
  const next = sequenceAt(1, 2, 3, 4);
  const sequence = Array.from({ length: count }, next);
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const variance = (values: readonly number[]) => mean(values.map((value) => (value - mean(values)) ** 2));
  for (const values of [uniforms, sequence]) {
    expect(mean(values)).toBeCloseTo(0.5, 1.7);
    expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1 / 3, 1.7);
    expect(Math.min(...values.slice(0, 1000))).toBeGreaterThan(0);
  }
  expect(mean(normals)).toBeCloseTo(0, 1.4);
  expect(mean(normals.map((value) => value ** 2))).toBeCloseTo(1, 1.4);
  expect(mean(normals.map((value) => value ** 4))).toBeCloseTo(3, 0.5);
  // Neighbours in each direction are independent.
  const pairs = uniforms.slice(1).map((value, i) => (value - 0.5) * ((uniforms[i] ?? 0) - 0.5));
  expect(Math.abs(mean(pairs))).toBeLessThan(0.002);
  expect(variance([1, 3])).toBe(1);
});

describe("files", () => {
  test("four maps and a table in Galactic coordinates; the same bytes for the same seed and size", async () => {
    const size = { height: 70, width: 41, seed: 3 };
    const first = await writeSample({ folder: join(folder, "first"), ...size });
    const second = await writeSample({ folder: join(folder, "second"), ...size });
    for (const layer of ["image", "target", "missing", "background"] as const)
      expect(readFileSync(second[layer])).toEqual(readFileSync(first[layer]));
    const maps = await openMaps(first);
    expect(maps.shape).toEqual([70, 41]);
    const made = sampleMap(size)(0, 70);
    const read = await maps.section(0, 70, 0, 41);
    expect(Float32Array.from(read.raw)).toEqual(made.image);
    expect(Uint8Array.from(read.target)).toEqual(made.target);
    const wcs = readCelestialWcs(maps.header);
    const middle = wcs?.pixelToSky([20], [34.5]);
    expect(wcs).toMatchObject({ longitudeName: "GLON", latitudeName: "GLAT", projection: "CAR" });
    expect(middle?.longitude[0]).toBeCloseTo(30, 9);
    expect(middle?.latitude[0]).toBeCloseTo(0, 9);
    await maps.close();
    await using target = await openFits(first.target);
    expect(target.image().pixelType).toBe("uint8");
    const history = target.image().header.cards.filter(({ keyword }) => keyword === "HISTORY");
    expect(history.map(({ comment }) => comment).join(" ")).toContain("--size 70x41 --seed 3");
  });

  test("a beam widens what is in the map, and is in its header; noise stays that of a pixel", async () => {
    const size = { height: 60, width: 80, seed: 3 };
    const [sharp, blurred] = [sampleMap(size)(0, 60), sampleMap({ ...size, beam: 4 })(0, 60)];
    const roughness = ({ image }: SampleRows) => {
      let sum = 0;
      for (let i = 2; i < image.length; i++)
        sum += Math.abs((image[i] ?? 0) - 2 * (image[i - 1] ?? 0) + (image[i - 2] ?? 0)) || 0;
      return sum;
    };
    expect(roughness(blurred)).toBeLessThan(roughness(sharp));
    // In parts it is the same map.
    const parts = sampleMap({ ...size, beam: 4 });
    expect(parts(20, 40).image).toEqual(blurred.image.slice(20 * 80, 40 * 80));
    const { image } = await writeSample({ folder: join(folder, "beam"), ...size, beam: 4 });
    await using file = await openFits(image);
    expect(getNumber(file.image().header, "BMAJ")).toBeCloseTo((4 * 11.5) / 3600, 9);
  });

  test("the table tells of all filaments in the map what they are", async () => {
    const size = { height: 200, width: 300, seed: 4 };
    const { target } = await writeSample({ folder: join(folder, "truth"), ...size });
    await using file = await openFits(join(folder, "truth", "truth.fits"));
    const column = async (name: string) => {
      const values = await file.table("TRUTH").column(name);
      return values.kind === "numbers" ? Array.from(values.data, Number) : [];
    };
    const [xs, ys, widths] = [await column("x"), await column("y"), await column("width_pixels")];
    await using map = await openFits(target);
    const mask = (await map.image().read()).data;
    expect(xs.length).toBeGreaterThan(20);
    for (const [i, x] of xs.entries()) expect(Number(mask[Math.round(ys[i] ?? 0) * 300 + Math.round(x)])).toBe(1);
    expect(Math.min(...widths)).toBeGreaterThan(1.2);
    expect(Math.max(...widths)).toBeLessThan(8);
    const [lengths, starts, ends] = [await column("length_pixels"), await column("x_start"), await column("x_end")];
    for (const [i, length] of lengths.entries())
      expect(length).toBeGreaterThanOrEqual(Math.abs((starts[i] ?? 0) - (ends[i] ?? 0)));
  });

  test("existing files stay, unless they are to be replaced", async () => {
    const options = { folder: join(folder, "kept"), height: 5, width: 6, seed: 1 };
    const { image } = await writeSample(options);
    const before = readFileSync(image);
    await expect(writeSample({ ...options, seed: 2 })).rejects.toThrow(
      /^there already: .*image\.fits, .*target\.fits, .*missing\.fits, .*background\.fits, .*truth\.fits; give another folder, or/,
    );
    expect(readFileSync(image)).toEqual(before);
    await writeSample({ ...options, seed: 2, overwrite: true });
    expect(readFileSync(image)).not.toEqual(before);
  });

  test("one that is stopped leaves nothing", async () => {
    const options = { folder: join(folder, "stopped"), height: 200, width: 6, seed: 1 };
    const stop = new AbortController();
    const stopped = writeSample({ ...options, onRows: () => stop.abort(new Error("enough")), signal: stop.signal });
    await expect(stopped).rejects.toThrow("enough");
    await expect(openMaps(await writeSample(options)).then((maps) => maps.close())).resolves.toBeUndefined();
  });

  const PYTHON = "/usr/bin/python3";
  const skipWithoutAstropy =
    process.env.REQUIRE_ALL !== "1" && spawnSync(PYTHON, ["-c", "import astropy"]).status !== 0;
  test.skipIf(skipWithoutAstropy)("astropy verifies them and agrees on the sky", async () => {
    const { image } = await writeSample({ folder: join(folder, "astropy"), height: 33, width: 44, seed: 1 });
    const script = `
import sys, json
from astropy.io import fits
from astropy.wcs import WCS
with fits.open(sys.argv[1], checksum=True) as f:
    f.verify("exception")
    sky = WCS(f[0].header).pixel_to_world(0, 0)
    print(json.dumps([f[0].data.shape, f[0].header["BUNIT"], sky.l.deg, sky.b.deg]))`;
    const { stdout, stderr } = spawnSync(PYTHON, ["-W", "error", "-c", script, image], { encoding: "utf8" });
    expect(stderr).toBe("");
    const [shape, unit, longitude, latitude] = JSON.parse(stdout);
    expect([shape, unit]).toEqual([[33, 44], "cm-2"]);
    expect(longitude).toBeCloseTo(30 + (21.5 * 11.5) / 3600, 8);
    expect(latitude).toBeCloseTo((-16 * 11.5) / 3600, 8);
  });
});
