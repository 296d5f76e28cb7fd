/** [MONITOR]: how many runs go on at once, on which devices, and how often each is repeated. */

import {
  boolean,
  checkValues,
  float,
  type Infer,
  int,
  isNullText,
  list,
  schema,
  string,
  type Type,
  within,
} from "@ml-mosaic/configurable";
import type { IniSection } from "./ini.ts";
import { type Findings, placed } from "./problem.ts";
import { processOptions } from "./process-options.ts";
import { readOptions } from "./read-options.ts";

const count = within(int, { minimum: 1 });
const seconds = within(float, { exclusiveMinimum: 0 });

/** Names as written; `None`, or nothing, is none. */
const devices: Type<string[]> = {
  ...list(string),
  expected: "devices with commas between them, each once, or None",
  read: (value, options) => {
    if (typeof value === "string" && isNullText(value)) return { ok: true, value: [] };
    const reading = list(string).read(value, options);
    if (!reading.ok || new Set(reading.value).size === reading.value.length) return reading;
    return { ok: false, problems: [{ kind: "invalid", path: [], value, expected: devices.expected }] };
  },
};

export const monitorOptions = {
  need_gpu: schema(boolean, { help: "True: one run at a time goes to each device of gpu_available" }),
  gpu_available: schema(devices, { help: "Devices, with commas; None or nothing where there are none" }),
  nb_processus: schema(count, { help: "Worker processes, and so runs at a time" }),
  multiplicity: schema(count, { help: "How often each pipeline is repeated, each time with another seed" }),
  python: schema(string, {
    optional: true,
    help: "Python for .py classes: a path or a name; else that of the active environment, else python3",
  }),
  data_root: schema(string, {
    optional: true,
    help: "Folder with the data, from the configuration file on: workers that see nothing of it are told by --data-root where theirs lies",
  }),
  timeout: schema(seconds, {
    optional: true,
    help: "Seconds after which a run is ended as an error, counted anew when it is resumed",
  }),
  snapshot_minutes: schema(within(float, { minimum: 0 }), {
    default: 10,
    help: "Minutes after which a run leaves a snapshot, which it goes on from where its worker or machine dies; 0: only where it is paused, and at its end",
  }),
  epoch_timeout: schema(seconds, {
    optional: true,
    help: "Seconds after which a run is ended as an error if no epoch has ended meanwhile; preparing the data does not count",
  }),
};

export interface MonitorSection {
  /** Where it is written, as in config.ini:7. */
  readonly place: string;
  readonly needGpu: boolean;
  /** Device names as written; empty where there is none. */
  readonly gpuAvailable: readonly string[];
  readonly numProcesses: number;
  /** Runs per pipeline. */
  readonly multiplicity: number;
  /** The interpreter of Python classes as it is written. */
  readonly python: string | undefined;
  /** As it is written. */
  readonly dataRoot: string | undefined;
  /** How long a run, and each of its epochs, may take; Infinity where nothing is said. */
  readonly runSeconds: number;
  readonly epochSeconds: number;
  /** How often a run leaves a snapshot on its way; undefined: never. */
  readonly snapshotSeconds: number | undefined;
  /** Raw texts of all options, in file order. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Undefined where a problem was found. */
export function readMonitorSection(section: IniSection, findings: Findings): MonitorSection | undefined {
  const options = readOptions(section, monitorOptions, { name: "PROCESS", schemas: processOptions }, findings);
  const written = new Set(section.options.map(({ name }) => name));
  const checked = checkValues(
    monitorOptions,
    Object.fromEntries(options.map(({ name, values: [value] }) => [name, value])),
    {
      text: true,
    },
  );
  // What could not be read has been reported.
  const problems = checked.ok
    ? noDevice(checked.values)
    : checked.problems.filter(({ kind, path: [name] }) => kind !== "missing" || !written.has(String(name)));
  for (const problem of problems) findings.problem(placed(problem, section));
  if (!checked.ok) return undefined;
  const { need_gpu, gpu_available, nb_processus, multiplicity, python, data_root, timeout } = checked.values;
  const { epoch_timeout, snapshot_minutes } = checked.values;
  return {
    place: findings.sources.placeText(section.line),
    needGpu: need_gpu,
    gpuAvailable: gpu_available,
    numProcesses: nb_processus,
    multiplicity,
    python,
    dataRoot: data_root,
    runSeconds: timeout ?? Number.POSITIVE_INFINITY,
    epochSeconds: epoch_timeout ?? Number.POSITIVE_INFINITY,
    snapshotSeconds: snapshot_minutes === 0 ? undefined : 60 * snapshot_minutes,
    texts: Object.fromEntries(section.options.map(({ name, value }) => [name, value])),
  };
}

function noDevice({ need_gpu, gpu_available }: Infer<typeof monitorOptions>) {
  if (!need_gpu || gpu_available.length > 0) return [];
  const message =
    "need_gpu is True, and no device is listed: list them, as in cuda:0, cuda:1, or write need_gpu = False";
  return [{ kind: "precondition", path: ["gpu_available"], message }] as const;
}
