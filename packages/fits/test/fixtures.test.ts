/** What astropy wrote is read as astropy reads it: fixtures/make.py made the files and expected.json. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { type ColumnValues, type ImageHdu, openFits, type PixelArray, type Range } from "../src/index.ts";

const folder = new URL("../fixtures/", import.meta.url);
const path = (name: string) => new URL(name, folder).pathname;

type Value = number | string | boolean | null;

interface ExpectedImage {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly Value[];
}

interface Expected {
  readonly images: Readonly<Record<string, ExpectedImage | null>>;
  readonly scaled: Readonly<Record<string, ExpectedImage>>;
  readonly compressed: Readonly<Record<string, ExpectedImage>>;
  readonly table: Readonly<Record<string, readonly (Value | readonly Value[])[]>>;
}

const expected: Expected = JSON.parse(await readFile(new URL("expected.json", folder), "utf8"));

/** Numbers as expected.json has them. */
function plain(data: PixelArray | readonly (number | bigint)[]): readonly Value[] {
  return Array.from<number | bigint, Value>(data, (value) =>
    typeof value === "bigint" ? bigValue(value) : realValue(value),
  );
}

function realValue(value: number): Value {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? null : value > 0 ? "inf" : "-inf";
}

function bigValue(value: bigint): Value {
  return Math.abs(Number(value)) > Number.MAX_SAFE_INTEGER ? String(value) : Number(value);
}

describe.each(["images", "scaled", "compressed"] as const)("%s.fits", (file) => {
  test.each(Object.keys(expected[file]))("%s", async (name) => {
    await using fits = await openFits(path(`${file}.fits`));
    const image = fits.image(name);
    const wanted = expected[file][name];
    if (wanted === null || wanted === undefined) {
      expect(image.shape).toEqual([]);
      await expect(image.read()).rejects.toMatchObject({ code: "NO_DATA", hdu: image.index });
      return;
    }
    const { shape, data } = await image.read();
    expect(shape).toEqual(wanted.shape);
    // astropy leaves integers with BLANK and no scaling alone, and numpy calls our types by the same names.
    expect(image.pixelType).toBe(wanted.dtype);
    expect(plain(data)).toEqual(wanted.values);
    await expectPartsToAgree(image, data);
  });
});

/** Sections and rows give the pixels that the whole image has. */
async function expectPartsToAgree(image: ImageHdu, whole: PixelArray): Promise<void> {
  const { shape } = image;
  const ranges = shape.map((length, axis): Range => [Math.floor(length / 4), Math.max(0, length - (axis % 2))]);
  const section = await image.section(...ranges);
  expect(plain(section.data)).toEqual(plain(cut(whole, shape, ranges)));
  const rows: Value[] = [];
  for await (const block of image.rows({ height: 3 })) {
    expect(block.firstRow * (shape.at(-1) ?? 0)).toBe(rows.length);
    expect(block.data.length).toBe(block.rowCount * (shape.at(-1) ?? 0));
    rows.push(...plain(block.data));
  }
  expect(rows).toEqual(plain(whole));
}

function cut(whole: PixelArray, shape: readonly number[], ranges: readonly Range[]): readonly (number | bigint)[] {
  const inside = (index: number) => {
    let rest = index;
    return shape.toReversed().every((length, i) => {
      const [start, stop] = ranges[shape.length - 1 - i] ?? [0, 0];
      const at = rest % length;
      rest = Math.floor(rest / length);
      return start <= at && at < stop;
    });
  };
  return Array.from<number | bigint>(whole).filter((_, i) => inside(i));
}

test("negative zero keeps its sign", async () => {
  await using fits = await openFits(path("images.fits"));
  expect(Object.is((await fits.image("FLOAT32").as("stored").read()).data[8], -0)).toBe(true);
});

test("pixels in a wished type", async () => {
  await using fits = await openFits(path("scaled.fits"));
  const image = fits.image("SCALED16");
  const stored = await image.as("stored").read();
  expect(stored.data).toBeInstanceOf(Int16Array);
  const scaled = await image.as("float64").read();
  expect(scaled.data).toBeInstanceOf(Float64Array);
  expect([...scaled.data]).toEqual(plain(stored.data).map((v) => (v === 99 ? Number.NaN : Number(v) * 0.5 + 10)));
  expect(scaled.data[8]).toBeNaN();
  await using images = await openFits(path("images.fits"));
  expect((await images.image("UINT64").as("float64").read()).data[1]).toBe(2 ** 64);
  expect((await images.image("UINT16").as("float32").read()).data[1]).toBe(65535);
});

test.each(["PLIO_1", "HCOMPRESS_1"])("the codec %s, in a file with its defaults", async (codec) => {
  await using file = await openFits(path(`${codec.toLowerCase()}.fits`));
  const { shape, data } = await file.image().read();
  expect(shape).toEqual([50, 37]);
  expect([...data]).toEqual(Array.from({ length: 50 * 37 }, (_, i) => (i % 37) % 30));
});

test("a compressed image has the header of the plain one", async () => {
  await using fits = await openFits(path("compressed.fits"));
  const { header, storedHeader } = fits.image("RICE-CUBE");
  const keywords = header.cards.map(({ keyword }) => keyword);
  const there = (wanted: string) => wanted.split(" ").filter((keyword) => keywords.includes(keyword));
  expect(keywords).toEqual(there("XTENSION BITPIX NAXIS NAXIS1 NAXIS2 NAXIS3 PCOUNT GCOUNT OBJECT EXTNAME"));
  const object = (cards: typeof header.cards) => cards.find(({ keyword }) => keyword === "OBJECT")?.raw;
  expect(object(header.cards)).toBe(object(storedHeader.cards));
});

test("checksums of astropy", async () => {
  await using fits = await openFits(path("images.fits"));
  for (const hdu of fits.hdus) expect(await fits.verify(hdu)).toEqual({ datasum: "right", checksum: "right" });
  const bytes = new Uint8Array(await readFile(path("images.fits")));
  const { extent } = fits.image("INT16");
  bytes[extent.dataOffset] = (bytes[extent.dataOffset] ?? 0) ^ 1;
  await using broken = await openFits(bytes);
  expect(await broken.verify(broken.hdu("INT16"))).toEqual({ datasum: "wrong", checksum: "wrong" });
});

describe("table.fits", () => {
  test.each(Object.keys(expected.table))("%s", async (name) => {
    await using fits = await openFits(path("table.fits"));
    const table = fits.table("cat");
    const values = await table.column(name);
    expect(columnValues(values)).toEqual(expected.table[name]);
    const streamed: unknown[] = [];
    for await (const { columns } of table.rows({ columns: [name], height: 4 })) {
      const block = columns.get(name);
      if (block !== undefined) streamed.push(...columnValues(block));
    }
    expect(streamed).toEqual(expected.table[name]);
    const some = await table.column(name, [2, 5]);
    expect(some.shape).toEqual([3, ...values.shape.slice(1)]);
  });

  test("shapes, units, nulls and names", async () => {
    await using fits = await openFits(path("table.fits"));
    const table = fits.table();
    expect((await table.column("DOUBLE")).shape).toEqual([6, 2, 3]);
    expect((await table.column("COMPLEX")).shape).toEqual([6, 2]);
    expect((await table.column("NAMES")).shape).toEqual([6, 3]);
    expect(table.columns.find(({ name }) => name === "FLOAT")?.unit).toBe("mag");
    expect(await table.column("INT")).toMatchObject({ nulls: Uint8Array.of(0, 0, 1, 0, 0, 1) });
    await expect(table.column("NOPE")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(table.rows({ height: 0 }).next()).rejects.toMatchObject({ code: "REGION_INVALID" });
    await expect(table.column("INT", [4, 9])).rejects.toMatchObject({ code: "REGION_INVALID" });
    expect(fits.hdu("ASCII")).toMatchObject({ kind: "other", type: "TABLE" });
  });
});

function columnValues(column: ColumnValues): readonly unknown[] {
  switch (column.kind) {
    case "strings":
    case "logicals":
      return column.data;
    case "bits":
      return Array.from<number | bigint, boolean>(column.data, (bit) => bit === 1);
    case "numbers":
    case "complex":
      return plain(column.data);
    case "arrays":
      return column.data.map(columnValues);
    default:
      return column satisfies never;
  }
}
