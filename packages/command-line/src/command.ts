/** What every command looks like, and how it is read from the command line. */
import { CodedError } from "@ml-mosaic/base";
import { Argument, Command, CommanderError, Option } from "commander";

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
  /** It may be left out; only the last argument can be. */
  readonly optional?: boolean;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
}

export interface OptionSpec {
  /** Without dashes: `dry-run`. */
  readonly name: string;
  readonly help: string;
  /** One letter that stands for the name: `v`. */
  readonly short?: string;
  /** Name of the option's value; without it the option is a switch. */
  readonly value?: string;
  /** Name of a second value, which follows the first one. */
  readonly secondValue?: string;
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
  optionalArgument(name: string): string | undefined;
  switched(name: string): boolean;
  option(name: string): string | undefined;
  /** Both values of an option that takes two. */
  pair(name: string): readonly [string, string] | undefined;
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
    await program.parseAsync(spreadPairs(program, doubleDashes(program, args)), { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.err(`${error instanceof Error ? error.message : String(error)}\n`);
    if (!(error instanceof CodedError || (error instanceof Error && "code" in error)) && error instanceof Error)
      terminal.err(`${error.stack}\n`);
    return 2;
  }
}

const exitCodeKey = "exitCodeSink";

/** The parser of one command. */
export function buildCommand(spec: CommandSpec, terminal: Terminal, name: string): Command {
  const command = new Command(name).description(spec.summary).showHelpAfterError("(--help shows how it is used)");
  for (const { name: argument, help, optional, choices } of spec.arguments) {
    const parser = new Argument(optional === true ? `[${argument}]` : `<${argument}>`, help);
    command.addArgument(choices === undefined ? parser : parser.choices(choices));
  }
  for (const option of spec.options) command.addOption(buildOption(option));
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
        optionalArgument: (argument) => positions.get(argument) || undefined,
        switched: (option) => written(option) === true,
        option(option) {
          const value = written(option);
          return typeof value === "string" ? value : undefined;
        },
        pair(option) {
          const value = written(option);
          return Array.isArray(value) ? pairOf(option, value) : undefined;
        },
      },
      terminal,
    );
    const sink: unknown = command.getOptionValue(exitCodeKey);
    if (typeof sink === "function") sink(code);
  });
  return command;
}

function buildOption({ name, short, value, secondValue, help }: OptionSpec): Option {
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  if (value === undefined) return new Option(names, help);
  if (secondValue === undefined) return new Option(`${names} <${value}>`, help);
  const collect = (next: string, before: readonly string[] | undefined) => [...(before ?? []), next];
  return new Option(`${names} <${value} ${secondValue}>`, help).argParser(collect);
}

function pairOf(option: string, values: readonly unknown[]): readonly [string, string] {
  const [first, second, ...more] = values;
  if (typeof first === "string" && typeof second === "string" && more.length === 0) return [first, second];
  throw new CodedError("BAD_USAGE", `--${option} is given once, with two values`);
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

/** Commander has no options with two values: the option's name is put before the second one as well. */
function spreadPairs(program: Command, args: readonly string[]): readonly string[] {
  const pairs = new Set(
    [program, ...program.commands]
      .flatMap((command) => command.options)
      .filter(({ flags }) => /<\S+ \S+>$/.test(flags))
      .map(({ long }) => long),
  );
  const spread: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    const [, option = arg] = /^(--[^=]+)=/.exec(arg) ?? [];
    spread.push(arg);
    if (!pairs.has(option)) continue;
    if (option === arg) spread.push(...args.slice(index + 1, ++index + 1));
    const second = args[++index];
    if (second !== undefined) spread.push(option, second);
  }
  return spread;
}
