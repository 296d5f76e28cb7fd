import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Where `.ci/run` wants to read the results. */
const resultsFile = process.env.TEST_RESULTS;

const shared = {
  // Only what hangs takes as long, however busy the machine is.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 240_000 } },
  // Programs that tests start find each other's compiled code, and nothing is written into the tester's home.
  env: { NODE_COMPILE_CACHE: resolve("node_modules/.cache/compiled") },
  setupFiles: ["packages/testing/src/after-each-file.ts", "packages/testing/src/property-seed.ts"],
};

/** Suites that change what a process loads, list all that is registered in it, or measure its memory: each in one of its own. */
const alone = [
  "packages/mosaic/src/config/pipelines.test.ts",
  "packages/mosaic/src/config/process-components.test.ts",
  "packages/mosaic/src/modules/user-files.test.ts",
  "packages/mosaic/src/pipelines/json-source.test.ts",
  "packages/tensor/src/data/image-folder.test.ts",
  "packages/tensor/src/data/png-chunks.test.ts",
  "packages/tensor/src/program/training-program.donation.test.ts",
  "packages/tensor/src/program/training-program.leaks.test.ts",
  "packages/tensor/src/runtime/session.test.ts",
];

/** Small files whose tests take long: at the end one worker alone would be at them. The others begin with the largest. */
const lengthy = ["packages/python/test/suites.test.ts", "packages/mosaic/test/python.test.ts", "scripts/pack.test.ts"];

class LengthyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLengthy = ({ moduleId }: TestSpecification) => lengthy.some((file) => moduleId.endsWith(file));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLengthy), ...sorted.filter((file) => !isLengthy(file))];
  }
}

export default defineConfig({
  test: {
    pool: "forks",
    sequence: { sequencer: LengthyFirst },
    // Vitest leaves a core to itself, which it hardly uses.
    maxWorkers: availableParallelism(),
    reporters: resultsFile === undefined ? ["default"] : ["default", ["json", { outputFile: resultsFile }]],
    projects: [
      // Suites of one file share a process, and with it what they import: half of the time went into starting and loading.
      { test: { ...shared, name: "units", include: ["packages/*/src/**/*.test.ts"], exclude: alone, isolate: false } },
      {
        test: {
          ...shared,
          name: "whole",
          include: [...alone, "packages/*/test/**/*.test.ts", "docs/**/*.test.ts", "scripts/**/*.test.ts"],
        },
      },
    ],
  },
});
