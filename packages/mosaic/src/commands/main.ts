/** The command lines: `mosaic <verb> …`, and every verb as a command of its own, `mosaic_<verb>`. */
import { buildCommand, type CommandSpec, runCommandLine, type Terminal } from "@ml-mosaic/command-line";
import { Command } from "commander";

/** Each command is loaded when it is needed: the engine alone takes longer than a look at a database. */
const verbs: Readonly<Record<string, () => Promise<CommandSpec>>> = {
  run: async () => (await import("./run.ts")).runCommand,
  rerun: async () => (await import("./rerun.ts")).rerunCommand,
  pause: async () => (await import("./pause.ts")).pauseCommand,
  resume: async () => (await import("./resume.ts")).resumeCommand,
  status: async () => (await import("./status.ts")).statusCommand,
  show: async () => (await import("./show.ts")).showCommand,
  compare: async () => (await import("./compare.ts")).compareCommand,
  plotloss: async () => (await import("./plotloss.ts")).plotlossCommand,
  metaplot: async () => (await import("./metaplot.ts")).metaplotCommand,
  perfanalysis: async () => (await import("./perfanalysis.ts")).perfanalysisCommand,
  parallel: async () => (await import("./parallel.ts")).parallelCommand,
  importance: async () => (await import("./importance.ts")).importanceCommand,
  pareto: async () => (await import("./pareto.ts")).paretoCommand,
  export: async () => (await import("./export.ts")).exportCommand,
  savedb: async () => (await import("./savedb.ts")).savedbCommand,
  rekey: async () => (await import("./rekey.ts")).rekeyCommand,
  generate: async () => (await import("./generate.ts")).generateCommand,
  schema: async () => (await import("./schema.ts")).schemaCommand,
  completion: async () => (await import("./completion.ts")).completionCommand(allCommands),
};

function allCommands(): Promise<readonly CommandSpec[]> {
  return Promise.all(Object.values(verbs).map((load) => load()));
}

const terminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isLive: process.stderr.isTTY === true,
};

/** `mosaic <verb> …` */
export async function mosaic(): Promise<void> {
  const args = process.argv.slice(2);
  const load = Object.hasOwn(verbs, args[0] ?? "") ? verbs[args[0] ?? ""] : undefined;
  const program = new Command("mosaic").description(
    "Compare AI models: train every pipeline of a configuration file, keep all results.",
  );
  for (const spec of load === undefined ? await allCommands() : [await load()])
    program.addCommand(buildCommand(spec, terminal, spec.name));
  await runProgram(program, args);
}

/** `mosaic_<verb> …` */
export async function mosaicVerb(verb: string): Promise<void> {
  const load = verbs[verb];
  if (load === undefined) throw new RangeError(`there is no command ${verb}`);
  await runProgram(buildCommand(await load(), terminal, `mosaic_${verb}`), process.argv.slice(2));
}

async function runProgram(program: Command, args: readonly string[]): Promise<void> {
  // Whoever reads the output, such as `head`, may have had enough of it.
  process.stdout.on("error", (error) => {
    if ("code" in error && error.code === "EPIPE") process.exit();
    throw error;
  });
  process.exitCode = await runCommandLine(program, args, terminal);
}
