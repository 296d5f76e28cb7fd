/** What every command looks like, and how it is read from the command line. */
import { Command, CommanderError, Option } from "commander";
import { MosaicError } from "../errors.ts";

/** 0 done, 1 some runs failed, 2 wrong usage or input, 3 stopped with work left. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress, notices and errors. */
  readonly err: (text: string) => void;
  /** Whether progress may move the cursor. */
  readonly isLive: boolean;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly help: string;
}

export interface OptionSpec {
  /** Without dashes: `dry-run`. */
  readonly name: string;
  readonly help: string;
  /** Name of the option's value; without it the option is a switch. */
  readonly value?: string;
}

export interface CommandSpec {
  /** After `mosaic` or `mosaic_`. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  run(given: Given, terminal: Terminal): Promise<ExitCode>;
}

/** What the user wrote, checked against the specification. */
export interface Given {
  argument(name: string): string;
  switched(name: string): boolean;
  option(name: string): string | undefined;
}

/** Runs `mosaic <verb> …`, or one command by itself, and returns the exit code. */
export async function runCommandLine(program: Command, args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const remember = (code: ExitCode) => {
    exitCode = code;
  };
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
    command.setOptionValue(exitCodeKey, remember);
  }
  try {
    await program.parseAsync(doubleDashes(program, args), { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.err(`${error instanceof Error ? error.message : String(error)}\n`);
    if (!(error instanceof MosaicError || (error instanceof Error && "code" in error)) && error instanceof Error)
      terminal.err(`${error.stack}\n`);
    return 2;
  }
}

const exitCodeKey = "exitCodeSink";

/** The parser of one command. */
export function buildCommand(spec: CommandSpec, terminal: Terminal, name: string): Command {
  const command = new Command(name).description(spec.summary).showHelpAfterError("(--help shows how it is used)");
  for (const argument of spec.arguments) command.argument(`<${argument.name}>`, argument.help);
  for (const { name: option, value, help } of spec.options) {
    command.addOption(new Option(value === undefined ? `--${option}` : `--${option} <${value}>`, help));
  }
  command.addHelpText(
    "after",
    `\nExample${spec.examples.length > 1 ? "s" : ""}:\n${spec.examples.map((example) => `  ${example}`).join("\n")}`,
  );
  command.action(async () => {
    const positions = new Map(spec.arguments.map((argument, index) => [argument.name, command.args[index] ?? ""]));
    const options: Readonly<Record<string, unknown>> = command.opts();
    const written = (option: string) => options[camelCase(option)];
    const code = await spec.run(
      {
        argument: (argument) => positions.get(argument) ?? "",
        switched: (option) => written(option) === true,
        option(option) {
          const value = written(option);
          return typeof value === "string" ? value : undefined;
        },
      },
      terminal,
    );
    const sink: unknown = command.getOptionValue(exitCodeKey);
    if (typeof sink === "function") sink(code);
  });
  return command;
}

function camelCase(option: string): string {
  return option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The seed writes long options with one dash (`-epochs 5`): they get their second one. */
function doubleDashes(program: Command, args: readonly string[]): string[] {
  const known = new Set(
    [program, ...program.commands].flatMap((command) => command.options.map((option) => option.long)),
  );
  return args.map((arg) =>
    /^-[a-z][a-z_-]+(?:=.*)?$/.test(arg) && known.has(`-${arg.split("=")[0]}`) ? `-${arg}` : arg,
  );
}
