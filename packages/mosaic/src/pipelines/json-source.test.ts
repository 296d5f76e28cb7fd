import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { type JsonSource, readJsonFile } from "./json-source.ts";

const path = join(temporaryFolder("json "), "file.json");

const whole = (source: JsonSource) => source.value();
const items = (source: JsonSource) => Array.fromAsync(source.items());
async function parts(source: JsonSource) {
  const found: [string, unknown][] = [];
  for await (const name of source.names())
    found.push([name, (await source.comes()) === "list" ? await items(source) : await source.value()]);
  return Object.fromEntries(found);
}

async function read(text: string, how: (source: JsonSource) => Promise<unknown>) {
  await writeFile(path, text);
  return readJsonFile(path, how);
}

const values = [1, -2.5e-3, true, null, "", 'a"b\\', "ü 🧩 \u2028 ,]}{[:", [], {}, [[1], { a: [2] }], { "x]": "}" }];

test.each([
  ["as it is written", JSON.stringify(values)],
  ["with white space", `\n ${JSON.stringify(values, null, "\t")} \r\n`],
])("gives the items of a list %s", async (_, text) => {
  expect(await read(text, items)).toEqual(values);
  expect(await read(text, whole)).toEqual(values);
});

test("gives the parts of an object, and lists in it item by item", async () => {
  const value = { a: 1, list: values, 'b"': { list: [1] }, empty: [], c: "x" };
  for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)])
    expect(await read(text, parts)).toEqual(value);
  expect(await read(" {} ", parts)).toEqual({});
});

test("pieces are whole wherever a chunk of the file ends", async () => {
  // A mebibyte is read at a time; characters of three bytes, escapes and brackets come to lie across its end.
  for (let shift = 0; shift < 12; shift++) {
    const list = [`${"x".repeat(2 ** 20 - 20 + shift)}`, '€\\"]', { "€": ["}", 1234567] }, "y".repeat(3 * 2 ** 20), 12];
    expect(await read(JSON.stringify(list), items)).toEqual(list);
  }
});

test.each([
  ["", items, /expected "\[" at byte 0, where the end of the file is/],
  ["[1, 2", items, /expected "," or "\]" at byte 5, where the end of the file is/],
  ["[1 2]", items, /expected "," or "\]" at byte 3, where "2" is/],
  ["[1,]", items, /JSON.*, in the value at byte 3/],
  ["[,1]", items, /JSON.*, in the value at byte 1/],
  ["[1]]", items, /there is more behind the end: at byte 3, where "\]" is/],
  ["[tru]", items, /JSON.*, in the value at byte 1/],
  ['["a]', items, /JSON.*, in the value at byte 1/],
  ["[[1]", items, /expected "," or "\]" at byte 4/],
  ["[[1}]", items, /JSON.*, in the value at byte 1/],
  ['{"a" 1}', parts, /expected ":" at byte 5, where "1" is/],
  ["{1: 2}", parts, /a name in quotes is missing/],
  ['{"a": 1,}', parts, /JSON.*, in the value at byte 8/],
  ['{"a": }', parts, /JSON.*, in the value at byte 6/],
] as const)("refuses %s with the place", async (text, how, message) => {
  await expect(read(text, how)).rejects.toThrow(message);
  await expect(read(text, how)).rejects.toBeInstanceOf(SyntaxError);
});

test("refuses a piece that is near what a text can hold", async () => {
  await expect(read(`["${"x".repeat(2 ** 26)}`, items)).rejects.toThrow(
    "the value at byte 1 is longer than 67108864 bytes",
  );
});

test("a long list needs memory for an item", async () => {
  const item = JSON.stringify({ text: "x".repeat(1000) });
  await writeFile(path, `[${Array.from({ length: 60_000 }, () => item).join(",")}]`);
  // What is held, not what is still to be collected, of which there is more the larger the process is.
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const held = () => {
    collect();
    const { arrayBuffers, external, heapUsed } = process.memoryUsage();
    return arrayBuffers + external + heapUsed;
  };
  let count = 0;
  let most = 0;
  await readJsonFile(path, async (source) => {
    const before = held();
    for await (const _ of source.items()) if (++count % 6000 === 0) most = Math.max(most, held() - before);
  });
  expect(count).toBe(60_000);
  expect(most).toBeLessThan(10e6);
});
