/** Looks at the files of another program while somebody looks at its maps, and says when they have changed. */
import type { ChangeSource } from "./events.ts";
import type { NumberedChange } from "./follower.ts";
import type { MapSource } from "./map-source.ts";

const lookMilliseconds = 1000;

export class MapsFollower implements ChangeSource {
  readonly #source: MapSource;
  readonly #listeners = new Set<(change: NumberedChange) => void>();
  #revision = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(source: MapSource) {
    this.#source = source;
  }

  get cursor(): string {
    return this.#revision;
  }

  async catchUp(): Promise<void> {
    this.#revision = await this.#source.revision();
  }

  listen(since: string | undefined, listener: (change: NumberedChange) => void): () => void {
    this.#listeners.add(listener);
    if (since !== undefined && since !== this.#revision) listener(this.#changed());
    this.#timer ??= setTimeout(() => void this.#look(), lookMilliseconds);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #changed(): NumberedChange {
    return { cursor: this.#revision, change: { kind: "everything" } };
  }

  async #look(): Promise<void> {
    const before = this.#revision;
    await this.catchUp();
    if (before !== this.#revision) for (const listener of this.#listeners) listener(this.#changed());
    if (this.#listeners.size > 0) this.#timer = setTimeout(() => void this.#look(), lookMilliseconds);
  }
}
