import { type ChildProcess, spawn } from "node:child_process";
import { markVariable, newMark } from "../worker/started-processes.ts";
import { NamelessFile } from "./nameless-file.ts";

/** What is started as a worker: whatever says `messages.ts` on the descriptors that are given to it below. */
export interface WorkerProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the environment that is kept, or else that of this process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where it works; by default in the folder that is kept, or else where this process does. */
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

interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** undefined where it is gone. */
  readonly folder: string | undefined;
}

let kept: Surroundings | undefined;

/**
 * All workers find the environment and the folder that are there now. The supervisor loads users' modules to look at them, which may
 * change both, and no result may depend on when its worker was started.
 */
export function keepSurroundings(): void {
  kept = { environment: { ...process.env }, folder: folderNow() };
}

export function spawnWorker({ command, args, environment, folder }: WorkerProgram): SpawnedWorker {
  const output = new NamelessFile();
  const begun = new NamelessFile("wx+");
  const mark = newMark();
  const child = spawn(command, args, {
    // A group of its own: what its modules start belongs to it, and ends with it; what leaves the group keeps the mark.
    detached: true,
    cwd: folder ?? changedFrom(),
    env: { ...(kept?.environment ?? process.env), ...environment, [markVariable]: mark },
    // The worker moves what comes out of its children, and of native libraries, to its run's log. Then the channel, the
    // pulse and the run that it has begun.
    stdio: ["ignore", output.descriptor, output.descriptor, "pipe", "pipe", begun.descriptor],
  });
  return { child, mark, output, begun };
}

/** The folder that is kept, where this process has left it: one that was renamed or removed meanwhile is a worker's all the same. */
function changedFrom(): string | undefined {
  return kept?.folder === folderNow() ? undefined : kept?.folder;
}

function folderNow(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
