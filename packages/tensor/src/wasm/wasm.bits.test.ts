/** The same bits under each of V8's compilers, in Chromium, and by an engine of another house: Firefox's. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { browserNames, browserPath, visit } from "@ml-mosaic/testing";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const run = promisify(execFile);

/** Of what the program computes, on every machine: they change only with what it computes. */
const known = {
  "elementary functions": "55160157266d4fa1",
  "arithmetic of all bit patterns": "8b29e607a9260cb8",
  "sums and extremes": "af808ed7579cd848",
  "products of matrices": "c0409e2b4e28fbda",
  "moved, gathered and scattered": "7dd40b7ad12a63a7",
  windows: "400c90859a2ebd95",
  "whole numbers": "1637e11d700cd979",
  "random draws": "4d50571aa28a6aa1",
  "numbers that JavaScript draws": "b852e08aa41c55c4",
  "learning rates": "a9c9200706be79c1",
  "a convolutional network": "2808feaf4efaceba",
  "a transformer": "ad3a888b0bf8ba68",
  "an MLP by SGD": "ebb006e2ed0d2fe1",
  "an MLP by Nesterov": "b59054c4c7a46969",
  "an MLP by Adam": "63f84a5639c83e32",
  "an MLP by AdamW": "c1b3965aa2d79d89",
  "an MLP by NAdam": "9daa66e2bf595f2f",
  "an MLP by RAdam": "74b24b58de43bf62",
  "an MLP by RMSprop": "f218065daccdf2a6",
  "an MLP by Adagrad": "19c462429ce38f8b",
  "an MLP by Adadelta": "a31783064678dd01",
};

test.each([
  ["V8's compilers together", []],
  ["V8's baseline compiler alone", ["--liftoff-only"]],
  ["V8's optimizing compiler alone", ["--no-liftoff"]],
])(
  "%s computes these bits",
  async (_name, flags) => {
    const program = `process.stdout.write(JSON.stringify(await (await import("${root}packages/tensor/test/wasm-bits.ts")).digests()))`;
    const { stdout } = await run(process.execPath, [...flags, "--input-type=module", "--eval", program]);
    expect(JSON.parse(stdout)).toEqual(known);
  },
  60_000,
);

const page = `<output></output>
<script type="importmap">${JSON.stringify({
  imports: {
    "@ml-mosaic/base": "/packages/base/src/browser.ts",
    "@noble/hashes/": "/node_modules/@noble/hashes/",
    "fastest-levenshtein": "/node_modules/fastest-levenshtein/esm/mod.js",
    "#platform": "/packages/tensor/src/platform/browser.ts",
  },
})}</script>
<script type="module">
  import { digests } from "/packages/tensor/test/wasm-bits.ts";
  document.querySelector("output").textContent = JSON.stringify(await digests());
</script>`;

test.for(browserNames)("%s computes these bits", { timeout: 120_000 }, async (browser, context) => {
  const program = browserPath(browser);
  if (!existsSync(program) && process.env.REQUIRE_ALL !== "1") context.skip(`${program} is not installed`);
  const { output } = await visit(browser, { page, folders: { "/": root } });
  expect(JSON.parse(output)).toEqual(known);
});
