/** PLIO_1 and HCOMPRESS_1 bit for bit as astropy reads them (fixtures/codecs.py). */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { openFits } from "@ml-mosaic/fits";
import { expect, test } from "vitest";

interface Case {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly first: readonly number[];
  readonly sha256: string;
}

const fixture = new URL("../fixtures/codecs.json", import.meta.url);
const cases: Readonly<Record<string, Case>> = JSON.parse(readFileSync(fixture, "utf8"));
const path = new URL("../fixtures/codecs.fits", import.meta.url).pathname;

test.each(Object.entries(cases))("%s", async (name, wanted) => {
  await using file = await openFits(path);
  const image = file.image(name);
  const { shape, data } = await image.read();
  const numbers = Float64Array.from(data, Number);
  expect(shape).toEqual(wanted.shape);
  expect([...numbers.subarray(0, 8)]).toEqual(wanted.first);
  expect(createHash("sha256").update(Buffer.from(numbers.buffer)).digest("hex")).toBe(wanted.sha256);
  expect(`${data.constructor.name.toLowerCase().replace("array", "")}`).toBe(wanted.dtype);
});

test("a section unpacks only the tiles that it touches", async () => {
  await using file = await openFits(path);
  const image = file.image("HC-TILES");
  const whole = await image.read();
  const part = await image.section([5, 30], [11, 40]);
  const wanted = Array.from({ length: 25 }, (_, y) =>
    Array.from(whole.data, Number).slice((y + 5) * 53 + 11, (y + 5) * 53 + 40),
  );
  expect(Array.from(part.data, Number)).toEqual(wanted.flat());
});
