/** Which options of [PROCESS] mean anything to a pipeline: what does nothing there is not shown with its runs, and makes no others. */
import { extname } from "node:path";
import { namesInCommand, parseCommand } from "../program/command.ts";
import { isProgram } from "../program/options.ts";
import { type NamedClass, type Texts, withoutNames } from "./pipeline.ts";

/** What holds for every run, whoever trains it. */
const always: readonly string[] = ["epochs", "pipeline_scheme", "seed", "run_files_path", "artifacts"];

/** PyTorch computes what is in Python. */
const notOfPython = "executor";

/** Whether an option means anything to a program with these options of its section: it trains by itself, and sees what its command names. */
export function seesOption(name: string, { command = "" }: Texts): boolean {
  return always.includes(name) || namesInCommand(parseCommand(command).command).has(name);
}

type Modules = readonly (NamedClass & { readonly options: Texts })[];

/** Whether an option of [PROCESS] means anything to what trains these modules. */
export function meansAnything(modules: Modules, name: string): boolean {
  const program = modules.find(isProgram);
  if (program !== undefined) return seesOption(name, program.options);
  return name !== notOfPython || extname(modules[0]?.path ?? "") !== ".py";
}

/** The texts of [PROCESS] that hold for a pipeline of these modules. */
export function textsFor(modules: Modules, process: Texts): Texts {
  const names = Object.keys(process).filter((name) => !meansAnything(modules, name));
  return names.length === 0 ? process : withoutNames(process, names);
}
