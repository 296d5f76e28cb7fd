import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { plainScript } from "./plain-script.ts";

const text = "export const answer: number = 42;\n";
const script = "export const answer         = 42;\n";

test("a text is stripped once, and what is kept of it is used only where it is whole", () => {
  const folder = temporaryFolder();
  const environment = { NODE_COMPILE_CACHE: folder };
  expect(plainScript(text, environment)).toBe(script);
  const [name = ""] = readdirSync(join(folder, "scripts"));
  expect(readdirSync(join(folder, "scripts"))).toEqual([name]);
  const file = join(folder, "scripts", name);
  const kept = readFileSync(file, "utf8");
  utimesSync(file, 1, 1);
  expect(plainScript(text, environment)).toBe(script);
  expect(statSync(file).mtimeMs).toBe(1000);
  for (const damaged of [kept.slice(0, -3), kept.replace("42", "43"), "", "//\n"]) {
    writeFileSync(file, damaged);
    expect(plainScript(text, environment)).toBe(script);
    expect(readFileSync(file, "utf8")).toBe(kept);
  }
});

test("where nothing is to be kept nothing is", () => {
  const folder = temporaryFolder();
  const environment = { NODE_COMPILE_CACHE: folder, NODE_DISABLE_COMPILE_CACHE: "1" };
  expect(plainScript(text, environment)).toBe(script);
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(join(folder, "file"), "");
  expect(plainScript(text, { NODE_COMPILE_CACHE: join(folder, "file") })).toBe(script);
  expect(plainScript(text, {})).toBe(script);
});

test("a text that is none is refused each time", () => {
  const environment = { NODE_COMPILE_CACHE: temporaryFolder() };
  for (let time = 0; time < 2; time++) expect(() => plainScript("export const = 1", environment)).toThrow();
});
