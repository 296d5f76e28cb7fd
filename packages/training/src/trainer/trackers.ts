import { messageOf } from "@ml-mosaic/base";
import type { EpochRecord } from "../history.ts";
import type { BaseTracker, RunEnd, TrackedRun } from "../trackers/base-tracker.ts";
import { CsvTracker } from "../trackers/csv.ts";

/** All trackers of a run as one: the tables first, whose failure is one of the run; that of others is a warning. */
export class RunTrackers {
  readonly #trackers: readonly BaseTracker[];
  readonly #warn: (message: string) => void;

  constructor(trackers: readonly BaseTracker[], warn: (message: string) => void) {
    const others = trackers.filter((tracker) => !(tracker instanceof CsvTracker));
    this.#trackers = [new CsvTracker({}), ...others];
    this.#warn = warn;
  }

  start(run: Omit<TrackedRun, "warn">): Promise<void> {
    return this.#all((tracker) => tracker.start({ ...run, warn: this.#warn }));
  }

  epoch(epoch: EpochRecord): Promise<void> {
    return this.#all((tracker) => tracker.epoch(epoch));
  }

  end(end: RunEnd): Promise<void> {
    return this.#all((tracker) => tracker.end(end));
  }

  async #all(work: (tracker: BaseTracker) => void | Promise<void>): Promise<void> {
    for (const tracker of this.#trackers) {
      try {
        await work(tracker);
      } catch (error) {
        if (tracker instanceof CsvTracker) throw error;
        const why = messageOf(error);
        this.#warn(`the tracker ${tracker.constructor.name} failed: ${why}. Training goes on.`);
      }
    }
  }
}
