/** Programs that tests start as a user would, in a process group of their own, as a shell gives every command. */
import { spawn } from "node:child_process";
import { until } from "./until.ts";

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly finished: Promise<Finished>;
  /** What it has said on stderr so far. */
  stderr(): string;
  /** Waits until it has said this on stderr. */
  said(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** To the whole group, as Ctrl-C on a terminal. */
  signalGroup(signal: NodeJS.Signals): void;
  /** Whether a process of the group lives. */
  groupLives(): boolean;
}

export interface StartOptions {
  readonly folder: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Groups of programs that have not ended. */
const groups = new Set<number>();

export function startProgram(program: string, args: readonly string[], options: StartOptions): Running {
  const { folder, environment = process.env } = options;
  const child = spawn(program, args, {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  let isClosed = false;
  const pid = child.pid ?? 0;
  if (pid > 0) groups.add(pid);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      isClosed = true;
      groups.delete(pid);
      resolve({ code, signal, ...output });
    });
  });
  return {
    pid,
    finished,
    stderr: () => output.stderr,
    async said(text) {
      await until(() => isClosed || output.stderr.includes(text), `"${text}"`, 300);
      if (!output.stderr.includes(text)) throw new Error(`it ended without saying "${text}": ${output.stderr}`);
    },
    kill: (signal) => void child.kill(signal),
    signalGroup: (signal) => void process.kill(-pid, signal),
    groupLives() {
      try {
        process.kill(-pid, 0);
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Called when the tests of a file have ended (`after-each-file.ts`): one that fails leaves its programs behind, maybe stopped. */
export function endPrograms(): void {
  for (const pid of groups) {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
  groups.clear();
}
