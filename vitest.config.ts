import { defineConfig } from "vitest/config";

/** Where `.ci/run` wants to read the results. */
const resultsFile = process.env.TEST_RESULTS;

export default defineConfig({
  test: {
    include: ["packages/*/{src,test}/**/*.test.ts", "docs/**/*.test.ts", "scripts/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    reporters: resultsFile === undefined ? ["default"] : ["default", ["json", { outputFile: resultsFile }]],
  },
});
