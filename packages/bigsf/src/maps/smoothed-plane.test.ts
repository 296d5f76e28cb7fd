import { getNumber, makeHeader } from "@ml-mosaic/fits";
import { expect, test } from "vitest";
import type { Plane } from "./plane.ts";
import { smoothedPlane } from "./smoothed-plane.ts";

const [height, width] = [61, 71];
const arcSecond = 1 / 3600;

/** Pixels of 4 arc seconds. */
function planeOf(at: (x: number, y: number) => number, cards: Readonly<Record<string, number | string>>): Plane {
  const header = makeHeader({
    CTYPE1: "GLON-CAR",
    CTYPE2: "GLAT-CAR",
    CRVAL1: 30,
    CRVAL2: 0,
    CRPIX1: 36,
    CRPIX2: 31,
    CDELT1: -4 * arcSecond,
    CDELT2: 4 * arcSecond,
    ...cards,
  });
  return {
    path: "map.fits",
    header,
    shape: [height, width],
    imageShape: [height, width],
    axes: [1, 2],
    section: async (y0, y1, x0, x1) =>
      Float64Array.from({ length: (y1 - y0) * (x1 - x0) }, (_, i) =>
        at(x0 + (i % (x1 - x0)), y0 + Math.floor(i / (x1 - x0))),
      ),
    digest: async () => "digest",
    close: async () => undefined,
  };
}

const round = (beam: number) => ({ BMAJ: beam * arcSecond, BMIN: beam * arcSecond });
/** A point source as a beam of so many pixels shows it, 1 in its middle. */
const source = (beam: number) => (x: number, y: number) =>
  Math.exp((-4 * Math.log(2) * ((x - 35) ** 2 + (y - 30) ** 2)) / beam ** 2);

test("a point source looks as the wider beam shows it, of one sum; counted per beam, of one height", async () => {
  const smooth = smoothedPlane(planeOf(source(3), round(12)), 20);
  const values = await smooth.section(0, height, 0, width);
  const expected = (x: number, y: number) => (9 / 25) * source(5)(x, y);
  for (const [i, value] of values.entries())
    expect(Math.abs(value - expected(i % width, Math.floor(i / width)))).toBeLessThan(2e-4);
  expect(getNumber(smooth.header, "BMAJ")).toBeCloseTo(20 * arcSecond, 9);
  const perBeam = smoothedPlane(planeOf(source(3), { ...round(12), BUNIT: "Jy/beam" }), 20);
  expect((await perBeam.section(30, 31, 35, 36))[0]).toBeCloseTo(1, 3);
  expect(await smooth.section(20, 40, 10, 50)).toEqual(
    Float64Array.from({ length: 20 * 40 }, (_, i) => values[(20 + Math.floor(i / 40)) * width + 10 + (i % 40)] ?? 0),
  );
});

test("a flat map stays flat beside its edges and what is missing, and that stays missing", async () => {
  const isMissing = (x: number, y: number) => x > 40 && x < 50 && y > 20 && y < 25;
  const flat = planeOf((x, y) => (isMissing(x, y) ? Number.NaN : 7), round(12));
  const values = await smoothedPlane(flat, 24).section(0, height, 0, width);
  for (const [i, value] of values.entries())
    if (isMissing(i % width, Math.floor(i / width))) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(7, 9);
});

test("the same beam changes nothing; what cannot be smoothed is refused", async () => {
  const map = planeOf(source(3), round(12));
  expect(await smoothedPlane(map, 12).section(0, 9, 0, 9)).toEqual(await map.section(0, 9, 0, 9));
  expect(() => smoothedPlane(map, 9)).toThrow(
    "map.fits was seen with a beam of 12″, and can not be brought to a narrower one of 9″; smooth the other map to 12″",
  );
  expect(() => smoothedPlane(planeOf(source(3), {}), 20)).toThrow(
    "map.fits does not tell its beam, which is needed to smooth it: write BMAJ",
  );
  expect(() => smoothedPlane(planeOf(source(3), { ...round(12), BMIN: 9 * arcSecond }), 20)).toThrow(
    "map.fits has an elliptical beam, 12″ by 9″",
  );
  expect(() => smoothedPlane(planeOf(source(3), { ...round(12), CTYPE1: "X", CTYPE2: "Y" }), 20)).toThrow(
    "map.fits does not tell how large its pixels are",
  );
});
