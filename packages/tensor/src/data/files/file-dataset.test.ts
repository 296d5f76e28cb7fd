import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, onTestFinished, test } from "vitest";
import { Generator } from "../../random/generator.ts";
import { DataLoader } from "../data-loader.ts";
import { randomSplit, Subset } from "../dataset.ts";
import { FileDataset, type FileDatasetOptions } from "./file-dataset.ts";

const fixtures = new URL("../../../fixtures/data-files/", import.meta.url).pathname;

interface Expected {
  readonly shape: readonly number[];
  readonly values: readonly (number | string | boolean)[];
}

const expected: Readonly<Record<string, Expected>> = JSON.parse(readFileSync(`${fixtures}expected.json`, "utf8"));
const arrays = Object.keys(expected).filter((name) => /^a\d|^fortran/.test(name));

async function open(path: string, options: FileDatasetOptions): Promise<FileDataset> {
  const dataset = await FileDataset.open(path.startsWith("/") ? path : join(fixtures, path), options);
  onTestFinished(() => dataset.close());
  return dataset;
}

async function fieldOf(path: string, name: string, options: FileDatasetOptions = {}) {
  const dataset = await open(path, { input: name, target: [], ...options });
  const [field] = await dataset.getMany(Int32Array.from({ length: dataset.length }, (_, index) => index));
  if (field === undefined) throw new Error("no field");
  return { ...field, values: Array.from(field.data, String) };
}

/** Numbers of single columns come as a vector of float32. */
function textsOf({ values }: Expected, isRounded: boolean): readonly string[] {
  return values.map((value) =>
    String(isRounded ? Math.fround(Number(value)) : typeof value === "boolean" ? Number(value) : value),
  );
}

const tables = ["none", "snappy", "gzip", "brotli", "zstd", "pages"].map((name) => `${name}.parquet`);
const numbers = ["flag", "byte", "short", "whole", "long", "half", "single", "double", "listed"];

test.each([
  ...["npy", "stored.npz", "packed.npz", "data.h5"].flatMap((file) =>
    arrays.map((name) => [file, name, name] as const),
  ),
  ["data.h5", "chunked", "chunked"],
  ["data.h5", "group/inner", "chunked"],
  ["data.h5", "circle/circle/chunked", "chunked"],
  ["data.h5", "group/labels", "labels"],
  ...tables.flatMap((file) => numbers.map((name) => [file, name, name] as const)),
  ...tables.map((file) => [file, "fixed", "listed"] as const),
] as const)("%s: %s is what NumPy has", async (file, name, reference) => {
  const known = expected[reference];
  if (known === undefined) throw new Error(`no ${reference}`);
  const field = await fieldOf(file, name);
  const isNumber = known.shape.length === 1;
  expect(field.shape).toEqual(isNumber ? [known.shape[0], 1] : known.shape);
  expect(field.values).toEqual(textsOf(known, isNumber || field.dtype === "float32"));
});

test.each(["npy", "stored.npz", "packed.npz", "data.h5"])("%s: samples come in any order", async (file) => {
  const dataset = await open(file, { input: ["fortran", "a1"], target: "a5" });
  const indices = Int32Array.of(6, 0, 3, 3, 1);
  const many = await dataset.getMany(indices);
  for (const [position, index] of indices.entries()) {
    const sample = await dataset.get(index);
    for (const [field, tensor] of sample.entries()) {
      const { data, shape } = many[field] ?? { data: [], shape: [] };
      const width = shape.slice(1).reduce((a, b) => a * b, 1);
      expect(tensor.shape).toEqual(shape.slice(1));
      expect(Array.from(await tensor.data(), Number)).toEqual(
        Array.from(data.slice(position * width, (position + 1) * width), Number),
      );
    }
  }
});

test("types: arrays keep theirs, float64 is rounded, a target of whole numbers is of classes", async () => {
  const typesOf = async (file: string, input: string, target: string) =>
    (await (await open(file, { input, target })).get(1)).map(({ dtype, shape }) => `${dtype} ${shape.join("x")}`);
  expect(await typesOf("stored.npz", "a5", "a1")).toEqual(["uint8 2x3", "int32 3"]);
  expect(await typesOf("data.h5", "a11", "a3")).toEqual(["float32 2x3", "int64 "]);
  expect(await typesOf("data.h5", "a2", "a0")).toEqual(["int32 2x3", "int64 "]);
  expect(await typesOf("snappy.parquet", "double", "species")).toEqual(["float32 1", "int64 "]);
  expect(await typesOf("snappy.parquet", "double", "single")).toEqual(["float32 1", "float32 1"]);
  const asFloat = await open("stored.npz", { input: "a5", target: "a3", types: { a5: "float32", a3: "float32" } });
  expect((await asFloat.get(0)).map(({ dtype, shape }) => `${dtype} ${shape.join("x")}`)).toEqual([
    "float32 2x3",
    "float32 1",
  ]);
});

test("texts are classes in the order of their names, or in the one that is given", async () => {
  const labels = async (types?: FileDatasetOptions["types"]) => {
    const dataset = await open("gzip.parquet", { input: "single", target: "species", ...(types && { types }) });
    const [, field] = await dataset.getMany(Int32Array.of(0, 1, 2, 17));
    return [dataset.classes.species, Array.from(field?.data ?? [], Number)];
  };
  expect(await labels()).toEqual([
    ["aster", "lily", "rose"],
    [1, 2, 0, 0],
  ]);
  expect(await labels({ species: ["rose", "lily", "aster"] })).toEqual([
    ["rose", "lily", "aster"],
    [1, 0, 2, 2],
  ]);
});

test("missing numbers are NaN where that is asked for", async () => {
  const { values } = await fieldOf("zstd.parquet", "holes", { missing: "nan" });
  expect(values.slice(0, 7)).toEqual(["NaN", "1", "2", "3", "4", "NaN", "6"]);
  const whole = await fieldOf("zstd.parquet", "wholeHoles", { missing: "nan" });
  expect(whole.values.slice(32, 35)).toEqual(["32", "NaN", "34"]);
});

const refusals: readonly (readonly [file: string, name: string, message: RegExp])[] = [
  [
    "refused.npz",
    "records",
    /refused\.npz: array "records" cannot be read: its elements are records with named fields/,
  ],
  ["refused.npz", "complex", /its elements are "<c8", which are complex numbers/],
  ["refused.npz", "texts", /"<U1", which are texts/],
  ["refused.npz", "objects", /"\|O", which are Python objects/],
  ["refused.npz", "dates", /which are dates/],
  ["refused.npz", "long", /more than 64 bits/],
  ["refused.npz", "single", /single number, not one for each sample/],
  ["refused.npz", "large", /it has 9223372036854775808, which is more than int64 holds/],
  ["refused.npz", "larg", /there is no array "larg"; did you mean "large"\?; it has "records", "complex"/],
  ["npy", "fortrn", /there is no array "fortrn"; did you mean "fortran"\?/],
  ["npy/a1.npy", "input", /there is no array "input"; it has "a1"/],
  ["nothing.npy", "input", /nothing\.npy cannot be read: ENOENT/],
  ["nothing.h5", "input", /nothing\.h5 cannot be read: ENOENT/],
  ["data.h5", "records", /data set "records" holds records with named fields/],
  ["data.h5", "texts", /data set "texts" holds texts/],
  ["data.h5", "scalar", /is a single value, not one for each sample/],
  ["data.h5", "packed", /it is packed by a filter that is not there/],
  [
    "data.h5",
    "group/iner",
    /there is no data set "group\/iner"; did you mean "group\/inner"\?; it has "a0", .* and \d+ more/,
  ],
  ["data.h5", "group", /there is no data set "group"/],
  [
    "lz4.parquet",
    "single",
    /column "single" cannot be read: it is packed by LZ4_RAW; SNAPPY, GZIP, BROTLI, ZSTD can be read/,
  ],
  ["gzip.parquet", "ragged", /column "ragged": sample 1 is a list of 2; it must be a list of 1 numbers/],
  ["gzip.parquet", "when", /column "when" holds values of type TIMESTAMP/],
  ["gzip.parquet", "record", /holds records with named fields/],
  ["gzip.parquet", "words", /holds lists of something else than numbers/],
  [
    "gzip.parquet",
    "species",
    /"species" of input has texts, no numbers; where numbers of classes are wanted, types must say "class"/,
  ],
  ["gzip.parquet", "holes", /sample 0 is missing; it must be a number; missing: nan makes NaN/],
  ["gzip.parquet", "specie", /there is no column "specie"; did you mean "species"\?/],
  ["expected.json", "x", /nothing is known that reads such a file; its name must end in \.npy, \.npz, \.h5/],
];

test.each(refusals)("%s: %s is refused by name", async (file, name, message) => {
  await expect(fieldOf(file, name)).rejects.toThrow(message);
});

test("what does not fit together is refused", async () => {
  await expect(open("data.h5", { input: "chunked", target: "a1" })).rejects.toThrow(
    /numbers of samples differ: "chunked" 50, "a1" 7/,
  );
  await expect(open("data.h5", { input: "a1", target: ["a3", "fortran"] })).rejects.toThrow(
    /"fortran" holds \[2, 3, 2\] for each sample/,
  );
  await expect(open("data.h5", { input: [], target: "a3" })).rejects.toThrow(/input names no array/);
  await expect(open("data.h5", { input: "a1", target: [], types: { a1: "class" } })).rejects.toThrow(
    /"a1" holds int32, no texts/,
  );
  const dataset = await open("data.h5", { input: "a1", target: "a3" });
  await expect(dataset.get(7)).rejects.toThrow(/sample 7 is outside the data set of 7 samples/);
});

test("threads give the same", async () => {
  const dataset = await open("data.h5", { input: ["chunked", "group/inner"], target: "group/labels" });
  const read = async (numWorkers: number) => {
    const loader = new DataLoader(dataset, { batchSize: 8, shuffle: true, numWorkers });
    onTestFinished(() => loader.close());
    const found: (readonly number[])[] = [];
    for await (const { fields, rows } of loader.chunks(new Generator(0)))
      for (const row of rows)
        found.push(
          fields.flatMap(({ data, shape }) => {
            const width = shape.slice(1).reduce((a, b) => a * b, 1);
            return Array.from(data.subarray(row * width, (row + 1) * width), Number);
          }),
        );
    return found;
  };
  const here = await read(0);
  expect(here).toHaveLength(50);
  expect(await read(2)).toEqual(here);
});

test("a random order reads each block once, also of a part", async () => {
  // A cache of 200 bytes holds two chunks of 8 rows of 12 bytes.
  const dataset = await open("data.h5", { input: "chunked", target: "group/labels", cacheBytes: 300 });
  const visits = (order: Int32Array) => {
    const blocks = Array.from(order, (index) => Math.floor(index / 8));
    return blocks.filter((block, position) => !blocks.slice(Math.max(0, position - 20), position).includes(block))
      .length;
  };
  const shuffle = (seed: number) => dataset.shuffled?.(new Generator(seed)) ?? new Int32Array();
  expect(Array.from(shuffle(1)).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  expect(shuffle(1)).not.toEqual(shuffle(2));
  expect(visits(shuffle(3))).toBe(7);
  const indices = Array.from({ length: 30 }, (_, index) => (index * 3) % 50);
  const part = new Subset(dataset, [...indices, 0, 0]);
  const order = part.shuffled?.(new Generator(3)) ?? new Int32Array();
  expect(Array.from(order).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, index) => index));
  expect(visits(order.map((position) => [...indices, 0, 0][position] ?? -1))).toBeLessThanOrEqual(7);
  const [train] = randomSplit(dataset, [40, 10], { generator: new Generator(0) });
  const seen: number[] = [];
  for await (const [, y] of new DataLoader(train, { batchSize: 16, shuffle: true }))
    seen.push(...((await y?.data()) ?? []).values().map(Number));
  expect(seen).toHaveLength(40);
});

const text = `species,petal,count,"with ""quotes"", and comma"\r\nlily,3.5,1,"a\nb"\r\n"rose",1.25,2,c\r\n\r\nlily, 3.75 ,-9007199254740993,c\r\n`;

function csv(content: string, name = "table.csv"): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

test("CSV: types are those of the values; quotes, lines, spaces and a byte order mark do not count", async () => {
  for (const content of [text, `\u{feff}${text}`, text.replaceAll("\r\n", "\n"), text.slice(0, -2)]) {
    const dataset = await open(csv(content), { input: ["petal", "count"], target: "species" });
    expect(dataset.length).toBe(3);
    expect(dataset.classes).toEqual({ species: ["lily", "rose"] });
    const [x, y] = await dataset.getMany(Int32Array.of(2, 1));
    expect(x?.data).toEqual(Float32Array.of(3.75, -(2 ** 53), 1.25, 2));
    expect(y?.data).toEqual(BigInt64Array.of(0n, 1n));
    const whole = await open(csv(content), { input: "petal", target: "count" });
    expect((await whole.getMany(Int32Array.of(2)))[1]?.data).toEqual(BigInt64Array.of(-9007199254740993n));
    const quoted = await open(csv(content), { input: "petal", target: 'with "quotes", and comma' });
    expect(quoted.classes).toEqual({ 'with "quotes", and comma': ["a\nb", "c"] });
  }
  const tabs = await open(csv("a\tb\n1\t2\n", "table.tsv"), { input: "a", target: "b" });
  expect((await tabs.getMany(Int32Array.of(0)))[1]?.data).toEqual(BigInt64Array.of(2n));
  const semicolons = await open(csv("a;b\n1;2.5\n"), { input: "a", target: "b", delimiter: ";" });
  expect((await semicolons.getMany(Int32Array.of(0)))[1]?.data).toEqual(Float32Array.of(2.5));
});

test("CSV: a long table is read block by block, any rows of it", async () => {
  const rows = 20_000;
  const lines = Array.from({ length: rows }, (_, row) => `${row},"é ${"\n".repeat(row % 3)}x",${row / 8}`);
  const dataset = await open(csv(`a,b,c\n${lines.join("\n")}\n`), { input: "c", target: "a", cacheBytes: 100_000 });
  expect(dataset.length).toBe(rows);
  const order = dataset.shuffled?.(new Generator(0)) ?? new Int32Array();
  const [x, y] = await dataset.getMany(order);
  expect(x?.data).toEqual(Float32Array.from(order, (row) => row / 8));
  expect(y?.data).toEqual(BigInt64Array.from(order, BigInt));
});

test("CSV: all that is wrong is told with its line", async () => {
  const attempt = (content: string, options: FileDatasetOptions) =>
    FileDataset.open(csv(content), options).then((dataset) => dataset.close());
  const usual = { input: ["a", "b"], target: "c" };
  await expect(attempt("a,b,c\n1,,x\n2,3\n4,5,\n", usual)).rejects.toThrow(
    /has 3 wrong values\n {2}line 2: b is missing; missing: nan makes it NaN\n {2}line 3: 2 fields, but the first line names 3\n {2}line 4: c is missing/,
  );
  await expect(attempt("a,b,c\n1,x,1\n", { ...usual, types: { b: "float32", c: ["0", "2"] } })).rejects.toThrow(
    /line 2: b is "x"; it must be a number\n {2}line 2: c is "1"; it must be one of 0, 2/,
  );
  await expect(attempt("a,b,c\n1,x,1\n", usual)).rejects.toThrow(/"b" of input has texts/);
  await expect(attempt("a,b,c\n1,2,3\n", { ...usual, types: { d: "class" } })).rejects.toThrow(
    /there is no column "d"/,
  );
  await expect(attempt("a,b,a,c\n1,2,3,4\n", usual)).rejects.toThrow(/line 1: two columns are called "a"/);
  await expect(attempt("", usual)).rejects.toThrow(/is empty; its first line must name the columns/);
  await expect(attempt("a,b,c\n", usual)).rejects.toThrow(/no line besides the names/);
  await expect(attempt('a,b,c\n"1,2,3\n', usual)).rejects.toThrow(/is no CSV: Quote Not Closed/);
  const holes = await open(csv("a,b,c\n1,,1\nNA,2,0\n"), { ...usual, missing: "nan" });
  expect((await holes.getMany(Int32Array.of(0, 1)))[0]?.data).toEqual(Float32Array.of(1, Number.NaN, Number.NaN, 2));
});

test("CSV: infinities are numbers, and what is no number is missing, however it is spelt", async () => {
  const usual = { input: ["a", "b"], target: "c" };
  const path = csv("a,b,c\ninf,-nan,1\n-Infinity,NAN,2\n+INF,3,0\n");
  const dataset = await open(path, { ...usual, missing: "nan" });
  const [{ data } = { data: undefined }] = await dataset.getMany(Int32Array.of(0, 1, 2));
  const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;
  expect(data).toEqual(Float32Array.of(infinity, nan, -infinity, nan, infinity, 3));
  await expect(open(path, usual)).rejects.toThrow('line 2: b is "-nan"; missing: nan makes it NaN');
});

test.each(["gzip.parquet", "refused.npz", "npy", "data.h5"])(
  "%s: types of a missing column are refused",
  async (file) => {
    const known = { "gzip.parquet": "holes", "refused.npz": "large", npy: "a1", "data.h5": "a1" }[file] ?? "";
    await expect(open(file, { input: known, target: [], types: { zzz: "float32" } })).rejects.toThrow(
      /there is no .* "zzz"/,
    );
  },
);

test("rows of booleans come in batches as they come singly", async () => {
  const path = join(temporaryFolder(), "mask.npy");
  const header = "{'descr': '|b1', 'fortran_order': False, 'shape': (2, 2), }".padEnd(117);
  writeFileSync(path, Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header}\n\x01\x00\x00\x01`, "latin1"));
  const dataset = await open(path, { input: "mask", target: [] });
  expect((await dataset.get(0))[0]?.dtype).toBe("bool");
  for await (const [batch] of new DataLoader(dataset, { batchSize: 2 })) {
    expect(batch?.dtype).toBe("bool");
    expect(await batch?.toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
  }
});
