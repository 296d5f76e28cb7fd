import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { component } from "../components/component.ts";
import { configurable } from "../components/configurable.ts";
import { ConfigurationError } from "../configuration-error.ts";
import { schema } from "../schema.ts";
import { any, float, int, path, string } from "../types/scalar-types.ts";
import { readYaml } from "./yaml-file.ts";

const folder = temporaryFolder();

async function write(text: string): Promise<string> {
  const file = join(folder, "c.yaml");
  await writeFile(file, text);
  return file;
}

const readAs = async (text: string): Promise<unknown> => readYaml(await write(`a: ${text}`)).value.a;

test.each([
  ["1e-3", 0.001],
  ["1.", 1],
  [".5", 0.5],
  ["+1", 1],
  ["012", 12],
  ["0x10", 16],
  ["0o14", 12],
  [".inf", Number.POSITIVE_INFINITY],
  ["-.inf", Number.NEGATIVE_INFINITY],
  ["1_000", "1_000"],
  ["yes", "yes"],
  ["off", "off"],
  ["True", true],
  ["~", null],
  ["", null],
  ["2024-01-02", "2024-01-02"],
  ["12:30", "12:30"],
  ["C:\\data", "C:\\data"],
  ["[1, [x]]", [1, ["x"]]],
  ["{ 1: x, null: y, __proto__: z }", JSON.parse('{ "1": "x", "null": "y", "__proto__": "z" }')],
])("YAML 1.2: %s", async (text, value) => {
  expect(await readAs(text)).toEqual(value);
});

test("anchors and merges", async () => {
  const file = readYaml(await write("a: &a { x: 1, y: 2 }\nb: { <<: *a, y: 3 }\nc: *a\nd: { <<: [*a, { z: 1 }] }\n"));
  expect(file.value).toEqual({ a: { x: 1, y: 2 }, b: { x: 1, y: 3 }, c: { x: 1, y: 2 }, d: { x: 1, y: 2, z: 1 } });
});

test("nothing is no option", async () => {
  expect(readYaml(await write("")).value).toEqual({});
  expect(readYaml(await write("# later\n")).value).toEqual({});
});

test("the byte order mark of Windows, and its line ends", async () => {
  expect(readYaml(await write("\ufeffa: 1\r\nb:\r\n  - x\r\n")).value).toEqual({ a: 1, b: ["x"] });
});

class Inner extends configurable({ rate: schema(float, { default: 1 }), file: schema(path, { default: "x.csv" }) }) {}
class Outer extends configurable({
  inner: schema(component(Inner), { default: {} }),
  count: schema(int),
  title: schema(string, { optional: true }),
  extra: schema(any, { optional: true }),
}) {}

test("relative paths start from the file's folder, or from the one that is given", async () => {
  const file = await write("count: 1\ninner: { file: ../a.csv }\n");
  expect(Outer.fromConfig(file).inner.file).toBe(join(folder, "..", "a.csv"));
  expect(Outer.fromConfig(file, { folder: "/data/x" }).inner.file).toBe("/data/a.csv");
  expect(Outer.fromConfig(readYaml(file)).inner.file).toBe(join(folder, "..", "a.csv"));
  expect(Outer.fromConfig(await write("count: 1")).inner.file).toBe(join(folder, "x.csv"));
});

test("problems are in the order of the file, and have its lines", async () => {
  const file = await write("title: 3\n\ninner:\n  rate: x\n  rat: 1\nextra: [1]\n");
  try {
    Outer.fromConfig(file, { context: "run" });
    expect.fail();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.problems.map(({ path, line, column }) => [path.join("."), line, column])).toEqual([
      ["count", 1, 1],
      ["title", 1, 1],
      ["inner.rate", 4, 3],
      ["inner.rat", 5, 3],
    ]);
    expect(error.message).toContain(`${file}:4:3: run inner.rate: expected a number, got "x"`);
  }
});

test("a failing constructor has its line too", async () => {
  class Failing extends configurable({}) {
    readonly failed = this.fail();
    fail(): never {
      throw new Error("no such device");
    }
  }
  class Owner extends configurable({ a: schema(int), part: schema(component(Failing)) }) {}
  const file = await write("a: 1\npart: {}\n");
  expect(() => Owner.fromConfig(file)).toThrow(`${file}:2:1: part: Failing cannot be constructed: no such device`);
});

test("a key that an alias stands for, and keys beyond one", async () => {
  const file = await write("extra: &e { rate: x }\ninner: *e\ncount: 1\n");
  expect(() => Outer.fromConfig(file)).toThrow(`${file}:1:13: inner.rate: expected a number, got "x"`);
});
