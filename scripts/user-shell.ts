import { execFile } from "node:child_process";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as a user's shell would: not as a child of npm or Vitest, and without this repository's programs. */
export function runAsUser(folder: string, command: string, ...args: readonly string[]): Promise<Output> {
  return run(folder, [], command, args);
}

/** The same, where `npx` takes no time of its own: for pages that type it again and again. `pack.test.ts` has npm's. */
export function typeAsUser(folder: string, command: string, ...args: readonly string[]): Promise<Output> {
  return run(folder, [join(import.meta.dirname, "quick")], command, args);
}

function run(folder: string, places: readonly string[], command: string, args: readonly string[]): Promise<Output> {
  const path = (process.env.PATH ?? "").split(delimiter).filter((place) => !place.includes("node_modules"));
  // What is compiled is kept where the tests keep it, not in the home.
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_(?!COMPILE_CACHE$))/.test(name));
  const env = { ...Object.fromEntries(kept), PATH: [...places, ...path].join(delimiter) };
  return promisify(execFile)(command, args, { cwd: folder, env, maxBuffer: 2 ** 26 });
}
