import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

// As Node loads them: what is tested are hooks of its loader, which the one of the tests goes round.
const native = createRequire(import.meta.url);
const { beginUserFiles, checkUserFiles, importUserFile, withoutMarks }: typeof import("./user-files.ts") =
  native("./user-files.ts");
const { moduleCode }: typeof import("../languages/typescript/module-code.ts") = native(
  "../languages/typescript/module-code.ts",
);
const { loadClass }: typeof import("./load-class.ts") = native("./load-class.ts");
const { register, typedConfigurable }: typeof import("@ml-mosaic/configurable") = native("@ml-mosaic/configurable");

let folder: string;
let file: string;
beforeEach(async () => {
  folder = temporaryFolder("mosaic-user-files-");
  file = join(folder, "main.ts");
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(
    file,
    `import { createRequire } from "node:module";
import { counter } from "./counter.ts";
import start from "./start.json" with { type: "json" };
const legacy: { count: number } = createRequire(import.meta.url)("./legacy.cjs");
let own: number = start.value;
export function next(): readonly number[] { own++; counter.count++; legacy.count++; return [own, counter.count, legacy.count]; }
export function fail(): never { throw new Error("here"); }
export const later = (name: string) => import("./" + name);
`,
  );
  await writeFile(join(folder, "counter.ts"), "export const counter: { count: number } = { count: 10 };");
  await writeFile(join(folder, "start.json"), '{ "value": 20 }');
  await writeFile(join(folder, "legacy.cjs"), 'module.exports = { count: require("./deep").count };');
  await writeFile(join(folder, "deep.js"), "export const count = 30;");
  await writeFile(join(folder, "later.ts"), "export const x = 1;");
});

afterEach(() => beginUserFiles(undefined));

const call = async (name: string, ...values: readonly unknown[]): Promise<unknown> => {
  const { [name]: found } = await importUserFile(file);
  if (typeof found !== "function") throw new TypeError(name);
  return found(...values);
};

test("each run finds the files as they begin, and within a run they are the same", async () => {
  for (let run = 0; run < 3; run++) {
    beginUserFiles(undefined);
    expect(await call("next")).toEqual([21, 11, 31]);
    expect(await call("next")).toEqual([22, 12, 32]);
  }
});

test("files that have kept nothing serve all runs of the same texts", async () => {
  const plain = join(folder, "plain.ts");
  await writeFile(plain, "export class Plain { readonly a: number = 1; forward() { return 1; } }");
  const { files } = await moduleCode({ kind: "file", path: plain }, folder);
  const code = await moduleCode({ kind: "file", path: file }, folder);
  const load = async (digests = files) => {
    beginUserFiles(digests);
    return (await importUserFile(plain)).Plain;
  };
  beginUserFiles(undefined);
  const first = await load();
  expect(await load()).toBe(first);
  // One file that remembers could write to all others.
  const both = new Map([...files, ...code.files]);
  expect(await load(both)).toBe(first);
  expect(await call("next")).toEqual([21, 11, 31]);
  expect(await load(both)).not.toBe(first);
  expect(await call("next")).toEqual([21, 11, 31]);
});

test("a package that is of another version when it is loaded is refused, whatever the module makes of it", async () => {
  const install = async (version: string) => {
    await mkdir(join(folder, "node_modules/scale"), { recursive: true });
    const described = { name: "scale", version, type: "module", exports: "./index.js" };
    await writeFile(join(folder, "node_modules/scale/package.json"), JSON.stringify(described));
    await writeFile(join(folder, "node_modules/scale/index.js"), "export const scale = 2;");
  };
  const plain = join(folder, "plain.js");
  await writeFile(plain, 'export const scale = import("scale").catch(() => undefined);');
  await install("1.0.0");
  const before = await moduleCode({ kind: "file", path: plain }, folder);
  const asPackage = await moduleCode({ kind: "package", name: "scale" }, folder);
  await install("1.1.0");
  expect((await moduleCode({ kind: "file", path: plain }, folder)).digest).not.toBe(before.digest);
  beginUserFiles(before.files);
  await importUserFile(plain);
  await (await importUserFile(plain)).scale;
  expect(checkUserFiles).toThrow("scale was 1.0.0 when its runs were planned, and is 1.1.0");
  beginUserFiles(asPackage.files);
  await expect(loadClass({ kind: "package", name: "scale" }, "Scale", folder)).rejects.toThrow("is 1.1.0");
});

test.each([
  [
    "a method, by a name that is computed",
    'const key = ["for", "ward"].join(""); it[key].count = (it[key].count ?? 0) + 1;',
  ],
  ["a class, through another's hands", "const { constructor } = it; Object.assign(constructor, { count: 1 });"],
  ["a prototype", 'Reflect.defineProperty(Object.getPrototypeOf(it), "count", { value: 1, configurable: true });'],
  ["a constant", "table.seen.push(it);"],
  ["a function", "touch.count = 1;"],
  ["a name of a class", "Plain = class extends Plain {};"],
  ["import.meta", "import.meta.count = 1;"],
])("what a run has written to %s is gone for the next", async (_, statement) => {
  const plain = join(folder, "plain.js");
  await writeFile(
    plain,
    `export const table = { seen: [] };
export { Plain };
class Plain { forward() { return 1; } }
export function touch(it = new Plain()) { const before = state(it); ${statement} return [before, state(it)]; }
function state(it) {
  const { count } = import.meta;
  return [it.forward, it.constructor, Object.getPrototypeOf(it), touch].map((each) => each.count).concat(table.seen.length, count, Plain.name);
}`,
  );
  const { files } = await moduleCode({ kind: "file", path: plain }, folder);
  beginUserFiles(undefined);
  const touch = async () => {
    beginUserFiles(files);
    const loaded = await importUserFile(plain);
    return { loaded, state: Function.prototype.call.call(Object(loaded.touch), undefined) };
  };
  const first = await touch();
  const second = await touch();
  expect(second.state).toEqual(first.state);
  expect(second.loaded).not.toBe(first.loaded);
});

test("a stack names the file and the line alone", async () => {
  beginUserFiles(undefined);
  const error: unknown = await call("fail").catch((thrown: unknown) => thrown);
  const stack = withoutMarks(String(Object(error).stack));
  expect(stack).toMatch(/main\.ts:7:39/);
  expect(stack).not.toContain("?");
});

test.each(["main.ts", "counter.ts", "start.json", "legacy.cjs", "deep.js"])(
  "%s counts, and is refused where its text is another one than planned",
  async (name) => {
    const before = await moduleCode({ kind: "file", path: file }, folder);
    await writeFile(join(folder, name), `${name.endsWith("json") ? "" : "// changed\n"} `, { flag: "a" });
    const after = await moduleCode({ kind: "file", path: file }, folder);
    expect(after.digest).not.toBe(before.digest);
    beginUserFiles(undefined);
    beginUserFiles(before.files);
    await expect(importUserFile(file)).rejects.toThrow(`${join(folder, name)} has changed since its runs were planned`);
    // A module that catches it is none the better for it.
    expect(checkUserFiles).toThrow("has changed since");
    beginUserFiles(after.files);
    checkUserFiles();
  },
);

test("the versions of packages count", async () => {
  await writeFile(join(folder, "counter.ts"), 'import "some-package"; export const counter = { count: 10 };');
  const digest = async () => (await moduleCode({ kind: "file", path: file }, folder)).digest;
  const without = await digest();
  await mkdir(join(folder, "node_modules/some-package"), { recursive: true });
  const install = (version: string) =>
    writeFile(join(folder, "node_modules/some-package/package.json"), JSON.stringify({ version }));
  await install("1.0.0");
  const first = await digest();
  await install("1.0.1");
  expect(new Set([without, first, await digest()]).size).toBe(3);
});

test("a file whose name is known only in a run is refused, unless it was loaded before the run was planned", async () => {
  beginUserFiles((await moduleCode({ kind: "file", path: file }, folder)).files);
  await expect(call("later", "later.ts")).rejects.toThrow(/later\.ts is imported by a name that is known only while/);
  beginUserFiles(undefined);
  await call("later", "later.ts");
  beginUserFiles((await moduleCode({ kind: "file", path: file }, folder)).files);
  expect(await call("later", "later.ts")).toHaveProperty("x", 1);
});

test("what a file registers is forgotten with it", async () => {
  class Shape extends typedConfigurable({}) {}
  Object.assign(globalThis, { Shape, register });
  await writeFile(file, "class Round extends globalThis.Shape {}\nglobalThis.register(Round);");
  for (let run = 0; run < 2; run++) {
    beginUserFiles(undefined);
    expect(Shape.registered).toEqual([]);
    await importUserFile(file);
    expect(Shape.registered.map(({ type }) => type)).toEqual(["Round"]);
  }
});
