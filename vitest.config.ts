import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Where `.ci/run` wants to read the results. */
const resultsFile = process.env.TEST_RESULTS;

const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  setupFiles: ["packages/testing/src/after-each-file.ts"],
};

/** Suites that change what a process loads, or list all that is registered in it, each in one of its own. */
const alone = [
  "packages/mosaic/src/config/process-components.test.ts",
  "packages/mosaic/src/modules/user-files.test.ts",
];

export default defineConfig({
  test: {
    pool: "forks",
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
