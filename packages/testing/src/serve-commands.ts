/** The other side of `command-host.ts`: a process that carries out one command of a program after the other. */
import type { Finished } from "./start-program.ts";

export interface CommandOrder {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** As in `process.argv` from the program's file on. */
  readonly words: readonly string[];
}

export interface CommandTerminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly isLive: false;
}

/** Where it is between two commands: in nobody's folder. */
const home = process.cwd();

/** @param run carries out what stands behind the program's name, in the folder and environment of the order */
export function serveCommands(
  run: (args: readonly string[], terminal: CommandTerminal) => Promise<Finished["code"]>,
): void {
  process.on("message", async ({ folder, environment, words }: CommandOrder) => {
    // Modules print too.
    const stdout = captured(process.stdout);
    const stderr = captured(process.stderr);
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, environment);
    process.argv.splice(1, process.argv.length, ...words);
    process.chdir(folder);
    const code = await run(words.slice(1), { out: stdout.write, err: stderr.write, isLive: false });
    process.chdir(home);
    const finished: Finished = { code, signal: null, stdout: stdout.end(), stderr: stderr.end() };
    process.send?.(finished);
  });
  process.on("disconnect", () => process.exit());
}

/** Keeps what is written to a stream from reaching it. */
function captured(stream: NodeJS.WriteStream) {
  const { write } = stream;
  let text = "";
  const take = (piece: string | Uint8Array) => {
    text += typeof piece === "string" ? piece : new TextDecoder().decode(piece);
  };
  stream.write = (piece: string | Uint8Array, ...others: readonly unknown[]) => {
    take(piece);
    for (const each of others) if (typeof each === "function") process.nextTick(each);
    return true;
  };
  return {
    write: take,
    end() {
      stream.write = write;
      return text;
    },
  };
}
