/** Files of data with bytes changed or missing: there is a message, or there are values, soon and within bounds. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { processorSeconds, temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { TensorError } from "../../errors.ts";
import { Generator } from "../../random/generator.ts";
import { FileDataset } from "./file-dataset.ts";

const fixtures = new URL("../../../fixtures/data-files/", import.meta.url).pathname;
const cases = Number(process.env.DATA_FUZZ ?? 60);

const files: readonly (readonly [file: string, input: readonly string[]])[] = [
  ["npy/fortran.npy", ["fortran"]],
  ["npy/a1.npy", ["a1"]],
  ["stored.npz", ["a1", "a5", "fortran"]],
  ["packed.npz", ["a1", "a5", "fortran"]],
  ["data.h5", ["a1", "chunked", "fortran"]],
  ["snappy.parquet", ["whole", "half", "listed", "species"]],
  ["gzip.parquet", ["whole", "half", "listed", "species"]],
  ["zstd.parquet", ["long", "double", "fixed", "flag"]],
  ["pages.parquet", ["long", "double", "fixed", "flag"]],
];

function damage(bytes: Buffer, generator: Generator): Buffer {
  const changed = Buffer.from(bytes);
  switch (generator.integer(0, 4)) {
    case 0:
      return changed.subarray(0, generator.integer(0, bytes.length));
    case 1: {
      const at = generator.integer(0, bytes.length);
      changed.fill(generator.integer(0, 2) * 255, at, Math.min(bytes.length, at + generator.integer(1, 16)));
      return changed;
    }
    default:
      for (let count = generator.integer(1, 5); count > 0; count--) {
        // Headers and lists of what there is stand at both ends.
        const near = Math.min(bytes.length, 600);
        const places = [
          generator.integer(0, bytes.length),
          generator.integer(0, near),
          bytes.length - 1 - generator.integer(0, near),
        ];
        changed[places[generator.integer(0, 3)] ?? 0] = generator.integer(0, 256);
      }
      return changed;
  }
}

async function readAll(path: string, input: readonly string[]): Promise<unknown> {
  let dataset: FileDataset | undefined;
  try {
    dataset = await FileDataset.open(path, {
      input,
      target: [],
      types: path.includes("parquet") && input.includes("species") ? { species: "class" } : {},
    });
    const rows = Int32Array.from({ length: Math.min(dataset.length, 100) }, (_, index) => index);
    await dataset.getMany(rows);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await dataset?.close();
  }
}

test.each(files)("%s", async (file, input) => {
  const bytes = readFileSync(join(fixtures, file));
  const path = join(temporaryFolder(), basename(file));
  const generator = new Generator(Number(process.env.PROPERTY_SEED ?? 1)).stream(file);
  let refused = 0;
  const seconds = await processorSeconds(async () => {
    for (let index = 0; index < cases; index++) {
      writeFileSync(path, damage(bytes, generator));
      const before = process.memoryUsage().arrayBuffers;
      const error = await readAll(path, input);
      if (error === undefined) continue;
      refused++;
      expect(error, `case ${index}: ${error instanceof Error ? error.stack : error}`).toBeInstanceOf(TensorError);
      expect(String(error)).toContain(basename(file));
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 28);
    }
  });
  expect(refused).toBeGreaterThan(cases / 10);
  expect(seconds).toBeLessThan(5 + cases / 5);
});

// Damage that random bytes did: the library that decodes pages would go on for minutes, until the memory is full.
test.each([
  ["damaged-levels.parquet", "fixed", /column "fixed" cannot be read/],
  [
    "damaged-count.parquet",
    "flag",
    /column "flag" cannot be read: the file is damaged: a page claims 1398 values, where 16 are left/,
  ],
])("%s", async (file, column, message) => {
  expect(String(await readAll(join(fixtures, file), [column]))).toMatch(message);
});
