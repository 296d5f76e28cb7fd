/** How programs are run: `mosaic <verb> …`, and a verb that is a command of its own, `mosaic_<verb>`. */
import { CodedError, isSystemError, machineTrouble, messageOf, outliveOutput, suggestName } from "@ml-mosaic/base";
import { ConfigurationError } from "@ml-mosaic/configurable";
import { ask } from "./ask.ts";
import type { Command, ExitCode, Terminal } from "./command.ts";
import { commandHelp, programHelp } from "./help-text.ts";
import { Stopped } from "./interruptible.ts";
import { oneLine, plainLines, printableText } from "./one-line.ts";
import { readWords } from "./read-words.ts";

export interface Program {
  readonly name: string;
  readonly summary: string;
  /** Told of the words of a process before the command is loaded: what it will need can be begun. */
  readonly onCalled?: (verb: string, words: readonly string[]) => Promise<void>;
  /** By verb. Each is loaded when it is needed: an engine alone takes longer than a look at a database. */
  readonly commands: Readonly<Record<string, () => Promise<Command>>>;
}

/** Runs `program <verb> …` as the process was asked to, or that verb alone where it is a command of its own. */
export async function runProcess(program: Program, verb?: string): Promise<void> {
  const terminal: Terminal = {
    // What goes into a file or a program stays as it is.
    out: (text) => process.stdout.write(process.stdout.isTTY ? printableText(text) : text),
    err: (text) => process.stderr.write(printableText(text)),
    isLive: process.stderr.isTTY === true,
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
  };
  const args = process.argv.slice(2);
  const load = verb === undefined ? undefined : program.commands[verb];
  let isLost = false;
  outliveOutput((stream, error) => {
    if (stream === "stderr" || isLost) return;
    isLost = true;
    terminal.err(`The output could not be written: ${messageOf(error)}\n`);
  });
  const [given = "", ...words] = verb === undefined ? args : [verb, ...args];
  await program.onCalled?.(given, words);
  const command = Object.hasOwn(program.commands, given) ? await program.commands[given]?.() : undefined;
  // The last words may be lost after the command has ended.
  process.on("exit", (code) => {
    if (code === 0 && isLost && command?.keepsResults !== true) process.exitCode = 2;
  });
  process.exitCode =
    load === undefined
      ? await runProgram(program, args, terminal)
      : await runCommand(await load(), `${program.name}_${verb}`, args, terminal);
}

/** All of a program's commands. */
export function loadCommands({ commands }: Program): Promise<readonly Command[]> {
  return Promise.all(Object.values(commands).map((load) => load()));
}

/** Runs `program <verb> …`. */
export async function runProgram(program: Program, args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { name, commands } = program;
  const [verb, ...words] = args;
  if (verb === "help" && words[0] !== undefined) return runProgram(program, [words[0], "--help"], terminal);
  if (verb === undefined || verb === "help" || verb === "--help" || verb === "-h") {
    const lines = (await loadCommands(program)).map(({ name, summary }) => [name, summary] as const);
    const help = programHelp(name, program.summary, lines, process.stdout.columns);
    if (verb === undefined) terminal.err(help);
    else terminal.out(help);
    return verb === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
  if (load !== undefined) return runCommand(await load(), `${name} ${verb}`, words, terminal);
  terminal.err(
    `${name}: unknown command ${JSON.stringify(oneLine(verb))}. ${suggestName(verb, Object.keys(commands))}\n`,
  );
  return 2;
}

/** Runs one command, under the name by which it was called. */
export async function runCommand(
  command: Command,
  name: string,
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const tell = (error: unknown) => terminal.err(`${plainLines(messageOf(error)).join("\n")}\n`);
  try {
    const read = readWords(command, name, args);
    if (read?.ok) return await command.run(read.values, terminal);
    if (read === undefined) {
      terminal.out(commandHelp(command, name, process.stdout.columns));
      return 0;
    }
    tell(new ConfigurationError(read.problems));
    terminal.err(`(${name} --help shows how it is used)\n`);
    return 2;
  } catch (error) {
    tell(error);
    if (error instanceof Stopped) return 3;
    const trouble = machineTrouble(error);
    if (trouble !== undefined) {
      terminal.err(`Stopped: ${trouble}. Then give the same command again.\n`);
      return 3;
    }
    // What was not thrown on purpose is a fault of ours: whoever mends it wants to know where.
    const isExpected = error instanceof CodedError || isSystemError(error);
    if (error instanceof Error && !isExpected) terminal.err(`${error.stack}\n`);
    return 2;
  }
}
