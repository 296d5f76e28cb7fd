/** Runs the suites in Python, each `test_*.py` in a process of its own. */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { environment, isSkipped, problem, python } from "./python.ts";

const suites = join(import.meta.dirname, "python");

test.skipIf(isSkipped).for(readdirSync(suites).filter((name) => name.startsWith("test_")))("%s", async (name) => {
  expect(problem).toBeUndefined();
  // It prints what failed, and ends with a code that says so.
  await promisify(execFile)(python, [join(suites, name)], { env: environment, cwd: suites });
});
