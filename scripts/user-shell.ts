import { execFile } from "node:child_process";
import { delimiter } from "node:path";
import { promisify } from "node:util";

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as a user's shell would: not as a child of npm or Vitest, and without this repository's programs. */
export function runAsUser(folder: string, command: string, ...args: readonly string[]): Promise<Output> {
  const path = (process.env.PATH ?? "").split(delimiter).filter((place) => !place.includes("node_modules"));
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_)/.test(name));
  const env = { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
  return promisify(execFile)(command, args, { cwd: folder, env, maxBuffer: 2 ** 26 });
}
