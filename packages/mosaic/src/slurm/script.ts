import { fileURLToPath } from "node:url";
import { shellText } from "@ml-mosaic/command-line";
import type { SlurmSection } from "../config/slurm-section.ts";

// The sources run as .ts, the published package as .js.
const program = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../bin/mosaic.ts" : "../../bin/mosaic.js", import.meta.url),
);

/** What sbatch is given: a worker of the spool folder, and the options of [SLURM]. */
export function jobScript(
  section: SlurmSection,
  { name, spool, start }: { name: string; spool: string; start: string },
): string {
  const { runs_per_worker: runs, cpus = runs, setup = [], extra = [] } = section;
  const options = {
    "job-name": name,
    chdir: start,
    output: `${spool}/jobs/%A_%a.out`,
    "open-mode": "append",
    // To the worker alone, two minutes before its time is over.
    signal: "B:USR2@120",
    partition: section.partition,
    time: section.time,
    "cpus-per-task": cpus,
    mem: section.memory,
    gres: section.gres,
    account: section.account,
    qos: section.qos,
    constraint: section.constraint,
  };
  const written = Object.entries(options).filter(([, value]) => value !== undefined);
  const worker = [process.execPath, "--disable-warning=ExperimentalWarning", program, "worker", spool];
  const words = [...worker, "--runs", String(runs), "--device", section.device, "--linger", String(section.linger)];
  return [
    "#!/bin/bash",
    ...written.map(([option, value]) => `#SBATCH --${option}=${value}`),
    "#SBATCH --requeue",
    ...extra.map((option) => `#SBATCH ${option}`),
    "# Until the worker listens.",
    "trap '' USR2",
    ...setup,
    `exec ${words.map(shellText).join(" ")}`,
    "",
  ].join("\n");
}
