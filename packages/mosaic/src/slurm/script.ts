import { fileURLToPath } from "node:url";
import { shellText } from "@ml-mosaic/command-line";
import type { SlurmSection } from "../config/slurm-section.ts";
import { tokenFile } from "../tcp/token.ts";

// The sources run as .ts, the published package as .js.
const program = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../bin/mosaic.ts" : "../../bin/mosaic.js", import.meta.url),
);

/** A worker where the jobs of the section find their supervisor. */
export function workerWords(
  { address, runs_per_worker: runs, device, linger }: SlurmSection,
  spool: string,
): readonly string[] {
  const where = address === undefined ? spool : `tcp://${address}`;
  return ["worker", where, "--runs", String(runs), "--device", device, "--linger", String(linger)];
}

/** What looks at a node for `mosaic slurm doctor`. */
export function probeWords(folder: string): readonly string[] {
  return ["slurm", "doctor", folder];
}

/** What sbatch is given: `mosaic` with these words, and the options of [SLURM]. */
export function jobScript(
  section: SlurmSection,
  { name, spool, start }: { readonly name: string; readonly spool: string; readonly start: string },
  words: readonly string[],
  environment: Readonly<Record<string, string | number>> = {},
): string {
  const { runs_per_worker: runs, cpus = runs, setup = [], extra = [], address } = section;
  const options = {
    "job-name": name,
    chdir: start,
    output: `${spool}/jobs/%A_%a.out`,
    "open-mode": "append",
    // To the worker alone, two minutes before its time is over.
    signal: "B:USR2@120",
    partition: section.partition?.join(","),
    time: section.time,
    "cpus-per-task": cpus,
    mem: section.memory,
    gres: section.gres?.join(","),
    account: section.account,
    qos: section.qos,
    constraint: section.constraint,
  };
  // The file's name; what is in it never stands in a script.
  const token = address === undefined ? {} : { MOSAIC_TOKEN_FILE: tokenFile() };
  const variables = { ...token, ...environment };
  const written = Object.entries(options).filter(([, value]) => value !== undefined);
  return [
    "#!/bin/bash",
    ...written.map(([option, value]) => `#SBATCH --${option}=${value}`),
    "#SBATCH --requeue",
    ...extra.map((option) => `#SBATCH ${option}`),
    "# Until the worker listens.",
    "trap '' USR2",
    ...Object.entries(variables).map(([variable, value]) => `export ${variable}=${shellText(String(value))}`),
    ...setup,
    "# That of mosaic run, or the one that setup has loaded.",
    `node=${shellText(process.execPath)}`,
    '[ -x "$node" ] || node=node',
    `exec "$node" ${["--disable-warning=ExperimentalWarning", program, ...words].map(shellText).join(" ")}`,
    "",
  ].join("\n");
}
