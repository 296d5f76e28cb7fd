import type { OptionSpec } from "./vocabulary.ts";

/** The options of [MONITOR], all of them required, each with a line as it could stand in a file. */
export const MONITOR_OPTION_NAMES = ["need_gpu", "gpu_available", "nb_processus", "multiplicity"] as const;

type MonitorOptionName = (typeof MONITOR_OPTION_NAMES)[number];

export const MONITOR_EXAMPLES: Readonly<Record<MonitorOptionName, string>> = {
  need_gpu: "need_gpu = False",
  gpu_available: "gpu_available = None",
  nb_processus: "nb_processus = 2",
  multiplicity: "multiplicity = 4",
};

export const MONITOR_OPTIONS: Readonly<Record<MonitorOptionName, OptionSpec>> = {
  need_gpu: {
    name: "need_gpu",
    type: "boolean",
    required: true,
    help: "True: one run at a time goes to each device of gpu_available",
  },
  gpu_available: {
    name: "gpu_available",
    type: "string",
    required: true,
    help: "devices, with commas; None or nothing where there are none",
  },
  nb_processus: {
    name: "nb_processus",
    type: "int",
    minimum: 1,
    required: true,
    help: "worker processes, and so runs at a time",
  },
  multiplicity: {
    name: "multiplicity",
    type: "int",
    minimum: 1,
    required: true,
    help: "how often each pipeline is repeated, each time with another seed",
  },
};
