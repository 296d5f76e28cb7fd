/** What a run says of its program: the command with all its values, and that its files are as they were planned. */
import { readText, unquotedText } from "@ml-mosaic/configurable";
import { MosaicError } from "../errors.ts";
import type { ModuleSpec, Texts } from "../pipelines/pipeline.ts";
import type { RunOrder } from "../run/order.ts";
import { fileDigest } from "../run/run-files.ts";
import { fillCommand, parseCommand } from "./command.ts";
import { programOptions } from "./options.ts";
import { programFiles } from "./program-files.ts";

/** What a command may name besides the options of its section and of [PROCESS]. */
export const runNames: readonly string[] = ["seed", "repetition", "run_id", "device"];

/** The arguments, the program first. A section's own option comes before the run's, and that before [PROCESS]. */
export function commandOf(
  { runId, repetition, seed, device, process }: Pick<RunOrder, "runId" | "repetition" | "seed" | "device" | "process">,
  { options }: Pick<ModuleSpec, "options">,
): readonly string[] {
  const ofRun: Texts = {
    // As many bits as NumPy, scikit-learn and PyTorch take.
    seed: String(seed % 2 ** 32),
    repetition: String(repetition),
    run_id: String(runId),
    device,
  };
  const { command, faults } = parseCommand(options.command ?? "");
  const problems = faults.map(({ message, remedy }) => `${message} ${remedy}`);
  const arguments_ = fillCommand(command, (name) => {
    const text = options[name] ?? ofRun[name] ?? process[name];
    if (text === undefined) problems.push(`{${name}} in command names no option of the run.`);
    return unquotedText(text ?? "");
  });
  if (problems.length > 0) throw new MosaicError("BAD_OPTIONS", `Program: ${problems.join("\n  ")}`);
  return arguments_;
}

export function graceSeconds({ options: { grace } }: Pick<ModuleSpec, "options">): number {
  const read = grace === undefined ? undefined : readText(grace);
  return typeof read === "number" ? read : Number(programOptions.grace.default);
}

/** @throws MosaicError where a file has another text than the run's identity says */
export async function refuseOtherFiles({ files, folder }: RunOrder, { options }: ModuleSpec): Promise<void> {
  if (files === undefined) return;
  const own = programFiles((name) => (options[name] === undefined ? undefined : [options[name]]), folder);
  for (const path of own) {
    if (files[path] === undefined || files[path] === (await fileDigest(path))) continue;
    throw new MosaicError(
      "CODE_CHANGED",
      `${path} has changed since its runs were planned: their results would be of another text than their identity says`,
    );
  }
}
