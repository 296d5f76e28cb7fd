/** All slots of an experiment: those of this machine, and those of pilots, which come and go. */
import type { WorkerPlace } from "./place.ts";
import { Slot } from "./slot.ts";
import type { SuperviseOptions } from "./supervise.ts";

/** Counting takes a moment where there are many, and matters little. */
const manyRuns = 100;
const rareMilliseconds = 10_000;
const oftenMilliseconds = 1000;

export class Crew {
  readonly #options: SuperviseOptions;
  readonly #fail: (error: unknown) => void;
  readonly #over = Promise.withResolvers<void>();
  #slots: readonly Slot[] = [];
  #count = 0;
  #working = 0;
  /** Whether more runs come into the store. */
  #isAdding: boolean;
  /** Runs that no slot had when they were last counted. */
  #pending = 0;
  #nextCount = 0;
  /** Slots that have found no run to take, each with what has it look again. */
  readonly #resting = new Map<Slot, () => void>();

  constructor(options: SuperviseOptions, fail: (error: unknown) => void) {
    this.#options = options;
    this.#fail = fail;
    this.#isAdding = options.adding !== undefined;
    const added = () => {
      this.#isAdding = false;
    };
    void options.adding?.then(added, added);
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** Resolves when no run is left, or none is to be started any more and nothing runs. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  join(place: WorkerPlace): void {
    const slot = new Slot(this.#count++, place, this.#options, () => this.#share);
    this.#slots = [...this.#slots, slot];
    void this.#divide().catch(this.#fail);
    void this.#employ(slot, place).catch(this.#fail);
  }

  /** To be called every moment: a run that was given back is taken by one that rests. */
  look(): void {
    for (const slot of this.#slots) slot.look();
    void this.#divide().catch(this.#fail);
    const [resting] = this.#resting;
    if (resting === undefined) return;
    // What waits with one may be another's; what was asked back is to be counted first.
    const isAsked = this.#slots.some((slot) => slot.isAsked);
    const [rich] = isAsked ? [] : this.#slots.toSorted((a, b) => b.spare - a.spare);
    if (rich !== undefined && rich.spare > 0) rich.withdraw(Math.ceil(rich.spare / 2));
    const [slot, wake] = resting;
    this.#resting.delete(slot);
    wake();
  }

  /** How many runs may wait at a slot. */
  get #share(): number {
    return Math.max(1, Math.floor(this.#pending / Math.max(1, this.#slots.length)));
  }

  /** Looks now and then how many runs are left for each slot where several may wait. */
  async #divide(): Promise<void> {
    if (performance.now() < this.#nextCount || !this.#slots.some((slot) => slot.takesAhead)) return;
    this.#nextCount = Number.POSITIVE_INFINITY;
    const { store, experimentId } = this.#options;
    this.#pending = (await store.countByStatus(experimentId)).get("pending") ?? 0;
    this.#nextCount = performance.now() + (this.#share > manyRuns ? rareMilliseconds : oftenMilliseconds);
  }

  /** Ends where nothing runs, and nothing waits that could. */
  async settle(): Promise<void> {
    if (this.#working > 0) return;
    const { store, experimentId, finish, pause, stop } = this.#options;
    const isLeaving = finish.aborted || pause.aborted || stop.aborted;
    if (this.#isAdding && !isLeaving) return;
    const pending = isLeaving ? 0 : ((await store.countByStatus(experimentId)).get("pending") ?? 0);
    if (pending === 0 && this.#working === 0) this.#over.resolve();
  }

  async #employ(slot: Slot, place: WorkerPlace): Promise<void> {
    let isOver = false;
    void this.over.then(() => {
      isOver = true;
      for (const wake of this.#resting.values()) wake();
    });
    while (!isOver && place.isOpen) {
      this.#working++;
      const hasWorked = await slot.work().finally(() => this.#working--);
      // One that has found something may not be the only one.
      if (hasWorked) this.look();
      await this.settle();
      if (isOver || !place.isOpen) break;
      await new Promise<void>((wake) => this.#resting.set(slot, wake));
    }
    this.#slots = this.#slots.filter((each) => each !== slot);
  }
}
