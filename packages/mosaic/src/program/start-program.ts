/** A program as a process of this worker's, with a group of its own: asked to pause, or ended, with all that it has started. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { endMarked, signalGroup } from "../worker/started-processes.ts";

export interface ProgramStart {
  /** The program first. */
  readonly command: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onOutput: (bytes: Buffer, from: "stdout" | "stderr") => void;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartedProgram {
  /** All its output has come. Rejects where it could not be started. */
  readonly ended: Promise<ProgramEnd>;
  signal(signal: "SIGTERM" | "SIGKILL"): void;
}

/** By it what has left the group is found. */
const markVariable = "MOSAIC_PROGRAM";
/** How long output is waited for that nobody is left to write. */
const outputMilliseconds = 2000;

export function startProgram({ command, folder, environment, onOutput }: ProgramStart): StartedProgram {
  const [program = "", ...args] = command;
  const mark = randomUUID();
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...environment, [markVariable]: mark },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.on("data", (bytes: Buffer) => onOutput(bytes, "stdout"));
  child.stderr.on("data", (bytes: Buffer) => onOutput(bytes, "stderr"));
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.on("error", reject);
    let waiting: NodeJS.Timeout | undefined;
    child.on("close", (code, signal) => {
      clearTimeout(waiting);
      resolve({ code, signal });
    });
    child.on("exit", (code, signal) => {
      signalGroup(child, "SIGKILL");
      endMarked(mark);
      waiting = setTimeout(() => resolve({ code, signal }), outputMilliseconds);
    });
  });
  return {
    ended,
    signal(signal) {
      signalGroup(child, signal);
      if (signal === "SIGKILL") endMarked(mark);
    },
  };
}
