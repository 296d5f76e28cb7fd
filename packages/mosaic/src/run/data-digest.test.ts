import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataLoader, randn, type SampleArray, TensorDataset } from "@ml-mosaic/tensor";
import { expect, test } from "vitest";
import { digestOfLoaders, digestOfSums, sumOf } from "./data-digest.ts";

interface Field extends Pick<SampleArray, "shape" | "dtype"> {
  readonly values: readonly string[];
}
interface Cases {
  readonly digest: { readonly of: readonly number[]; readonly is: string };
  readonly sets: readonly { readonly name: string; readonly fields: readonly Field[]; readonly sum: string }[];
}
const cases: Cases = JSON.parse(readFileSync(join(import.meta.dirname, "../../../python/digest-cases.json"), "utf8"));

function arrayOf({ shape, dtype, values }: Field): SampleArray {
  if (dtype === "int64") return { shape, dtype, data: BigInt64Array.from(values, BigInt) };
  const numbers = values.map(Number);
  if (dtype === "float32") return { shape, dtype, data: Float32Array.from(numbers) };
  return { shape, dtype, data: dtype === "int32" ? Int32Array.from(numbers) : Uint8Array.from(numbers) };
}

test.for(cases.sets)("$name: as in Python", ({ fields, sum }) => {
  const rows = Int32Array.from({ length: fields[0]?.shape[0] ?? 0 }, (_, row) => row);
  expect(sumOf({ fields: fields.map(arrayOf), rows })).toBe(sum);
  expect(sumOf({ fields: fields.map(arrayOf), rows: rows.toReversed() })).toBe(sum);
});

test("the digest of a train and a test set is as in Python", () => {
  expect(digestOfSums(cases.digest.of.map((index) => cases.sets[index]?.sum ?? ""))).toBe(cases.digest.is);
});

test("of loaders: the samples that an epoch gives, in whatever order; not of large data", async () => {
  const loader = (data: TensorDataset, options = {}) => new DataLoader(data, { batchSize: 4, ...options });
  const data = new TensorDataset(randn([10, 2]), randn([10, 1]));
  const other = new TensorDataset(randn([10, 2]), randn([10, 1]));
  const digest = await digestOfLoaders([loader(data), loader(other)]);
  expect(digest).toMatch(/^[0-9a-f]{32}$/);
  expect(await digestOfLoaders([loader(data, { shuffle: true, batchSize: 3 }), loader(other)])).toBe(digest);
  expect(await digestOfLoaders([loader(other), loader(data)])).not.toBe(digest);
  expect(await digestOfLoaders([loader(data, { dropLast: true }), loader(other)])).toBeNull();
  const large = new TensorDataset(randn([2 ** 14 + 1, 1]), randn([2 ** 14 + 1, 1]));
  expect(await digestOfLoaders([loader(large), loader(other)])).toBeNull();
});
