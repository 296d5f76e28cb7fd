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
  "sums and extremes": "dc97b1788a35ad4b",
  "products of matrices": "c0409e2b4e28fbda",
  "moved, gathered and scattered": "7dd40b7ad12a63a7",
  windows: "03677ad1bdbd27f5",
  "whole numbers": "1637e11d700cd979",
  "random draws": "4d50571aa28a6aa1",
  "numbers that JavaScript draws": "b852e08aa41c55c4",
  "learning rates": "a9c9200706be79c1",
  "a convolutional network": "ed77619eb0f43764",
  "a recurrent network": "d46635e5abc6c30d",
  "a transformer": "3d0ed8b5714cd628",
  "an MLP by SGD": "703fc854c2ab2ced",
  "an MLP by Nesterov": "0edf30e8665e6dc8",
  "an MLP by Adam": "44aec42bccf1e2eb",
  "an MLP by AdamW": "6559f46c1868a0b0",
  "an MLP by NAdam": "a94784c49f0b86c1",
  "an MLP by RAdam": "032864f7fdd0a52a",
  "an MLP by RMSprop": "d5debc2bc22474ef",
  "an MLP by Adagrad": "41be66fa638d6a0a",
  "an MLP by Adadelta": "10488a04d2f587cd",
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

test.for(browserNames)("%s computes these bits", async (browser, context) => {
  const program = browserPath(browser);
  if (!existsSync(program) && process.env.REQUIRE_ALL !== "1") context.skip(`${program} is not installed`);
  const { output } = await visit(browser, { page, folders: { "/": root } });
  expect(JSON.parse(output)).toEqual(known);
});
