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

  /** Whoever asks, all who listen are told. */
  async catchUp(): Promise<void> {
    const revision = await this.#source.revision();
    if (revision === this.#revision) return;
    this.#revision = revision;
    for (const listener of this.#listeners) listener(this.#changed());
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
    try {
      await this.catchUp();
    } catch {
      // The folder may be on its way to another place, or out of reach for a moment; the next look tells.
    } finally {
      clearTimeout(this.#timer);
      this.#timer = this.#listeners.size > 0 ? setTimeout(() => void this.#look(), lookMilliseconds) : undefined;
    }
  }
}
