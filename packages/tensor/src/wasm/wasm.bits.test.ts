import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../../test/wasm-bits.ts", import.meta.url));

/** Of what the script computes, on every machine: it changes only with what a program computes. */
const digest = "fa7d391d8ee793f7d71d70c61e21b7510b18f7e16609aecf4ad875d7653932cf";

test.each([
  ["V8's compilers together", []],
  ["the baseline compiler alone", ["--liftoff-only"]],
  ["the optimizing compiler alone", ["--no-liftoff"]],
])(
  "%s computes these bits",
  (_name, flags) => {
    expect(execFileSync(process.execPath, [...flags, script], { encoding: "utf8" })).toBe(digest);
  },
  60_000,
);
