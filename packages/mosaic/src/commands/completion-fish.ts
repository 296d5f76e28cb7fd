import { type Command, choicesOf, spelledOptions, wordsOf } from "@ml-mosaic/command-line";
import type { Schema } from "@ml-mosaic/configurable";

export function fishScript(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c mosaic -n __fish_use_subcommand -f -a ${command.name} -d ${quote(command.summary)}`,
    ...detailLines(`mosaic -n ${quote(`__fish_seen_subcommand_from ${command.name}`)}`, command),
    ...detailLines(`mosaic_${command.name}`, command),
  ]);
  return `${lines.join("\n")}\n`;
}

/** @param program what the lines are for, with its condition */
function detailLines(program: string, command: Command): readonly string[] {
  const words = Object.values(command.arguments).flatMap(choicesOf);
  return [
    ...Object.entries(spelledOptions(command)).map((option) => `complete -c ${program} ${optionWords(...option)}`),
    ...(words.length > 0 ? [`complete -c ${program} -f -a ${quote(words.join(" "))}`] : []),
  ];
}

function optionWords(name: string, option: Schema<unknown>): string {
  const names = [...option.aliases, name].map((each) => each.replace(/^--/, "-l ").replace(/^-(?=\w$)/, "-s "));
  const choices = choicesOf(option);
  const values = choices.length === 0 ? "" : ` -a ${quote(choices.join(" "))}`;
  const wanted = wordsOf(option).length === 0 ? "" : option.type.form?.kind === "path" ? " -r" : ` -x${values}`;
  return `${names.join(" ")}${wanted} -d ${quote(option.help)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
