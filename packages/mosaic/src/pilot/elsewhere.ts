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
  /** Slurm's ids of the jobs of pilots that have been there. */
  readonly #met = new Set<string>();
  readonly #over = new AbortController();
  #landing: Landing | undefined;
  #watching: Promise<void> | undefined;

  constructor(options: PilotOptions) {
    this.#options = options;
  }

  get pilots(): Iterable<RemotePilot> {
    return this.#pilots.values();
  }

  /** Whether a pilot of this job has ever been there. */
  hasMet(job: string): boolean {
    return this.#met.has(job);
  }

  async open(join: (place: WorkerPlace) => void, fail: (error: unknown) => void): Promise<void> {
    const { landing, version, folders, silentSeconds, lateSeconds, say } = this.#options;
    this.#landing = await landing((name, connect) => {
      const changed = (pilot: RemotePilot, what: string) => {
        if (what !== "") say(what);
        if (pilot.job !== undefined) this.#meet(pilot, pilot.job);
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
    for (const [name, pilot] of this.#pilots) if (isOver && !pilot.isAlive) await this.#options.forget?.(name);
  }

  /** A job that was requeued has its id still: whatever was there before of it has ended. */
  #meet(pilot: RemotePilot, job: string): void {
    this.#met.add(job);
    if (pilot.isGone) return;
    for (const other of this.#pilots.values())
      if (other !== pilot && other.job === job) other.lose("its job was requeued");
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
