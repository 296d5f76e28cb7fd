/** Images as fpack packs them, by every codec and dithering: pixels as astropy has them (fixtures/packed_images.py). */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openFits } from "@ml-mosaic/fits";
import { expect, test } from "vitest";

interface Case {
  readonly hdu: number;
  readonly coding: Readonly<Record<string, string | number | null>>;
  readonly shape: readonly number[];
  readonly undefined: number;
  readonly first: readonly (number | null)[];
  readonly sha256: string;
}

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const cases: Readonly<Record<string, Case>> = JSON.parse(readFileSync(fixture("packed.json"), "utf8"));

test.each(Object.entries(cases))("%s", async (_, wanted) => {
  await using file = await openFits(fixture("packed.fits"));
  const image = file.image(wanted.hdu);
  const { shape, data } = await image.read();
  // NaN has many forms, one is enough.
  const numbers = Float64Array.from(data, Number).map((value) => (Number.isNaN(value) ? Number.NaN : value));
  expect(shape).toEqual(wanted.shape);
  expect(numbers.filter(Number.isNaN).length).toBe(wanted.undefined);
  expect(Array.from(numbers.subarray(0, 8), (value) => (Number.isNaN(value) ? null : value))).toEqual(wanted.first);
  expect(createHash("sha256").update(Buffer.from(numbers.buffer)).digest("hex")).toBe(wanted.sha256);
});

test("every codec is there with scaled and undefined pixels, and every dithering", () => {
  const all = Object.values(cases);
  const codecs = new Set(all.filter((each) => each.undefined > 0).map(({ coding }) => coding.ZCMPTYPE));
  expect(codecs).toEqual(new Set(["RICE_1", "RICE_ONE", "HCOMPRESS_1", "GZIP_1", "GZIP_2", "PLIO_1"]));
  const dithered = new Set(all.map(({ coding }) => `${coding.ZCMPTYPE} ${coding.ZQUANTIZ}`));
  for (const codec of ["RICE_1", "HCOMPRESS_1", "GZIP_1", "GZIP_2"])
    for (const method of ["NO_DITHER", "SUBTRACTIVE_DITHER_1"]) expect(dithered).toContain(`${codec} ${method}`);
  // cfitsio has the second dithering for those only, of which it calls Rice by its older name.
  for (const codec of ["RICE_ONE", "GZIP_1", "GZIP_2"]) expect(dithered).toContain(`${codec} SUBTRACTIVE_DITHER_2`);
});
