/** The options of [MONITOR], all of them required, each with a line as it could stand in a file. */
export const MONITOR_OPTION_NAMES = ["need_gpu", "gpu_available", "nb_processus", "multiplicity"] as const;

export const MONITOR_EXAMPLES: Readonly<Record<(typeof MONITOR_OPTION_NAMES)[number], string>> = {
  need_gpu: "need_gpu = False",
  gpu_available: "gpu_available = None",
  nb_processus: "nb_processus = 2",
  multiplicity: "multiplicity = 4",
};
