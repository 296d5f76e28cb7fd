import type { Command, OptionSpec } from "@ml-mosaic/command-line";

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
  const words = command.arguments.flatMap(({ choices = [] }) => choices);
  return [
    ...command.options.map((option) => `complete -c ${program} ${optionWords(option)}`),
    ...(words.length > 0 ? [`complete -c ${program} -f -a ${quote(words.join(" "))}`] : []),
  ];
}

function optionWords({ name, short, value, help, choices }: OptionSpec): string {
  const names = short === undefined ? `-l ${name}` : `-s ${short} -l ${name}`;
  const values = choices === undefined ? "" : ` -f -a ${quote(choices.join(" "))}`;
  return `${names}${value === undefined ? "" : ` -r${values}`} -d ${quote(help)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
