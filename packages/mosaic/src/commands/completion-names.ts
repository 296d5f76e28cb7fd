import { type Command, spelledOptions } from "@ml-mosaic/command-line";

/** `mosaic`, and every command of its own. */
export function programNames(commands: readonly Command[]): readonly string[] {
  return ["mosaic", ...commands.map(({ name }) => `mosaic_${name}`)];
}

/** As they are written. */
export function optionNames(command: Command): readonly string[] {
  return Object.entries(spelledOptions(command)).flatMap(([name, { aliases }]) => [name, ...aliases]);
}
