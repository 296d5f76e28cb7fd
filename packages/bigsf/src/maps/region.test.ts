import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Header, parseHeader, readCelestialWcs } from "@ml-mosaic/fits";
import { describe, expect, test } from "vitest";
import { madePlane } from "../../test/made-plane.ts";
import type { Plane } from "./plane.ts";
import { cutPlane, Region, regionBox } from "./region.ts";
import { resampledPlane } from "./resampled-plane.ts";

interface Cases {
  readonly cuts: readonly {
    readonly name: string;
    readonly header: string;
    /** x0, x1, y0, y1 */
    readonly box: readonly [number, number, number, number];
    readonly crpix: readonly [number, number];
    readonly pixels: readonly [number[], number[]];
    readonly sky: readonly [number[], number[]];
  }[];
  readonly boxes: readonly {
    readonly name: string;
    readonly header: string;
    readonly longitude: number[];
    readonly latitude: number[];
    readonly frame: string;
    readonly box: readonly [number, number, number, number];
  }[];
  readonly resampled: readonly {
    readonly name: string;
    readonly image: string;
    readonly mask: string;
    readonly data: string;
    readonly result: string;
    readonly edge: string;
  }[];
}

const cases: Cases = JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/regions.json"), "utf8"));

function headerOf(text: string): Header {
  return parseHeader(Buffer.from(`${text}${"END".padEnd(80)}`.padEnd(2880 * 4), "latin1")) ?? expect.fail();
}

function planeOf(text: string, values: (y: number, x: number) => number = (y, x) => 1000 * y + x): Plane {
  const header = headerOf(text);
  const [width, height] = [1, 2].map((axis) =>
    Number(header.cards.find(({ keyword }) => keyword === `NAXIS${axis}`)?.value),
  );
  return madePlane({ header, shape: [height ?? expect.fail(), width ?? expect.fail()] }, values);
}

const floats = (base64: string) => new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);

test.each(cases.cuts)("a box of pixels of $name: coordinates and pixels as in astropy's Cutout2D", async (each) => {
  const [x0, x1, y0, y1] = each.box;
  const map = planeOf(each.header);
  const region = Region.fromConfig({ x: [x0, x1], y: [y0, y1] });
  expect(regionBox(region, map)).toEqual({ x0, x1, y0, y1 });
  const cut = cutPlane(map, regionBox(region, map));
  expect([cut.shape, cut.imageShape]).toEqual([
    [y1 - y0, x1 - x0],
    [y1 - y0, x1 - x0],
  ]);
  const crpix = [1, 2].map((axis) => cut.header.cards.find(({ keyword }) => keyword === `CRPIX${axis}`)?.value);
  expect(crpix).toEqual(each.crpix.map((value) => expect.closeTo(value, 10)));
  const sky = readCelestialWcs(cut.header)?.pixelToSky(...each.pixels);
  for (const [i, longitude] of each.sky[0].entries()) {
    expect(Math.abs((((sky?.longitude[i] ?? Number.NaN) - longitude + 540) % 360) - 180)).toBeLessThan(1e-9);
    expect(sky?.latitude[i]).toBeCloseTo(each.sky[1][i] ?? Number.NaN, 9);
  }
  expect(Array.from(await cut.section(0, 1, 0, 1))).toEqual([1000 * y0 + x0]);
  expect(Array.from(await cut.section(y1 - y0 - 1, y1 - y0, x1 - x0 - 1, x1 - x0))).toEqual([1000 * (y1 - 1) + x1 - 1]);
  expect(await cut.digest()).not.toBe(await map.digest());
});

test.each(cases.boxes)("a box of $frame coordinates of $name: the pixels that astropy finds in it", (each) => {
  const { longitude, latitude, frame, box } = each;
  const found = regionBox(Region.fromConfig({ longitude, latitude, frame }), planeOf(each.header));
  const [x0, x1, y0, y1] = box;
  expect(found).toEqual({ x0, x1, y0, y1 });
  const turned = Region.fromConfig({ longitude: longitude.toReversed(), latitude: latitude.toReversed(), frame });
  if (Math.abs((longitude[0] ?? 0) - (longitude[1] ?? 0)) < 180)
    expect(regionBox(turned, planeOf(each.header))).toEqual(found);
});

/** @param turn degrees by which the map is turned in Galactic coordinates */
const turnedMap = (turn: number) => {
  const [cosine, sine] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  const cards = {
    NAXIS1: 80,
    NAXIS2: 60,
    CTYPE1: "'GLON-CAR'",
    CTYPE2: "'GLAT-CAR'",
    CRPIX1: 40,
    CRPIX2: 30,
    CDELT1: -0.01,
    CDELT2: 0.01,
    CRVAL1: 30,
    CRVAL2: 0,
    PC1_1: cosine,
    PC1_2: -sine,
    PC2_1: sine,
    PC2_2: cosine,
  };
  const lines = Object.entries({ SIMPLE: "T", BITPIX: 8, NAXIS: 2, ...cards });
  return planeOf(lines.map(([keyword, value]) => `${keyword.padEnd(8)}= ${value}`.padEnd(80)).join(""));
};

test("of a region that reaches over the edge of a turned map, the box of the pixels in it", () => {
  // From this map's side the region's own box is the whole map.
  const map = turnedMap(45);
  const region = Region.fromConfig({ longitude: [29.8, 29.5], latitude: [-5, 5] });
  const sky = readCelestialWcs(map.header)?.pixelToSky(
    Array.from({ length: 4800 }, (_, i) => i % 80),
    Array.from({ length: 4800 }, (_, i) => Math.floor(i / 80)),
  );
  const inside = Array.from(sky?.longitude ?? []).flatMap((each, i) => (each >= 29.5 && each <= 29.8 ? [i] : []));
  const [columns, rows] = [inside.map((i) => i % 80), inside.map((i) => Math.floor(i / 80))];
  const box = {
    x0: Math.min(...columns),
    x1: Math.max(...columns) + 1,
    y0: Math.min(...rows),
    y1: Math.max(...rows) + 1,
  };
  expect(regionBox(region, map)).toEqual(box);
  expect(box.x0).toBeGreaterThan(20);
});

test("a region beside a turned map is refused, though the box of its corners is over the map", () => {
  const region = Region.fromConfig({ longitude: [30.55, 31], latitude: [-5, 5] });
  expect(() => regionBox(region, turnedMap(45))).toThrow("the centre of no pixel of map.fits is in it, from GLON");
});

describe("what cannot be cut", () => {
  const map = planeOf(cases.cuts[0]?.header ?? "");
  test.each([
    [{ x: [70, 90], y: [0, 10] }, "columns 70 to 90, but map.fits has 60 rows of 80 pixels, from GLON 30.79°"],
    [
      { longitude: [10, 11], latitude: [0, 1] },
      "but map.fits has 60 rows of 80 pixels, from GLON 30.79°, GLAT -0.59° to",
    ],
  ])("%j", (config, message) => {
    expect(() => regionBox(Region.fromConfig(config), map)).toThrow(message);
  });

  test.each([
    [{}, "expected x and y, or longitude and latitude"],
    [{ x: [0, 1], latitude: [0, 1] }, "has both pixels (x, y) and degrees (longitude, latitude)"],
    [{ longitude: [0, 1] }, "expected both longitude and latitude"],
    [{ x: [5, 3] }, "x: expected whole numbers, from 0 on and rising, got [5, 3]"],
    [{ x: [0.5, 3] }, "x: expected whole numbers"],
    [{ y: [1, 2, 3] }, "y: expected two numbers, [from, to], that differ"],
    [{ longitude: [0, 1], latitude: [0, 91] }, "latitude: expected degrees from -90 to 90"],
    [{ x: [0, 3], frame: "icrs" }, "frame: is of longitude and latitude"],
  ])("%j", (config, message) => {
    expect(() => Region.fromConfig(config)).toThrow(message);
  });
});

test.each(cases.resampled)("a mask of $name is resampled as by reproject", async (each) => {
  const data = floats(each.data);
  const mask = planeOf(each.mask);
  const [, columns] = mask.shape;
  const image = planeOf(each.image);
  const [height, width] = image.shape;
  const resampled =
    resampledPlane(
      planeOf(each.mask, (y, x) => data[y * columns + x] ?? 7),
      image,
    ) ?? expect.fail();
  expect([resampled.shape, resampled.header]).toEqual([image.shape, image.header]);
  const [expected, edge] = [floats(each.result), floats(each.edge)];
  const whole = await resampled.section(0, height, 0, width);
  const different = Array.from(whole).filter(
    (value, i) => edge[i] === 0 && !Object.is(value, expected[i]) && value !== expected[i],
  );
  expect(different).toEqual([]);
  expect(edge.reduce((sum, value) => sum + value, 0)).toBeLessThan(0.1 * whole.length);
  // Of any part the same.
  const part = await resampled.section(11, 40, 5, 60);
  for (let y = 11; y < 40; y++)
    expect(part.subarray((y - 11) * 55, (y - 10) * 55)).toEqual(whole.subarray(y * width + 5, y * width + 60));
});
