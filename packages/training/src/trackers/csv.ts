import { join } from "node:path";
import { replaceFile } from "@ml-mosaic/base";
import { configurable, register } from "@ml-mosaic/configurable";
import type { EpochRecord } from "../history.ts";
import { csvText } from "../trainer/csv-table.ts";
import type { TestScores } from "../trainer/test-result.ts";
import { TrainingLog } from "../trainer/training-log.ts";
import { BaseTracker, type RunEnd, type TrackedRun } from "./base-tracker.ts";

export const logName = "logs_train.csv";
export const testResultsName = "test_results.csv";

/** The tables in the run's folder. Every run has this tracker, named or not, and cannot do without it. */
export class CsvTracker extends configurable({}, BaseTracker) {
  static override readonly aliases = ["csv"];
  #folder = "";
  #log: TrainingLog | undefined;

  override async start({ folder, epochsDone }: TrackedRun): Promise<void> {
    this.#folder = folder;
    this.#log = await TrainingLog.open(join(folder, logName), epochsDone);
  }

  override async epoch(epoch: EpochRecord): Promise<void> {
    await this.#log?.append(epoch);
  }

  override async end({ test }: RunEnd): Promise<void> {
    if (test === undefined) return;
    const { snapshot, epoch, parts } = test;
    const rowOf = ({ loss, metrics }: TestScores, part: Readonly<Record<string, string>> = {}) => {
      const named = Object.entries(metrics).map(([name, value]) => [`test_${name}`, String(value)]);
      return { ...part, snapshot, epoch: String(epoch), test_loss: String(loss), ...Object.fromEntries(named) };
    };
    const rows =
      parts === undefined
        ? [rowOf(test)]
        : [...Object.entries(parts), ["(all)", test] as const].map(([part, scores]) => rowOf(scores, { part }));
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    await replaceFile(join(this.#folder, testResultsName), csvText({ columns, rows }));
  }
}
register(CsvTracker);
