/**
 * `mosaic compare` over 10,000 runs: seconds of the whole command, for experiments of many shapes.
 * An argument is a folder in which the databases stay, for `npx node --cpu-prof`.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@ml-mosaic/statistics";
import { dataEntry, netEntry, writeDatabase } from "../packages/mosaic/test/compare-test-database.ts";

const limitSeconds = 3;
const mosaic = new URL("../packages/mosaic/bin/mosaic.ts", import.meta.url).pathname;
const kept = process.argv[2];
const folder = kept ?? mkdtempSync(join(tmpdir(), "mosaic-bench-compare-"));
mkdirSync(folder, { recursive: true });

/** [data sets, models, repetitions] */
const shapes = [
  [1, 2, 5000],
  [1, 10, 1000],
  [1, 40, 250],
  [1, 100, 100],
  [1, 1000, 10],
  [1, 2500, 4],
  [1, 5000, 2],
  [1, 10_000, 1],
  [10, 10, 100],
  [10, 40, 25],
  [20, 15, 33],
  [20, 100, 5],
  [50, 40, 5],
  [100, 10, 10],
  [100, 15, 7],
  [100, 25, 4],
  [250, 10, 4],
  [250, 40, 1],
  [500, 10, 2],
  [1000, 5, 2],
  [2000, 5, 1],
  [5000, 2, 1],
] as const;

console.log(`${cpus()[0]?.model}, ${cpus().length} cores, node ${process.versions.node}`);
console.log(
  `load when started: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(" ")}`,
);
let slowest = 0;
try {
  for (const shape of shapes) {
    const [dataSets, models, repetitions] = shape;
    const file = join(folder, `${shape.join("-")}.db`);
    if (!existsSync(file)) {
      const random = seededRandom(9);
      const runs = Array.from({ length: dataSets * models * repetitions }, (_, index) => {
        const model = Math.floor(index / repetitions) % models;
        return {
          pipeline: [dataEntry(`data_${Math.floor(index / repetitions / models)}`), netEntry(model)],
          repetition: index % repetitions,
          results: { test_loss: random() + model / 1000, nb_params: model },
        };
      });
      await writeDatabase(file, runs);
    }
    const start = performance.now();
    // Processor time as well: a machine that is busy with other things only lengthens the rest.
    const { status, stderr } = spawnSync(
      "bash",
      ["-c", `TIMEFORMAT="%U %S"; time "$@"`, "time", process.execPath, "--disable-warning=ExperimentalWarning", mosaic, "compare", file], // biome-ignore format: one thought
      { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" },
    );
    const seconds = (performance.now() - start) / 1000;
    const [user = 0, system = 0] = stderr.trim().split(/\s+/).slice(-2).map(Number);
    if (status !== 0) throw new Error(stderr);
    slowest = Math.max(slowest, seconds);
    const processor = (user + system).toFixed(2);
    console.log(
      `${dataSets} data sets x ${models} models x ${repetitions} repetitions: ${seconds.toFixed(2)} s, processor ${processor} s`,
    );
  }
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true });
}
console.log(`slowest: ${slowest.toFixed(2)} s, limit ${limitSeconds} s`);
if (slowest > limitSeconds) process.exitCode = 1;
