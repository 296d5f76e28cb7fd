import type { Command } from "@ml-mosaic/command-line";

/** `mosaic`, and every command of its own. */
export function programNames(commands: readonly Command[]): readonly string[] {
  return ["mosaic", ...commands.map(({ name }) => `mosaic_${name}`)];
}

/** As they are written, `--help` included. */
export function optionNames({ options }: Command): readonly string[] {
  const names = options.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]);
  return [...names, "--help"];
}
