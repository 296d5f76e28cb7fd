import { setTimeout as delay } from "node:timers/promises";
import { isBusy, storeErrorFrom } from "./sqlite-error.ts";

/** How long a change waits with the process standing still; after that, it stands in line and the process goes on. */
export const stillMilliseconds = 100;

interface Changes {
  /** In one transaction. @throws an error of SQLite's where another program has the database locked */
  readonly change: <T>(work: () => T) => T;
  /** How long a change waits while another program keeps the database locked. */
  readonly patienceMilliseconds: number;
  /** What errors name: the file that is written. */
  readonly file: string;
}

/** Changes of a database, each at once; where another program has locked it, they wait their turn, one behind the other. */
export class ChangeLine {
  readonly #changes: Changes;
  /** Of those that wait; resolves when the last one is through. */
  #line: Promise<void> | undefined;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** Resolves when no change waits. */
  async empty(): Promise<void> {
    await this.#line;
  }

  do<T>(work: () => T): Promise<T> {
    const { change, file } = this.#changes;
    if (this.#line === undefined) {
      try {
        return Promise.resolve(change(work));
      } catch (error) {
        if (!isBusy(error)) return Promise.reject(storeErrorFrom(error, file));
      }
    }
    const turn = (this.#line ?? Promise.resolve()).then(() => this.#changeWhenFree(work));
    const line: Promise<void> = turn.then(
      () => this.#leave(line),
      () => this.#leave(line),
    );
    this.#line = line;
    return turn;
  }

  #leave(line: Promise<void>): void {
    if (this.#line === line) this.#line = undefined;
  }

  async #changeWhenFree<T>(work: () => T): Promise<T> {
    const { change, patienceMilliseconds, file } = this.#changes;
    const deadline = performance.now() + patienceMilliseconds;
    for (;;) {
      try {
        return change(work);
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw storeErrorFrom(error, file);
        await delay(stillMilliseconds);
      }
    }
  }
}
