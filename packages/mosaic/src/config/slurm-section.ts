/** [SLURM]: jobs of a Slurm cluster that carry the runs out. */
import {
  checkValues,
  float,
  type Infer,
  int,
  list,
  literal,
  type Problem,
  path,
  schema,
  string,
  type Type,
  within,
} from "@ml-mosaic/configurable";
import { isAddress } from "../tcp/address.ts";
import type { IniSection } from "./ini.ts";
import { monitorOptions } from "./monitor-section.ts";
import { type Findings, placed } from "./problem.ts";
import { readOptions } from "./read-options.ts";

const count = within(int, { minimum: 1 });

/** As sbatch takes it: minutes, minutes:seconds, hours:minutes:seconds, days-hours and so on. */
const time: Type<string> = {
  ...string,
  expected: "a time of Slurm's of 5 minutes or more, such as 45, 2:30:00 or 1-12",
  read(value, options) {
    const reading = string.read(value, options);
    // It is asked to leave 120 s before its end, which may come a minute early.
    if (!reading.ok || minutesOf(reading.value) >= 5) return reading;
    return { ok: false, problems: [{ kind: "invalid", path: [], value, expected: time.expected }] };
  },
};

const address: Type<string> = {
  ...string,
  expected: "HOST:PORT, such as login1:7000",
  read(value, options) {
    const reading = string.read(value, options);
    if (!reading.ok || isAddress(reading.value)) return reading;
    return { ok: false, problems: [{ kind: "invalid", path: [], value, expected: address.expected }] };
  },
};

export const slurmOptions = {
  workers: schema(count, { help: "Jobs at a time; fewer where fewer runs are left" }),
  runs_per_worker: schema(count, { default: 1, help: "Runs at a time in each job" }),
  partition: schema(list(string), {
    optional: true,
    help: "As sbatch --partition; of several Slurm takes the first that is free",
  }),
  time: schema(time, {
    optional: true,
    help: "As sbatch --time, 5 minutes or more: two minutes before the end runs are left in the middle, for other jobs",
  }),
  cpus: schema(count, { optional: true, help: "As sbatch --cpus-per-task; as many as runs_per_worker by default" }),
  memory: schema(string, { optional: true, help: "As sbatch --mem" }),
  gres: schema(list(string), { optional: true, help: "As sbatch --gres" }),
  account: schema(string, { optional: true, help: "As sbatch --account" }),
  qos: schema(string, { optional: true, help: "As sbatch --qos" }),
  constraint: schema(string, { optional: true, help: "As sbatch --constraint" }),
  device: schema(string, { default: "cpu", help: "Where runs are computed, such as cuda:0" }),
  processor: schema(literal("any", "same"), {
    default: "any",
    help: "Where a run that was left goes on: any prefers its own model of processor, same waits for it",
  }),
  setup: schema(list(string), { optional: true, help: "Lines of shell before the worker, such as module load nodejs" }),
  extra: schema(list(string), { optional: true, help: "Further options of sbatch, such as --exclusive" }),
  transport: schema(literal("spool", "tcp"), {
    default: "spool",
    help: "How jobs and this machine talk: through files of the shared folder, or tcp at address",
  }),
  address: schema(address, {
    optional: true,
    help: "With transport = tcp: HOST:PORT of this machine, as the nodes reach it; --listen says where it listens, if that is another one",
  }),
  spool: schema(path, {
    optional: true,
    help: "Folder that the nodes share with this machine; .spool/<database> beside the configuration by default",
  }),
  trouble: schema(literal("wait", "stop"), {
    default: "wait",
    help: "Where Slurm does not answer or takes no job: wait asks again, stop ends mosaic run, whose workers wait for --continue",
  }),
  ask_seconds: schema(within(float, { minimum: 1 }), {
    default: 60,
    help: "Seconds between questions to Slurm, each about all jobs; administrators dislike more",
  }),
  linger: schema(within(float, { minimum: 0 }), {
    default: 600,
    help: "Seconds for which jobs wait for another mosaic run when this one was broken off",
  }),
};

export type SlurmSection = Infer<typeof slurmOptions>;

/** Undefined where a problem was found. */
export function readSlurmSection(section: IniSection, folder: string, findings: Findings): SlurmSection | undefined {
  const options = readOptions(section, slurmOptions, { name: "MONITOR", schemas: monitorOptions }, findings);
  const written = new Set(section.options.map(({ name }) => name));
  const values = Object.fromEntries(options.map(({ name, values: [value] }) => [name, value]));
  const checked = checkValues(slurmOptions, values, { text: true, folder });
  if (checked.ok) {
    for (const problem of addressProblems(checked.values)) findings.problem(placed(problem, section));
    return checked.values;
  }
  // What could not be read has been reported.
  for (const problem of checked.problems)
    if (problem.kind !== "missing" || !written.has(String(problem.path[0]))) findings.problem(placed(problem, section));
  return undefined;
}

function addressProblems({ transport, address }: SlurmSection): readonly Problem[] {
  const objection = (message: string): readonly Problem[] => [{ kind: "precondition", path: ["address"], message }];
  if (transport === "tcp")
    return address === undefined
      ? objection("transport = tcp needs it: HOST:PORT of this machine, as nodes reach it")
      : [];
  return address === undefined ? [] : objection("goes with transport = tcp: with spool nothing listens");
}

/** NaN where it is no time. */
function minutesOf(text: string): number {
  if (/^(UNLIMITED|INFINITE)$/i.test(text)) return Number.POSITIVE_INFINITY;
  const [, days, first = "", second, third] = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text) ?? [];
  const [a = Number.NaN, b = 0, c = 0] = [first || "NaN", second ?? "0", third ?? "0"].map(Number);
  if (days !== undefined) return Number(days) * 1440 + a * 60 + b + c / 60;
  return third === undefined ? a + b / 60 : a * 60 + b + c / 60;
}
