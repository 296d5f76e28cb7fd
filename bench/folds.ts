/** Assigning patches to folds: 10 million of them within 5 seconds, for both strategies. */
import { cpus } from "node:os";
import { assignFolds } from "../packages/bigsf/src/folds/assign-folds.ts";
import { partIndices } from "../packages/bigsf/src/folds/part-indices.ts";
import { foldSplits, parts } from "../packages/bigsf/src/folds/splits.ts";

const limitSeconds = 5;
const patches = 10_000_000;
/** Rows of the map: as long as the Galactic plane in maps of today. */
const width = 1_800;

console.log(`${cpus()[0]?.model.trim()}, Node ${process.versions.node}`);
const positions = new Int32Array(2 * patches);
for (let patch = 0; patch < patches; patch++) {
  positions[2 * patch] = Math.floor(patch / width);
  positions[2 * patch + 1] = patch % width;
}
for (const type of ["random", "naive"] as const) {
  const options = { type, k: 5, k_train: 0.6, area_size: 64, patch_size: 32, overlap: 0 };
  const start = performance.now();
  const assignment = assignFolds(positions, options);
  const assigned = performance.now();
  let indices = 0;
  const splits = foldSplits(options);
  for (const split of splits) for (const part of parts) indices += partIndices(assignment, split, part).length;
  const seconds = (performance.now() - start) / 1000;
  const megabytes = process.memoryUsage().rss / 2 ** 20;
  console.log(
    `${type}: ${seconds.toFixed(2)} s for ${patches.toExponential()} patches, ${assignment.foldOfArea.length} areas, ${splits.length} splits ` +
      `(assignment ${((assigned - start) / 1000).toFixed(2)} s, lists of ${indices} indices after it), ${megabytes.toFixed(0)} MB in all; limit ${limitSeconds} s`,
  );
  if (seconds > limitSeconds) process.exitCode = 1;
}
