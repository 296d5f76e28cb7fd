/** The interpreter of the tests, and why it cannot be used where it cannot. */
import { execFileSync } from "node:child_process";
import { pythonPath } from "../src/index.ts";

export const python = "/usr/bin/python3";
export const environment = { ...process.env, PYTHONPATH: pythonPath, PYTHONDONTWRITEBYTECODE: "1" };

export const problem: string | undefined = findProblem();
export const isSkipped: boolean = problem !== undefined && process.env.REQUIRE_ALL !== "1";
if (isSkipped) process.stderr.write(`The Python worker is not tested: ${problem}\n`);

function findProblem(): string | undefined {
  try {
    execFileSync(python, ["-m", "mosaic_worker.probe"], { env: environment, encoding: "utf8" });
    return undefined;
  } catch (error) {
    const { stdout }: { readonly stdout?: unknown } = Object(error);
    return `${python} cannot be used: ${typeof stdout === "string" && stdout !== "" ? stdout.trim() : String(error)}`;
  }
}
