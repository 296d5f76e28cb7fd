import { type ChildProcess, spawn } from "node:child_process";
import { markVariable, newMark } from "../worker/started-processes.ts";
import { NamelessFile } from "./nameless-file.ts";

/** What is started as a worker: whatever says `messages.ts` on the descriptors that are given to it below. */
export interface WorkerProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the environment of this process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where it works; by default where this process does. */
  readonly folder?: string;
}

/** A worker's process, to which nobody listens yet. */
export interface SpawnedWorker {
  readonly child: ChildProcess;
  /** Finds what its modules start. */
  readonly mark: string;
  /** What it prints. */
  readonly output: NamelessFile;
  /** Which run it has begun. */
  readonly begun: NamelessFile;
}

export function spawnWorker({ command, args, environment, folder }: WorkerProgram): SpawnedWorker {
  const output = new NamelessFile();
  const begun = new NamelessFile("wx+");
  const mark = newMark();
  const child = spawn(command, args, {
    // A group of its own: what its modules start belongs to it, and ends with it; what leaves the group keeps the mark.
    detached: true,
    ...(folder === undefined ? {} : { cwd: folder }),
    env: { ...process.env, ...environment, [markVariable]: mark },
    // The worker moves what comes out of its children, and of native libraries, to its run's log. Then the channel, the
    // pulse and the run that it has begun.
    stdio: ["ignore", output.descriptor, output.descriptor, "pipe", "pipe", begun.descriptor],
  });
  return { child, mark, output, begun };
}
