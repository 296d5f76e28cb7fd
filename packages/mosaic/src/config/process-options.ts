// The table of options that [PROCESS] may have, and of the components whose own options are written dotted.

import type { Components, OptionSpec, Vocabulary } from "./vocabulary.ts";

export interface ProcessOptionRule {
  readonly spec: OptionSpec;
  /** `axis`: a list means one pipeline per value. `sequence`: the list is one value. `one`: a list is refused. */
  readonly takes: "axis" | "sequence" | "one";
  /** A whole line as it could stand in a file, for remedies. */
  readonly example: string;
  readonly required?: boolean;
}

export const PROCESS_DEFAULTS = {
  lossFunction: "MSELoss",
  optimizer: "Adam",
  seed: 0,
  runFilesPath: ".runs",
  artifacts: "all",
} as const;

export const PROCESS_OPTIONS: readonly ProcessOptionRule[] = [
  {
    spec: {
      name: "lr",
      type: "float",
      exclusiveMinimum: 0,
      help: "learning rate; with a scheduler, the one to start from",
    },
    takes: "axis",
    example: "lr = 1e-2",
    required: true,
  },
  {
    spec: { name: "epochs", type: "int", minimum: 1, help: "how often a run goes through its training set" },
    takes: "axis",
    example: "epochs = 100",
    required: true,
  },
  {
    spec: { name: "data_scheme", type: "string", help: "types of the data modules, in their order" },
    takes: "sequence",
    example: "data_scheme = dataset",
    required: true,
  },
  {
    spec: { name: "pipeline_scheme", type: "string", help: "types of the pipeline modules, in their order" },
    takes: "sequence",
    example: "pipeline_scheme = mlp",
    required: true,
  },
  {
    spec: { name: "loss_function", type: "string", default: PROCESS_DEFAULTS.lossFunction, help: "loss" },
    takes: "axis",
    example: "loss_function = MSELoss",
  },
  {
    spec: { name: "class_loss_function", type: "string", help: "your own loss, instead of loss_function" },
    takes: "one",
    example: "class_loss_function = MyLoss",
  },
  {
    spec: {
      name: "path_to_class_loss_function",
      type: "string",
      help: "where that class is, as path_to_class of a module",
    },
    takes: "one",
    example: "path_to_class_loss_function = ./loss.ts",
  },
  {
    spec: { name: "optimizer", type: "string", default: PROCESS_DEFAULTS.optimizer, help: "optimizer" },
    takes: "axis",
    example: "optimizer = Adam",
  },
  {
    spec: { name: "scheduler", type: "string", default: "None", help: "learning rate schedule; None is none" },
    takes: "axis",
    example: "scheduler = StepLR",
  },
  {
    spec: {
      name: "early_stopping",
      type: "boolean",
      default: false,
      help: "end a run whose test loss no longer falls",
    },
    takes: "axis",
    example: "early_stopping = True",
  },
  {
    spec: {
      name: "seed",
      type: "int",
      minimum: 0,
      default: PROCESS_DEFAULTS.seed,
      help: "what all random numbers come from",
    },
    takes: "one",
    example: "seed = 0",
  },
  {
    spec: {
      name: "run_files_path",
      type: "string",
      default: PROCESS_DEFAULTS.runFilesPath,
      help: "folder of the run files",
    },
    takes: "one",
    example: "run_files_path = .runs",
  },
  {
    spec: {
      name: "artifacts",
      type: "string",
      choices: ["all", "none"],
      default: PROCESS_DEFAULTS.artifacts,
      help: "none writes no run files",
    },
    takes: "one",
    example: "artifacts = all",
  },
];

export const PROCESS_OPTION_NAMES: readonly string[] = PROCESS_OPTIONS.map(({ spec }) => spec.name);

/** Options whose value names a component with options of its own: `optimizer = SGD`, `optimizer.momentum = 0.9`. */
export type Group = "loss_function" | "optimizer" | "scheduler" | "early_stopping";

export const GROUPS: readonly Group[] = ["loss_function", "optimizer", "scheduler", "early_stopping"];

/** The texts that a group's main option may have, each with the options that it takes. */
export function groupComponents(group: Group, vocabulary: Vocabulary): Components {
  switch (group) {
    case "loss_function":
      return vocabulary.lossFunctions;
    case "optimizer":
      return vocabulary.optimizers;
    case "scheduler":
      // "None" lets an axis compare with and without: scheduler = None, StepLR.
      return { ...vocabulary.schedulers, None: [] };
    case "early_stopping":
      return { True: vocabulary.earlyStopping, true: vocabulary.earlyStopping, False: [], false: [] };
    default:
      return group satisfies never;
  }
}

/** The value that a group's main option has when it is not written; undefined where there is no component then. */
export function groupDefault(group: Group): string | undefined {
  if (group === "loss_function") return PROCESS_DEFAULTS.lossFunction;
  return group === "optimizer" ? PROCESS_DEFAULTS.optimizer : undefined;
}

/** Own entries only: a component called `constructor` is not one. */
export function componentOptions(components: Components, name: string): readonly OptionSpec[] | undefined {
  return Object.hasOwn(components, name) ? components[name] : undefined;
}

/** Splits `optimizer.momentum` into its group and the option's name; undefined for other names. */
export function splitDotted(name: string): { readonly group: Group; readonly option: string } | undefined {
  const dot = name.indexOf(".");
  const group = GROUPS.find((candidate) => candidate === name.slice(0, dot));
  return group === undefined ? undefined : { group, option: name.slice(dot + 1) };
}

/** True for options such as `scheduler.milestones`, whose comma-separated numbers are one value. */
export function isSequenceOption(group: Group, option: string, vocabulary: Vocabulary): boolean {
  const specs = Object.values(groupComponents(group, vocabulary)).flat();
  return specs.some(({ name, type }) => name === option && (type === "floats" || type === "ints"));
}
