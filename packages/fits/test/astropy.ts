/** Runs astropy and the tools of cfitsio on files that this package wrote; tests are skipped where they are missing. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

const PYTHON = "/usr/bin/python3";
const FITSVERIFY = "/usr/bin/fitsverify";
const FUNPACK = "/usr/bin/funpack";

const required = process.env.REQUIRE_ALL === "1";

export const skipWithoutAstropy: boolean = !required && spawnSync(PYTHON, ["-c", "import astropy"]).status !== 0;
export const skipWithoutFitsverify: boolean = !required && !existsSync(FITSVERIFY);
export const skipWithoutFunpack: boolean = !required && !existsSync(FUNPACK);

/** @returns what the script wrote as JSON to its output */
export async function python(script: string, ...args: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(PYTHON, ["-c", script, ...args], { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout);
}

/** @returns the report of fitsverify, which ends in its verdict */
export function fitsverify(path: string): string {
  return spawnSync(FITSVERIFY, [path], { encoding: "utf8" }).stdout;
}

/** @returns the path of the file that cfitsio unpacked from one with compressed tiles */
export function funpack(path: string): string {
  const unpacked = `${path}.unpacked`;
  const { status, stderr } = spawnSync(FUNPACK, ["-O", unpacked, path], { encoding: "utf8" });
  if (status !== 0) throw new Error(`funpack: ${stderr}`);
  return unpacked;
}
