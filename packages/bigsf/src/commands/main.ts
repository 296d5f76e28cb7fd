/** The command line: `bigsf <verb> …`. */
import { buildCommand, type CommandSpec, runCommandLine, type Terminal } from "@ml-mosaic/command-line";
import { Command } from "commander";

/** Each command is loaded when it is needed. */
const verbs: Readonly<Record<string, () => Promise<CommandSpec>>> = {
  sample: async () => (await import("./sample.ts")).sampleCommand,
  preprocess: async () => (await import("./preprocess.ts")).preprocessCommand,
  train: async () => (await import("./train.ts")).trainCommand,
  "train-k-fold": async () => (await import("./train-k-fold.ts")).trainKFoldCommand,
  folds: async () => (await import("./folds.ts")).foldsCommand,
  segment: async () => (await import("./segment.ts")).segmentCommand,
  schema: async () => (await import("./schema.ts")).schemaCommand,
};

const terminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isLive: process.stderr.isTTY === true,
};

export async function bigsf(): Promise<void> {
  const args = process.argv.slice(2);
  const load = Object.hasOwn(verbs, args[0] ?? "") ? verbs[args[0] ?? ""] : undefined;
  const specs = await Promise.all(load === undefined ? Object.values(verbs).map((each) => each()) : [load()]);
  const program = new Command("bigsf").description("Find filaments in maps of the Galaxy.");
  for (const spec of specs) program.addCommand(buildCommand(spec, terminal, spec.name));
  // Whoever reads the output, such as `head`, may have had enough of it.
  process.stdout.on("error", (error) => {
    if ("code" in error && error.code === "EPIPE") process.exit();
    throw error;
  });
  process.exitCode = await runCommandLine(program, args, terminal);
}
