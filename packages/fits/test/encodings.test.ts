/** Files in the encodings that users meet, with what astropy reads from them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openFits } from "../src/index.ts";

const folder = join(import.meta.dirname, "../fixtures/encodings");

interface ExpectedHdu {
  readonly name: string;
  readonly kind: string;
  readonly shape: readonly number[] | null;
  readonly sum: number | null;
  readonly nan: number | null;
  readonly pixel_1_2: number | null;
}

const expected: Readonly<Record<string, readonly ExpectedHdu[]>> = JSON.parse(
  await readFile(join(folder, "expected.json"), "utf8"),
);

test.each(Object.entries(expected))("%s", async (file, hdus) => {
  await using fits = await openFits(join(folder, file));
  expect(fits.hdus.map(({ name }) => name)).toEqual(hdus.map(({ name }) => name));
  for (const [index, { kind, shape, sum, nan, pixel_1_2 }] of hdus.entries()) {
    if (kind === "BinTableHDU") {
      expect(fits.table(index).numRows).toBe(shape?.[0]);
      continue;
    }
    const image = fits.image(index);
    expect(image.compression !== undefined).toBe(kind === "CompImageHDU");
    expect(image.shape).toEqual(shape ?? []);
    if (shape === null) continue;
    const values = Array.from<number | bigint, number>((await image.read()).data, Number);
    expect(values.filter(Number.isNaN).length).toBe(nan);
    const total = values.reduce((added, value) => (Number.isNaN(value) ? added : added + value), 0);
    expect(Math.abs(total - (sum ?? 0))).toBeLessThanOrEqual(1e-6 * Math.abs(sum ?? 0));
    const first = image.shape.slice(0, -2).map((): [number, number] => [0, 1]);
    // astropy's [..., 1, 2] of a cube is a column of values: the first plane's is the one that is given.
    const { data } = await image.section(...first, [1, 2], [2, 3]);
    expect(Math.fround(Number(data[0]))).toBeCloseTo(Math.fround(pixel_1_2 ?? 0), 5);
  }
});
