/** What run, rerun and resume do with the runs that they have queued. */
import { type ExitCode, jsonText, type OptionSpec, shellText, type Terminal } from "@ml-mosaic/command-line";
import { MosaicError } from "../errors.ts";
import { carryOut, type Work } from "./carry-out.ts";
import { type ModelSummary, summarizeModels, summaryJson, summaryText } from "./run-summary.ts";

export interface Telling {
  /** Runs of the final table. */
  readonly runIds: readonly number[];
  /** Whether the final table is wanted for programs. */
  readonly json: boolean;
  /** The command that goes on where this one was broken off. */
  readonly goOn: string;
  /** Lines that say how to train on. */
  readonly next: () => Promise<readonly string[]>;
}

export const jsonOption: OptionSpec = { name: "json", help: "write the final table as JSON for programs" };

/** Carries the runs out, writes their final table, and says how to go on. */
export async function carryOutAndTell(
  work: Work,
  { runIds, json, goOn, next }: Telling,
  { out, err, isLive }: Terminal,
): Promise<ExitCode> {
  try {
    const code = await carryOut(work, { out, err, isLive });
    const models = await summarizeModels(work.store, runIds);
    out(`${json ? jsonText(summaryJson(models, work.store.location)) : summaryText(models)}\n`);
    const lines = [...(await next()), ...waysToLook(models, work.store.location)];
    if (lines.length > 0) err(`Next:\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
    return code;
  } catch (error) {
    // The database or the machine has failed, not the runs.
    if (!(error instanceof MosaicError)) throw error;
    err(`${error.message}\nStopped; what was accepted is safe. When the cause is gone:\n  ${goOn}\n`);
    return 3;
  }
}

function waysToLook(models: readonly ModelSummary[], database: string): readonly string[] {
  const measured = models.filter(({ testLoss }) => testLoss !== null);
  const file = shellText(database);
  return [
    ...(measured.length > 1 ? [`mosaic compare ${file}   says which model is better, and how sure that is`] : []),
    ...(measured.length > 0 ? [`mosaic plotloss ${file} losses.pdf -id all   draws the losses, epoch by epoch`] : []),
  ];
}
