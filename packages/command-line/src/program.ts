/** How programs are run: `mosaic <verb> …`, and a verb that is a command of its own, `mosaic_<verb>`. */
import { CodedError, isSystemError, messageOf, outliveOutput } from "@ml-mosaic/base";
import { CommanderError, Command as Parser } from "commander";
import type { Command, ExitCode, Terminal } from "./command.ts";
import { Stopped } from "./interruptible.ts";
import { plainLines, printableText } from "./one-line.ts";
import { parserOf, understandable } from "./parser.ts";

export interface Program {
  readonly name: string;
  readonly summary: string;
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
  };
  const args = process.argv.slice(2);
  const load = verb === undefined ? undefined : program.commands[verb];
  let isLost = false;
  outliveOutput((stream, error) => {
    if (stream === "stderr" || isLost) return;
    isLost = true;
    terminal.err(`The output could not be written: ${messageOf(error)}\n`);
  });
  const [given = ""] = verb === undefined ? args : [verb];
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
  const [verb = ""] = args;
  const load = Object.hasOwn(program.commands, verb) ? program.commands[verb] : undefined;
  const commands = load === undefined ? await loadCommands(program) : [await load()];
  return parse(args, terminal, (exit) => {
    const parser = new Parser(program.name).description(program.summary);
    for (const command of commands)
      parser.addCommand(parserOf(command, command.name, async (values) => exit(await command.run(values, terminal))));
    return parser;
  });
}

/** Runs one command by itself, under a name of its own. */
export function runCommand(
  command: Command,
  name: string,
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  return parse(args, terminal, (exit) =>
    parserOf(command, name, async (values) => exit(await command.run(values, terminal))),
  );
}

async function parse(
  args: readonly string[],
  terminal: Terminal,
  build: (exit: (code: ExitCode) => void) => Parser,
): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const parser = build((code) => {
    exitCode = code;
  });
  for (const each of [parser, ...parser.commands])
    each.exitOverride().configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
  try {
    await parser.parseAsync(understandable(parser, args), { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.err(`${plainLines(messageOf(error)).join("\n")}\n`);
    if (error instanceof Stopped) return 3;
    // What was not thrown on purpose is a fault of ours: whoever mends it wants to know where.
    const isExpected = error instanceof CodedError || isSystemError(error);
    if (error instanceof Error && !isExpected) terminal.err(`${error.stack}\n`);
    return 2;
  }
}
