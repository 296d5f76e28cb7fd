/** All slots of an experiment: those of this machine, and those of pilots, which come and go. */
import type { WorkerPlace } from "./place.ts";
import { Slot } from "./slot.ts";
import type { SuperviseOptions } from "./supervise.ts";

export class Crew {
  readonly #options: SuperviseOptions;
  readonly #fail: (error: unknown) => void;
  readonly #over = Promise.withResolvers<void>();
  #slots: readonly Slot[] = [];
  #count = 0;
  #working = 0;
  /** Slots that have found no run to take, each with what has it look again. */
  readonly #resting = new Map<Slot, () => void>();

  constructor(options: SuperviseOptions, fail: (error: unknown) => void) {
    this.#options = options;
    this.#fail = fail;
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** Resolves when no run is left, or none is to be started any more and nothing runs. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  join(place: WorkerPlace): void {
    const slot = new Slot(this.#count++, place, this.#options);
    this.#slots = [...this.#slots, slot];
    void this.#employ(slot, place).catch(this.#fail);
  }

  /** To be called every moment: a run that was given back is taken by one that rests. */
  look(): void {
    for (const slot of this.#slots) slot.look();
    const [resting] = this.#resting;
    if (resting === undefined) return;
    const [slot, wake] = resting;
    this.#resting.delete(slot);
    wake();
  }

  /** Ends where nothing runs, and nothing waits that could. */
  async settle(): Promise<void> {
    if (this.#working > 0) return;
    const { store, experimentId, finish, pause, stop } = this.#options;
    const isLeaving = finish.aborted || pause.aborted || stop.aborted;
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
