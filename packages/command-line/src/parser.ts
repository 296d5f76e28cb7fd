/** How a command is read from the command line. */
import { CodedError } from "@ml-mosaic/base";
import { Argument, InvalidArgumentError, Option, Command as Parser } from "commander";
import type { ArgumentSpec, Command, OptionSpec } from "./command.ts";

/**
 * The parser of one command.
 *
 * @param name as it stands in the help: the verb, or the name of a program of its own
 * @param run is told the values when they are read
 */
export function parserOf(
  command: Command,
  name: string,
  run: (values: Readonly<Record<string, unknown>>) => Promise<void>,
): Parser {
  const { summary, arguments: argumentSpecs, options: optionSpecs, examples } = command;
  const parser = new Parser(name).description(summary).showHelpAfterError("(--help shows how it is used)");
  for (const spec of argumentSpecs) parser.addArgument(argumentOf(spec));
  const options = optionSpecs.map((spec) => ({ spec, option: optionOf(spec) }));
  for (const { option } of options) parser.addOption(option);
  parser.addHelpText(
    "after",
    `\nExample${examples.length > 1 ? "s" : ""}:\n${examples.map((example) => `  ${example}`).join("\n")}`,
  );
  parser.action(() => {
    const positions: readonly unknown[] = parser.processedArgs;
    const written: Readonly<Record<string, unknown>> = parser.opts();
    return run(
      Object.fromEntries([
        ...argumentSpecs.map((spec, index) => [spec.name, orDefault(spec, positions[index])]),
        ...options.map(({ spec, option }) => [spec.name, optionValue(spec, written[option.attributeName()])]),
      ]),
    );
  });
  return parser;
}

/** An empty text is as good as none. */
function orDefault(spec: ArgumentSpec, written: unknown): unknown {
  return written === "" ? spec.default : written;
}

function argumentOf({ name, help, optional = false, choices, whole, default: value }: ArgumentSpec): Argument {
  const argument = new Argument(optional || value !== undefined ? `[${name}]` : `<${name}>`, help);
  if (value !== undefined) argument.default(value);
  if (choices !== undefined) argument.choices(choices);
  if (whole !== undefined) argument.argParser((text: string) => wholeNumber(text, whole));
  return argument;
}

function optionOf(spec: OptionSpec): Option {
  const { name, help, short, value, secondValue, choices, whole, default: preset, required = false } = spec;
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  if (value === undefined) return new Option(names, help);
  if (secondValue !== undefined) {
    const collect = (next: string, before: readonly string[] | undefined) => [...(before ?? []), next];
    return new Option(`${names} <${value} ${secondValue}>`, help).argParser(collect);
  }
  const option = new Option(`${names} <${value}>`, help).makeOptionMandatory(required);
  if (preset !== undefined) option.default(preset);
  if (choices !== undefined) option.choices(choices);
  if (whole !== undefined) option.argParser((text: string) => wholeNumber(text, whole));
  return option;
}

function wholeNumber(
  text: string,
  { least, most = Number.MAX_SAFE_INTEGER }: NonNullable<OptionSpec["whole"]>,
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  const bounds = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new InvalidArgumentError(`It is a whole number ${bounds}.`);
}

function optionValue({ name, value, secondValue }: OptionSpec, written: unknown): unknown {
  if (value === undefined) return written === true;
  if (secondValue === undefined || written === undefined) return written;
  if (Array.isArray(written) && written.length === 2) return written;
  throw new CodedError("BAD_USAGE", `--${name} is given once, with two values`);
}

/** Words that the parser understands for those that the user may write. */
export function understandable(parser: Parser, args: readonly string[]): readonly string[] {
  return spreadPairs(parser, doubleDashes(parser, args));
}

function optionsOf(parser: Parser): readonly Option[] {
  return [parser, ...parser.commands].flatMap(({ options }) => options);
}

/** The seed writes long options with one dash (`-epochs 5`): they get their second one. */
function doubleDashes(parser: Parser, args: readonly string[]): readonly string[] {
  const options = optionsOf(parser);
  const letters = ["h", ...options.map(({ short }) => short?.slice(1))];
  // What is no row of letters that stand for options is a long option, known or misspelt.
  const isLong = (name: string) =>
    options.some(({ long }) => long === `--${name}`) || [...name].some((letter) => !letters.includes(letter));
  return args.map((arg) => {
    const [, name] = /^-([a-z][a-z_-]+)(?:=.*)?$/.exec(arg) ?? [];
    return name !== undefined && isLong(name) ? `-${arg}` : arg;
  });
}

/** Commander has no options with two values: the option's name is put before the second one as well. */
function spreadPairs(parser: Parser, args: readonly string[]): readonly string[] {
  const pairs = new Set(
    optionsOf(parser)
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
