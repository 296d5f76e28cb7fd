import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Header, parseHeader, readCelestialWcs } from "@ml-mosaic/fits";
import { describe, expect, test } from "vitest";
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
  if (width === undefined || height === undefined) return expect.fail();
  return {
    path: "map.fits",
    header,
    shape: [height, width],
    imageShape: [height, width],
    axes: [1, 2],
    async section(y0, y1, x0, x1) {
      expect([y0 >= 0, x0 >= 0, y1 <= height, x1 <= width, y1 > y0, x1 > x0]).not.toContain(false);
      return Float64Array.from({ length: (y1 - y0) * (x1 - x0) }, (_, i) =>
        values(y0 + Math.floor(i / (x1 - x0)), x0 + (i % (x1 - x0))),
      );
    },
    digest: async () => "map",
    close: async () => undefined,
  };
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
  // The box holds all of them, and at most a pixel more on each side, where the corner of the box has no centre in it.
  const [x0, x1, y0, y1] = box;
  expect([x0 - found.x0, found.x1 - x1, y0 - found.y0, found.y1 - y1].every((more) => more === 0 || more === 1)).toBe(
    true,
  );
  const turned = Region.fromConfig({ longitude: longitude.toReversed(), latitude: latitude.toReversed(), frame });
  if (Math.abs((longitude[0] ?? 0) - (longitude[1] ?? 0)) < 180)
    expect(regionBox(turned, planeOf(each.header))).toEqual(found);
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
