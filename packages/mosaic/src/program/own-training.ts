/** What of [PROCESS] a program sees: what its command names. It trains by itself, and the rest does nothing to it. */
import type { NamedClass, Texts } from "../pipelines/pipeline.ts";
import { namesInCommand, parseCommand } from "./command.ts";
import { isProgram } from "./options.ts";

/** What holds for every run, whoever trains it. */
const always: readonly string[] = ["epochs", "pipeline_scheme", "seed", "run_files_path", "artifacts"];

/** Whether an option of [PROCESS] means anything to a program with these options of its section. */
export function seesOption(name: string, { command = "" }: Texts): boolean {
  return always.includes(name) || namesInCommand(parseCommand(command).command).has(name);
}

/** The texts of [PROCESS] that hold for a pipeline of these modules. */
export function textsFor(modules: readonly (NamedClass & { readonly options: Texts })[], process: Texts): Texts {
  const program = modules.find(isProgram);
  if (program === undefined) return process;
  return Object.fromEntries(Object.entries(process).filter(([name]) => seesOption(name, program.options)));
}
