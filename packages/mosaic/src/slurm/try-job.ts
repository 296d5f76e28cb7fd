import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceFile } from "@ml-mosaic/base";
import type { SlurmSection } from "../config/slurm-section.ts";
import { slurm } from "./commands.ts";
import { jobScript, workerWords } from "./script.ts";

/**
 * Sends nothing.
 *
 * @returns what Slurm says of a job with these options
 * @throws MosaicError with Slurm's words where it takes none
 */
export async function tryJob(section: SlurmSection, start: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mosaic-slurm-"));
  try {
    const script = join(folder, "job.sh");
    await replaceFile(
      script,
      jobScript(section, { name: "mosaic", spool: folder, start }, workerWords(section, folder)),
      { mode: 0o700 },
    );
    return await testJob(script);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export async function testJob(script: string): Promise<string> {
  return (await slurm("sbatch", ["--test-only", script])).err;
}
