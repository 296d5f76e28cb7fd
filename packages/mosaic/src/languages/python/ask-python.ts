/** Asks one of the programs of the Python package, which answers with a JSON document. */
import { spawn } from "node:child_process";
import { pythonEnvironment, pythonPath } from "@ml-mosaic/python";
import type { WorkerProgram } from "../../supervisor/spawned-worker.ts";
import { signalGroup } from "../../worker/started-processes.ts";

/** `PYTHON -m mosaic_worker`, or a program in it. */
export function pythonCommand(command: string, program?: string): WorkerProgram {
  return {
    command,
    args: ["-m", program === undefined ? "mosaic_worker" : `mosaic_worker.${program}`],
    environment: {
      PYTHONPATH: pythonPath,
      // The user's own, which is put back before the user's files are imported.
      MOSAIC_PYTHONPATH: process.env.PYTHONPATH ?? "",
      ...pythonEnvironment,
    },
  };
}

export interface Answer {
  /** What came on the descriptor that answers come on; files of the user's print on the others. */
  readonly answer: string;
  /** What came on standard output. */
  readonly printed: string;
  /** The end of what came on standard error. */
  readonly lastWords: string;
  /** How it ended. */
  readonly how: string;
}

export interface Asking {
  readonly args?: readonly string[];
  /** Written as JSON to its standard input. */
  readonly question?: unknown;
  readonly cwd?: string;
  /** It is ended after so many. */
  readonly seconds: number;
}

const mostWords = 2000;
const mostPrinted = 64 * 1024;
const answerDescriptor = 3;

export function askPython(
  command: string,
  module: string,
  { args = [], question, cwd, seconds }: Asking,
): Promise<Answer> {
  const started = pythonCommand(command, module);
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const child = spawn(command, [...started.args, ...args], {
    env: { ...process.env, ...started.environment },
    ...(cwd === undefined ? {} : { cwd }),
    // What the files start ends with it.
    detached: true,
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const answer: Buffer[] = [];
  let printed = "";
  let words = "";
  let overdue = false;
  const kill = () => signalGroup(child, "SIGKILL");
  const timer = setTimeout(() => {
    overdue = true;
    kill();
  }, seconds * 1000);
  child.stdout?.on("data", (bytes: Buffer) => {
    printed = (printed + bytes.toString("utf8")).slice(-mostPrinted);
  });
  child.stderr?.on("data", (bytes: Buffer) => {
    words = (words + bytes.toString("utf8")).slice(-mostWords);
  });
  child.stdio[answerDescriptor]?.on("data", (bytes: Buffer) => answer.push(bytes));
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(question === undefined ? "" : JSON.stringify(question));
  const end = (how: string) => {
    clearTimeout(timer);
    kill();
    resolve({
      answer: Buffer.concat(answer).toString("utf8"),
      printed,
      lastWords: words.trim(),
      how: overdue ? `it did not end within ${seconds} s` : how,
    });
  };
  child.on("error", (error) => end(error.message));
  child.on("exit", kill);
  child.on("close", (code, signal) =>
    end(signal === null ? `it ended with exit code ${code}` : `it was killed by ${signal}`),
  );
  return promise;
}

/** undefined for what is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
