/** The command lines: `mosaic <verb> …`, and every verb as a command of its own, `mosaic_<verb>`. */
import { Command } from "commander";
import { buildCommand, type CommandSpec, runCommandLine, type Terminal } from "./command.ts";
import { generateCommand } from "./generate.ts";
import { runCommand } from "./run.ts";

const commands: readonly CommandSpec[] = [runCommand, generateCommand];

const terminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isLive: process.stderr.isTTY === true,
};

/** `mosaic <verb> …` */
export async function mosaic(): Promise<void> {
  const program = new Command("mosaic").description(
    "Compare AI models: train every pipeline of a configuration file, keep all results.",
  );
  for (const spec of commands) program.addCommand(buildCommand(spec, terminal, spec.name));
  process.exitCode = await runCommandLine(program, process.argv.slice(2), terminal);
}

/** `mosaic_<verb> …` */
export async function mosaicVerb(verb: string): Promise<void> {
  const spec = commands.find(({ name }) => name === verb);
  if (spec === undefined) throw new RangeError(`there is no command ${verb}`);
  process.exitCode = await runCommandLine(
    buildCommand(spec, terminal, `mosaic_${verb}`),
    process.argv.slice(2),
    terminal,
  );
}
