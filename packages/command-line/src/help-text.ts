/** How a command, or a program of commands, is used. */
import type { Schema } from "@ml-mosaic/configurable";
import type { Command } from "./command.ts";
import { argumentsUsage, choicesOf, spelledOptions, wordsOf } from "./spelling.ts";

type Line = readonly [term: string, help: string];

/** @param name how the command is called: `mosaic run`, `mosaic_run` */
export function commandHelp(command: Command, name: string, columns = 80): string {
  const options = spelledOptions(command);
  const argumentLines = Object.entries(command.arguments).map(([argument, option]): Line => [argument, helpOf(option)]);
  const optionLines = Object.entries(options).map(([spelling, option]): Line => {
    const names = [...option.aliases, spelling].join(", ");
    const words = wordsOf(option).join(" ");
    return [`${names}${words === "" ? "" : ` <${words}>`}`, helpOf(option)];
  });
  const usage = [`Usage: ${name}`, "[options]", argumentsUsage(command)].filter((part) => part !== "").join(" ");
  const { examples } = command;
  return sections([
    usage,
    wrapped(command.summary, columns).join("\n"),
    section("Arguments", argumentLines, columns),
    section("Options", optionLines, columns),
    examples.length === 0
      ? ""
      : [`Example${examples.length > 1 ? "s" : ""}:`, ...examples.map((example) => `  ${example}`)].join("\n"),
  ]);
}

/** @param commands verbs and what they do */
export function programHelp(name: string, summary: string, commands: readonly Line[], columns = 80): string {
  return sections([
    `Usage: ${name} <command> [options]`,
    wrapped(summary, columns).join("\n"),
    section("Commands", [...commands, ["help", `show how a command is used: ${name} help <command>`]], columns),
  ]);
}

function sections(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** With the values that are taken, and the one that is taken where none is written. */
function helpOf(option: Schema<unknown>): string {
  const { help, default: value } = option;
  const choices = choicesOf(option).map((choice) => JSON.stringify(choice));
  const notes = [
    ...(choices.length === 0 ? [] : [`choices: ${choices.join(", ")}`]),
    ...(value === undefined || value === false ? [] : [`default: ${JSON.stringify(value)}`]),
  ];
  return notes.length === 0 ? help : `${help} (${notes.join(", ")})`;
}

/** Terms in one column, their help in another; where that would be narrow, in lines as long as they are. */
function section(title: string, lines: readonly Line[], columns: number): string {
  if (lines.length === 0) return "";
  const width = Math.max(...lines.map(([term]) => term.length)) + 2;
  const room = columns - width - 2;
  const texts = lines.map(([term, help]) => {
    const parts = room < 40 ? [help] : wrapped(help, room);
    return `  ${term.padEnd(width)}${parts.join(`\n${" ".repeat(width + 2)}`)}`;
  });
  return [`${title}:`, ...texts].join("\n");
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
