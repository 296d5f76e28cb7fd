/** Which options of [PROCESS] mean anything to a pipeline: what does nothing there is not shown with its runs, and makes no others. */
import { extname } from "node:path";
import { namesInCommand, parseCommand } from "../program/command.ts";
import { isProgram } from "../program/options.ts";
import type { NamedClass, Texts } from "./pipeline.ts";

/** What holds for every run, whoever trains it. */
const always: readonly string[] = ["epochs", "pipeline_scheme", "seed", "run_files_path", "artifacts"];

/** PyTorch computes what is in Python. */
const notOfPython = "executor";

/** Whether an option means anything to a program with these options of its section: it trains by itself, and sees what its command names. */
export function seesOption(name: string, { command = "" }: Texts): boolean {
  return always.includes(name) || namesInCommand(parseCommand(command).command).has(name);
}

/** The texts of [PROCESS] that hold for a pipeline of these modules. */
export function textsFor(modules: readonly (NamedClass & { readonly options: Texts })[], process: Texts): Texts {
  const program = modules.find(isProgram);
  const isInPython = extname(modules[0]?.path ?? "") === ".py";
  if (program === undefined && !(isInPython && notOfPython in process)) return process;
  const applies = (name: string) => (program === undefined ? name !== notOfPython : seesOption(name, program.options));
  return Object.fromEntries(Object.entries(process).filter(([name]) => applies(name)));
}
