import { getNumber, makeHeader } from "@ml-mosaic/fits";
import { expect, test } from "vitest";
import { madePlane } from "../../test/made-plane.ts";
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
  return madePlane({ header, shape: [height, width] }, (y, x) => at(x, y));
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

/** Variances along columns and rows of what a single pixel of 1 becomes, in squares of pixels. */
async function spreadOf(map: Plane, beam: number): Promise<readonly [columns: number, rows: number]> {
  const values = await smoothedPlane(map, beam).section(0, height, 0, width);
  const moment = (of: (x: number, y: number) => number) =>
    values.reduce((sum, value, i) => sum + value * of((i % width) - 35, Math.floor(i / width) - 30), 0);
  expect(moment(() => 1)).toBeCloseTo(1, 9);
  return [moment((x) => x * x), moment((_, y) => y * y)];
}

const single = (x: number, y: number) => (x === 35 && y === 30 ? 1 : 0);
/** That makes of a beam of 12 arc seconds one that is wider by a Gaussian of so many. */
const widerBy = (sigma: number) => Math.hypot(12, 2 * Math.sqrt(2 * Math.log(2)) * sigma);

test.each([0.2, 0.35, 0.5, 1, 2])("the Gaussian has its whole variance, of %s pixels as of many", async (sigma) => {
  const [columns, rows] = await spreadOf(planeOf(single, round(12)), widerBy(4 * sigma));
  expect(columns / sigma ** 2).toBeCloseTo(1, 6);
  expect(rows / sigma ** 2).toBeCloseTo(1, 6);
});

test("the Gaussian is round on the sky: pixels longer than wide, and longitudes that are close together", async () => {
  const oblong = { ...round(12), CDELT1: -8 * arcSecond };
  const [columns, rows] = await spreadOf(planeOf(single, oblong), widerBy(6));
  expect(columns).toBeCloseTo(0.75 ** 2, 6);
  expect(rows).toBeCloseTo(1.5 ** 2, 6);
  // At 60 degrees from the equator: pixels half as wide.
  const far = { ...round(12), CRPIX2: 31 - 60 * 900 };
  const [across, along] = await spreadOf(planeOf(single, far), widerBy(6));
  expect(across).toBeCloseTo(3 ** 2, 2);
  expect(along).toBeCloseTo(1.5 ** 2, 6);
  const without = { CTYPE1: "GLON", CTYPE2: "GLAT", ...round(12) };
  expect((await spreadOf(planeOf(single, without), widerBy(6)))[1]).toBeCloseTo(1.5 ** 2, 6);
});

test("a map whose pixels are not of one size is refused", () => {
  const wide = { ...round(12), CDELT1: -0.5, CDELT2: 0.5, BMAJ: 1, BMIN: 1 };
  expect(() => smoothedPlane(planeOf(single, wide), 7200)).toThrow(
    "map.fits has pixels of 1800″ by 1800″ in its middle, and of 1738.67″ by 1800″ at a corner: one Gaussian does not smooth all of it; smooth a part of it, or another projection",
  );
  const whole = { ...wide, CTYPE1: "GLON-AIT", CTYPE2: "GLAT-AIT", CRVAL1: 0, CDELT1: -6, CDELT2: 6 };
  expect(() => smoothedPlane(planeOf(single, whole), 7200)).toThrow("and a corner that is nowhere on the sky");
});

test("a map of all longitudes is smoothed across its seam, however far", async () => {
  const cards = { CDELT1: -360 / width, CDELT2: 0.1, ...round(36_000) };
  const at = (column: number) => planeOf((x, y) => (x === column && y === 30 ? 1 : 0), cards);
  const [seam, middle] = await Promise.all(
    [0, 35].map((column) => smoothedPlane(at(column), 72_000).section(30, 31, 0, width)),
  );
  for (let x = 0; x < width; x++) expect(seam?.[x]).toBeCloseTo(middle?.[(x + 35) % width] ?? 0, 12);
  const part = await smoothedPlane(at(0), 72_000).section(30, 31, 60, width);
  expect(part).toEqual(seam?.subarray(60));
});

test.each([
  ["Jy/beam", 4],
  ["mJy / beam", 4],
  ["JY/BEAM", 4],
  ["Jy beam-1", 4],
  ["Jy beam^-1", 4],
  ["Jy beam**-1", 4],
  ["Jy.beam**(-1)", 4],
  ["beam-1 Jy km s-1", 4],
  ["Jy/beam.km/s", 4],
  ["K (main beam)", 1],
  ["K", 1],
  ["beam", 1],
  ["MJy/sr", 1],
])("%s times %s in a beam twice as wide", async (unit, factor) => {
  const flat = planeOf(() => 7, { ...round(12), BUNIT: unit });
  expect((await smoothedPlane(flat, 24).section(30, 31, 35, 36))[0]).toBeCloseTo(7 * factor, 9);
});

test("a beam that is just too narrow is told apart from the map's", () => {
  expect(() => smoothedPlane(planeOf(single, round(36.44)), 36.4)).toThrow(
    "map.fits was seen with a beam of 36.44″, and can not be brought to a narrower one of 36.4″; smooth the other map to 36.44″",
  );
});
