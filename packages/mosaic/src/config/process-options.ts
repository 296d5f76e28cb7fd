/** The options of [PROCESS]: how every run trains. Each is declared here and nowhere else. */

import {
  axis,
  boolean,
  booleanFromText,
  type Infer,
  importable,
  list,
  literal,
  type Problem,
  path,
  refine,
  schema,
  string,
  type Type,
} from "@ml-mosaic/configurable";
import { positive, TrainerSettings, whole } from "@ml-mosaic/training";
import { choiceOptions } from "./choice-options.ts";

const trainer = TrainerSettings.configSchema;

const types = refine(list(string), "types with commas between them", (names) => names.length > 0);

export const processDefaults = { runFilesPath: ".runs", artifacts: "all", executor: "auto" } as const;

export const processOptions = {
  lr: schema(axis(positive), { help: "Learning rate; with a scheduler, the one to start from" }),
  epochs: schema(axis(trainer.epochs.type), { help: "How often a run goes through its training set" }),
  data_scheme: schema(types, { help: "Types of the data modules, in their order" }),
  pipeline_scheme: schema(types, { help: "Types of the pipeline modules, in their order" }),
  loss_function: schema(axis(trainer.loss.type), { default: { type: "MSELoss" }, help: "Loss" }),
  class_loss_function: schema(string, { optional: true, help: "Your own loss, instead of loss_function" }),
  path_to_class_loss_function: schema(string, {
    optional: true,
    help: "Where that class is, as path_to_class of a module",
  }),
  optimizer: schema(axis(trainer.optimizer.type), { default: { type: "Adam" }, help: "Optimizer" }),
  scheduler: schema(axis(trainer.scheduler.type), {
    optional: true,
    help: "Learning rate schedule; None is none",
  }),
  early_stopping: schema(axis(switched(trainer.early_stopping.type)), {
    optional: true,
    help: "End a run whose test loss no longer falls",
  }),
  clip_norm: schema(axis(trainer.clip_norm.type), { optional: true, help: trainer.clip_norm.help }),
  clip_value: schema(axis(trainer.clip_value.type), { optional: true, help: trainer.clip_value.help }),
  accumulate: schema(axis(trainer.accumulate.type), { default: 1, help: trainer.accumulate.help }),
  average_decay: schema(axis(trainer.average_decay.type), { optional: true, help: trainer.average_decay.help }),
  metrics: schema(trainer.metrics.type, {
    default: [],
    help: "Figures beside loss and accuracy, of the train and of the test set",
  }),
  executor: schema(trainer.executor.type, { default: processDefaults.executor, help: trainer.executor.help }),
  threads: schema(trainer.threads.type, {
    default: 1,
    help: "Threads of the processor that share the work of a run; nb_processus times as many must be there",
  }),
  deterministic: schema(boolean, {
    default: false,
    help: "With Python on graphics devices, only what gives the same bits again; all else does anyway",
  }),
  seed: schema(whole, { default: 0, help: "What all random numbers come from" }),
  run_files_path: schema(path, { default: processDefaults.runFilesPath, help: "Folder of the run files" }),
  artifacts: schema(literal("all", "none"), {
    default: processDefaults.artifacts,
    help: "With none there are no run files",
  }),
  imports: schema(list(importable), { default: [], help: "Files and packages that register classes of one's own" }),
  ...choiceOptions,
};

export type ProcessValues = Infer<typeof processOptions>;

/** Options whose value is a component with options of its own: `optimizer = SGD`, `optimizer.momentum = 0.9`. */
export const groups = ["loss_function", "optimizer", "scheduler", "early_stopping"] as const;

export type Group = (typeof groups)[number];

/** What holds where a group is not written, as it would be written. */
export function defaultText(group: Group): string {
  const { type }: { readonly type?: unknown } = Object(processOptions[group].default);
  return type === undefined ? (group === "early_stopping" ? "False" : "None") : String(type);
}

/** The files and packages that the texts of a run's options import, as they are written. */
export function importsOf({ imports = "" }: Readonly<Record<string, string>>): readonly string[] {
  const reading = list(string).read(imports, { text: true });
  return reading.ok ? reading.value : [];
}

/** The group of `optimizer.momentum`; undefined for other names. */
export function groupOf(name: string): Group | undefined {
  return groups.find((group) => name.startsWith(`${group}.`));
}

/** Whether it is the name of a component, or of an option of one. */
export function isOfComponent(name: string): boolean {
  return groups.some((group) => group === name) || groupOf(name) !== undefined;
}

/** Whether it is [PROCESS] that has an option of this name. */
export function isProcessOption(name: string): boolean {
  return Object.hasOwn(processOptions, name) || groupOf(name) !== undefined;
}

/** Off where it says `False`, whatever options stand beside it. */
function switched<Value>(type: Type<Value>): Type<Value | undefined> {
  return {
    ...type,
    read: (value, options) => {
      const { type: written = value }: { readonly type?: unknown } = Object(value);
      const isOff = options?.text === true && typeof written === "string" && booleanFromText(written) === false;
      if (isOff) return { ok: true, value: undefined };
      const reading = type.read(value, options);
      if (reading.ok) return reading;
      const withSwitch = (problem: Problem): Problem =>
        problem.kind === "invalid" && problem.path.join() === "type"
          ? { ...problem, expected: `True, False or ${problem.expected}` }
          : problem;
      return { ok: false, problems: reading.problems.map(withSwitch) };
    },
  };
}
