/** Runs that have used up the memory of their job: each is tried once more in a job that has twice as much. */
import type { MemoryRules } from "../pilot/remote-pilot.ts";

/** In the environment of a job: how many times the usual memory it has. */
export const memoryFactorVariable = "MOSAIC_MEMORY_FACTOR";

export const largeFactor = 2;

/** Undefined for what is no size of Slurm's. */
export function largeMemory(memory: string | undefined): string | undefined {
  const [, size, unit = ""] = /^(\d+)([KMGTkmgt]?)$/.exec(memory ?? "") ?? [];
  return size === undefined ? undefined : `${largeFactor * Number(size)}${unit}`;
}

export class LargeRuns implements MemoryRules {
  readonly #isThereMore: boolean;
  readonly #record: (runIds: readonly number[]) => Promise<void>;
  readonly #runs = new Set<number>();

  /**
   * @param isThereMore whether larger jobs can be sent
   * @param record keeps which runs they are for another supervisor
   */
  constructor(isThereMore: boolean, record: (runIds: readonly number[]) => Promise<void>) {
    this.#isThereMore = isThereMore;
    this.#record = record;
  }

  add(runIds: readonly number[]): void {
    for (const runId of runIds) this.#runs.add(runId);
  }

  get isEmpty(): boolean {
    return this.#runs.size === 0;
  }

  has(runId: number): boolean {
    return this.#runs.has(runId);
  }

  leftOut(factor: number): ReadonlySet<number> | undefined {
    return factor >= largeFactor || this.#runs.size === 0 ? undefined : this.#runs;
  }

  outOfMemory(runId: number, factor: number): boolean {
    if (!this.#isThereMore || factor >= largeFactor) return false;
    this.#runs.add(runId);
    // Where it cannot be stored, nothing can: the experiment ends, and says why.
    void this.#record([...this.#runs]).catch(() => undefined);
    return true;
  }
}
