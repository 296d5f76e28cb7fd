/** Small changes that come within moments are made in one transaction, which costs more than they do. */
import { StoreError } from "./store-error.ts";

/** For so long one may wait for others: less than a view or a person would notice. */
const mostMilliseconds = 20;

interface Waiting {
  readonly change: () => void;
  readonly made: PromiseWithResolvers<void>;
}

export class GatheredChanges {
  readonly #write: <T>(work: () => T) => Promise<T>;
  #waiting: readonly Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param write in one transaction */
  constructor(write: <T>(work: () => T) => Promise<T>) {
    this.#write = write;
  }

  /**
   * @param change which changes nothing where it throws a StoreError: the others are made all the same
   * @returns what resolves when it is made
   */
  add(change: () => void): Promise<void> {
    const made = Promise.withResolvers<void>();
    this.#waiting = [...this.#waiting, { change, made }];
    this.#timer ??= setTimeout(() => this.pass(), mostMilliseconds);
    return made.promise;
  }

  /** Makes all that wait. */
  pass(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length > 0) void this.#make(waiting);
  }

  async #make(waiting: readonly Waiting[]): Promise<void> {
    try {
      const refusals = await this.#write(() => waiting.map(({ change }) => refusalOf(change)));
      for (const [index, { made }] of waiting.entries()) {
        const refusal = refusals[index];
        if (refusal === undefined) made.resolve();
        else made.reject(refusal);
      }
    } catch (error) {
      for (const { made } of waiting) made.reject(error);
    }
  }
}

function refusalOf(change: () => void): StoreError | undefined {
  try {
    change();
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}
