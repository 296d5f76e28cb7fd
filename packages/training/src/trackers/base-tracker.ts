import { type ConfigObject, typedConfigurable } from "@ml-mosaic/configurable";
import type { EpochRecord } from "../history.ts";
import type { TestResult } from "../trainer/test-result.ts";

/** A run as its trackers see it. */
export interface TrackedRun {
  readonly runName: string;
  /** Where the run's files are. */
  readonly folder: string;
  /** The whole configuration. */
  readonly config: ConfigObject;
  /** How many epochs were done before, where the run goes on. */
  readonly epochsDone: number;
  /** What is known of those, from the run's log. */
  readonly earlier: readonly EpochRecord[];
  /** For what the user should know, and training need not stop for. */
  warn(message: string): void;
}

export interface RunEnd {
  readonly status: "finished" | "paused" | "failed";
  /** Absent where there is no test set, or the run did not get there. */
  readonly test?: TestResult | undefined;
}

/**
 * Where the figures of a run go besides its files. What a tracker throws becomes a warning: training goes on, and the
 * figures are in `logs_train.csv`. Calls come one after the other, `start` first and `end` last.
 *
 * @example
 * class JsonLines extends configurable({ file: schema(path) }, BaseTracker) {
 *   static override readonly aliases = ["json_lines"];
 *   override start(): void {}
 *   override async epoch(epoch: EpochRecord): Promise<void> {
 *     await appendFile(this.file, `${JSON.stringify(epoch)}\n`);
 *   }
 *   override end(): void {}
 * }
 * register(JsonLines);
 */
export abstract class BaseTracker extends typedConfigurable({}) {
  abstract start(run: TrackedRun): void | Promise<void>;
  abstract epoch(epoch: EpochRecord): void | Promise<void>;
  abstract end(end: RunEnd): void | Promise<void>;
}
