/** Workers that pilots start, as the supervisor's crew takes them on. */
import { setTimeout as delay } from "node:timers/promises";
import type { WorkerPlace } from "../supervisor/place.ts";
import type { Elsewhere } from "../supervisor/supervise.ts";
import type { Landing, OpenLanding } from "./link.ts";
import { RemotePilot } from "./remote-pilot.ts";

export interface PilotOptions {
  readonly landing: OpenLanding;
  readonly version: string;
  readonly folders: readonly string[];
  readonly silentSeconds: number;
  readonly lateSeconds: number;
  readonly say: (line: string) => void;
  /** Told of a pilot that is gone, by its name. */
  readonly forget?: (name: string) => Promise<void>;
}

const lookMilliseconds = 1000;

export class PilotsElsewhere implements Elsewhere {
  readonly #options: PilotOptions;
  readonly #pilots = new Map<string, RemotePilot>();
  readonly #over = new AbortController();
  #landing: Landing | undefined;
  #watching: Promise<void> | undefined;

  constructor(options: PilotOptions) {
    this.#options = options;
  }

  get pilots(): Iterable<RemotePilot> {
    return this.#pilots.values();
  }

  async open(join: (place: WorkerPlace) => void, fail: (error: unknown) => void): Promise<void> {
    const { landing, version, folders, silentSeconds, lateSeconds, say } = this.#options;
    this.#landing = await landing((name, connect) => {
      const changed = (pilot: RemotePilot, what: string) => {
        if (what !== "") say(what);
        if (pilot.isGone) this.#forget(name);
      };
      this.#pilots.set(
        name,
        new RemotePilot(connect, { name, version, folders, silentSeconds, lateSeconds, join, changed }),
      );
    }, fail);
    this.#watching = this.#watch();
  }

  async close(isOver: boolean): Promise<void> {
    this.#over.abort();
    await this.#watching;
    // First all are told, then the place is left.
    await Promise.all(Array.from(this.#pilots.values(), (pilot) => pilot.close(isOver)));
    await this.#landing?.close(isOver);
  }

  #forget(name: string): void {
    this.#pilots.delete(name);
    void this.#options.forget?.(name);
  }

  async #watch(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await delay(lookMilliseconds, undefined, { signal: this.#over.signal }).catch(() => undefined);
      // A machine that slept has heard nothing meanwhile, which says nothing of the pilots.
      for (const pilot of this.#pilots.values()) pilot.look(lookMilliseconds / 1000);
    }
  }
}
