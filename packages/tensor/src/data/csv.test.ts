import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { parseCsv, readCsv } from "./csv.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "csv-"));
});
afterAll(() => rm(folder, { recursive: true }));

const iris = `\uFEFFlength,width,"species, in Latin",count\r
5.1, 3.5 ,setosa,3\r
-7e-1,.5,"versi""color",+4\r
\r
6.3,3.3,setosa,-5\r
`;
const kinds = { length: "float32", width: "float32", "species, in Latin": "class", count: "int64" } as const;

test("a file gives typed columns and a data set", async () => {
  const path = join(folder, "iris.csv");
  await writeFile(path, iris);
  const table = await readCsv(path, { columns: kinds });
  expect(table.length).toBe(3);
  expect(await table.column("length").data()).toEqual(Float32Array.of(5.1, -0.7, 6.3));
  expect(await table.column("count").data()).toEqual(BigInt64Array.of(3n, 4n, -5n));
  expect(await table.column("species, in Latin").data()).toEqual(BigInt64Array.of(0n, 1n, 0n));
  expect(table.classes("species, in Latin")).toEqual(["setosa", 'versi"color']);
  expect(table.classes("count")).toEqual([]);
  const dataset = table.dataset({ features: ["length", "count"], target: "species, in Latin" });
  const { fields } = await dataset.samples();
  expect(fields).toEqual([
    { data: Float32Array.of(5.1, 3, -0.7, 4, 6.3, -5), shape: [3, 2], dtype: "float32" },
    { data: BigInt64Array.of(0n, 1n, 0n), shape: [3], dtype: "int64" },
  ]);
});

test("a target of numbers has a column each, and classes may have an order of their own", async () => {
  const table = await parseCsv("a;b;c\n1;2;high\n3;4;low\n", {
    columns: { a: "float32", b: "float32", c: ["low", "high"] },
    delimiter: ";",
  });
  const targets = async (target: "a" | readonly ("a" | "b")[]) =>
    (await table.dataset({ features: ["b"], target }).samples()).fields[1];
  expect(await targets("a")).toEqual({ data: Float32Array.of(1, 3), shape: [2, 1], dtype: "float32" });
  expect((await targets(["a", "b"]))?.shape).toEqual([2, 2]);
  expect(await table.column("c").data()).toEqual(BigInt64Array.of(1n, 0n));
});

test("whatever text and numbers are written come back", async () => {
  const cell = fc.string({ minLength: 1, unit: fc.constantFrom("a", "b", ",", '"', "\n", "ü", ";", "x y") });
  const row = fc.tuple(
    cell.filter((text) => text.trim() === text),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
      const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const text = ["t,x,n", ...rows.map(([label, x, n]) => [quote(label), x, n].join(","))].join("\n");
      const table = await parseCsv(text, { columns: { x: "float32", n: "int64", t: "class" } });
      expect(Array.from(await table.column("x").data(), Number)).toEqual(rows.map(([, x]) => x + 0));
      expect(await table.column("n").data()).toEqual(BigInt64Array.from(rows, ([, , n]) => n));
      const labels = table.classes("t");
      expect(Array.from(await table.column("t").data(), Number).map((index) => labels[index])).toEqual(
        rows.map(([label]) => label),
      );
      expect(labels).toEqual([...new Set(rows.map(([label]) => label))].sort());
    }),
  );
});

describe("refused, with every problem and its line", () => {
  const problems = (text: string) => parseCsv(text, { columns: kinds, name: "iris.csv" });
  test("values", async () => {
    const text = `length,width,"species, in Latin",count
1,2,a,3
,two,a,1.5
"1
",2,,4
1,2
1,2,a,
NaN,infinite,a,1e3`;
    await expect(problems(text)).rejects.toThrow(
      `iris.csv has 9 wrong values
  line 3: length is missing; it must be a number
  line 3: width is "two"; it must be a number
  line 3: count is "1.5"; it must be a whole number of 64 bits
  line 4: species, in Latin is missing; it must be the name of a class
  line 6: 2 fields, but the first line names 4
  line 7: count is missing; it must be a whole number of 64 bits
  line 8: length is "NaN"; it must be a number
  line 8: width is "infinite"; it must be a number
  line 8: count is "1e3"; it must be a whole number of 64 bits`,
    );
    await expect(problems(text)).rejects.toThrow(TensorError);
  });

  test("too many to show", async () => {
    const text = `length,width,"species, in Latin",count\n${"x,1,a,1\n".repeat(50)}`;
    await expect(problems(text)).rejects.toThrow(/has 50 wrong values\n( {2}line \d+: .*\n){20} {2}and 30 more/);
  });

  test.each<[string, string, RegExp]>([
    [
      "missing and repeated columns",
      "length,length,width",
      /two columns are called "length"\n.*no column "species, in L/,
    ],
    ["an empty text", "", /is empty; its first line must name the columns/],
    ["a header alone", 'length,width,"species, in Latin",count\n', /no line besides the names/],
    ["an open quote", 'length,width,"species', /iris.csv is no CSV: Quote Not Closed/],
  ])("%s", async (_, text, message) => {
    await expect(problems(text)).rejects.toThrow(message);
    await expect(problems(text)).rejects.toThrow(TensorError);
  });

  test("a class that is not listed, and whole numbers beyond 64 bits", async () => {
    const read = parseCsv("c,n\nlow,1\nhihg,99999999999999999999", { columns: { c: ["low", "high"], n: "int64" } });
    await expect(read).rejects.toThrow(
      /line 3: c is "hihg"; it must be one of low, high\n.*n is "9{20}"; it must be a wh/,
    );
  });

  test("a file that is not there", async () => {
    await expect(readCsv(join(folder, "none.csv"), { columns: kinds })).rejects.toThrow(/none.csv cannot be read/);
  });
});
