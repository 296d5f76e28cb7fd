/** Slurm's commands, asked as a user would: nothing waits for one longer than its time, since slurmctld may be away. */
import { execFile } from "node:child_process";
import { MosaicError } from "../errors.ts";

const limitMilliseconds = 30_000;

export interface Printed {
  readonly out: string;
  readonly err: string;
}

/**
 * @returns what it has printed
 * @throws MosaicError with Slurm's own words
 */
export function slurm(command: string, args: readonly string[]): Promise<Printed> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { timeout: limitMilliseconds, env: ownEnvironment(), maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) => {
        if (error === null) return resolve({ out, err });
        if (error.code === "ENOENT")
          return reject(
            new MosaicError("NO_SLURM", `${command} is not there: [SLURM] needs Slurm's commands on this machine`),
          );
        const words = error.killed ? `no answer in ${limitMilliseconds / 1000} s` : err.trim() || error.message;
        return reject(new MosaicError("SLURM_FAILED", `${command}: ${words}`));
      },
    );
  });
}

/** Options of a job that this process may be in are not those of the jobs that it sends. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => name === "SLURM_CONF" || !/^(SLURM|SBATCH|SQUEUE|SCANCEL)_/.test(name),
  );
  return Object.fromEntries(kept);
}
