/** Runs the suites in Python, each `test_*.py` in a process of its own. */
import { execFile, execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { pythonPath } from "../src/index.ts";

const python = "/usr/bin/python3";
const suites = join(import.meta.dirname, "python");
const env = { ...process.env, PYTHONPATH: pythonPath, PYTHONDONTWRITEBYTECODE: "1" };

function problem(): string | undefined {
  try {
    execFileSync(python, ["-m", "mosaic_worker.probe"], { env, encoding: "utf8" });
    return undefined;
  } catch (error) {
    const { stdout }: { readonly stdout?: unknown } = Object(error);
    return `${python} cannot be used: ${typeof stdout === "string" && stdout !== "" ? stdout.trim() : String(error)}`;
  }
}

const missing = problem();
if (missing !== undefined) process.stderr.write(`The Python worker is not tested: ${missing}\n`);
const isSkipped = missing !== undefined && process.env.REQUIRE_ALL !== "1";

test.skipIf(isSkipped).for(readdirSync(suites).filter((name) => name.startsWith("test_")))(
  "%s",
  { timeout: 300_000 },
  async (name) => {
    expect(missing).toBeUndefined();
    // It prints what failed, and ends with a code that says so.
    await promisify(execFile)(python, [join(suites, name)], { env, cwd: suites });
  },
);
