/** Workers that pilots start, as the supervisor's crew takes them on. */
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { WorkerPlace } from "../supervisor/place.ts";
import type { Elsewhere } from "../supervisor/supervise.ts";
import { placeOfWords } from "./left-words.ts";
import type { Landing, OpenLanding } from "./link.ts";
import type { Offer } from "./offer.ts";
import { type MemoryRules, RemotePilot } from "./remote-pilot.ts";

export interface PilotOptions {
  readonly landing: OpenLanding;
  readonly version: string;
  readonly folders: readonly string[];
  readonly runs: RunsOfPilots;
  readonly silentSeconds: number;
  readonly lateSeconds: number;
  readonly say: (line: string) => void;
  /** What those get that see none of the folders; undefined: they are refused. */
  readonly offer?: () => Promise<Offer | undefined>;
  readonly memory?: MemoryRules | undefined;
  readonly ownProcessorOnly?: boolean | undefined;
  /** Told of a pilot that is gone, by its name. */
  readonly forget?: (name: string) => Promise<void>;
}

/** Where the runs come from, and their results go. */
export interface RunsOfPilots {
  /** Id of the database. */
  readonly database: string;
  /** Whether those that pilots carry out may be a dead supervisor's. */
  readonly hasTakenOver: boolean;
  /** Resolves when what is stored now is where another supervisor would find it. @param now whether that is hurried */
  published(now?: boolean): Promise<void>;
}

const lookMilliseconds = 1000;
const publishedMilliseconds = 5000;
const forgetMilliseconds = 5000;
/** So long the pilots of a dead supervisor may take to come, before others get their runs. */
const comingMilliseconds = 10_000;

export class PilotsElsewhere implements Elsewhere {
  readonly #options: PilotOptions;
  readonly #pilots = new Map<string, RemotePilot>();
  /** Slurm's ids of the jobs of pilots that have been there. */
  readonly #met = new Set<string>();
  readonly #over = new AbortController();
  #forgetting: readonly Promise<void>[] = [];
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
    const { landing, version, folders, silentSeconds, lateSeconds, runs, say, memory, ownProcessorOnly } =
      this.#options;
    const { database, hasTakenOver } = runs;
    const settled = Promise.withResolvers<void>();
    const offer = await this.#options.offer?.();
    this.#landing = await landing((name, connect) => {
      const changed = (pilot: RemotePilot, what: string) => {
        if (what !== "") say(what);
        if (pilot.isGone) this.#forget(name);
      };
      this.#pilots.set(
        name,
        new RemotePilot(connect, {
          name,
          version,
          folders,
          database,
          silentSeconds,
          lateSeconds,
          offer,
          published: () => runs.published(),
          memory,
          ownProcessorOnly,
          // Those that have runs already are first.
          join: (place) => (place.left === undefined ? void settled.promise.then(() => join(place)) : join(place)),
          met: (pilot) => this.#loseOthers(pilot),
          changed,
        }),
      );
    }, fail);
    this.#watching = this.#watch();
    void this.#tellPublished().catch(fail);
    const { known = 1 } = this.#landing;
    if (hasTakenOver && known > 0) {
      await this.#awaitPilots(known);
      const isHere = (name: string) => this.#pilots.get(name)?.process !== undefined;
      for (const words of (await this.#landing.left?.(isHere)) ?? []) join(placeOfWords(words));
    }
    settled.resolve();
  }

  async #awaitPilots(known: number): Promise<void> {
    this.#options.say(`waiting up to ${comingMilliseconds / 1000} s for the workers of the last supervisor`);
    const { signal } = this.#over;
    const end = performance.now() + comingMilliseconds;
    const count = () => Array.from(this.#pilots.values()).filter(({ process }) => process !== undefined).length;
    while (performance.now() < end && !signal.aborted && (this.#landing?.known === undefined || count() < known))
      await delay(100, undefined, { signal }).catch(() => undefined);
  }

  /** What pilots have said they keep until another supervisor would find it. */
  async #tellPublished(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.#tellStored(false);
      await delay(publishedMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  }

  async #tellStored(now: boolean): Promise<void> {
    const stored = Array.from(this.#pilots.values(), (pilot) => [pilot, pilot.stored] as const);
    await this.#options.runs.published(now);
    for (const [pilot, count] of stored) pilot.tellPublished(count);
  }

  async close(isOver: boolean): Promise<void> {
    this.#over.abort();
    await this.#watching;
    // What cannot be published is kept by the pilots.
    await this.#tellStored(true).catch(() => undefined);
    // First all are told, then the place is left.
    await Promise.all(Array.from(this.#pilots.values(), (pilot) => pilot.close(isOver)));
    await this.#landing?.close(isOver);
    if (isOver) await Promise.race([Promise.all(this.#forgetting), delay(forgetMilliseconds)]);
    for (const [name, pilot] of this.#pilots) if (isOver && !pilot.isAlive) await this.#options.forget?.(name);
  }

  async #loseOthers(pilot: RemotePilot): Promise<void> {
    if (pilot.job !== undefined) this.#met.add(pilot.job);
    const others = Array.from(this.#pilots.values()).filter((other) => other !== pilot && other.process !== undefined);
    for (const other of others)
      if (isDeepStrictEqual(other.process, pilot.process)) await other.lose("it has come again");
      // A job that was requeued has its id still: whatever was there before of it has ended.
      else if (pilot.job !== undefined && other.job === pilot.job) other.endWithJob("its job was requeued");
  }

  /** What it has said stays until another supervisor would find it elsewhere. */
  #forget(name: string): void {
    this.#pilots.delete(name);
    const { forget, runs } = this.#options;
    if (forget !== undefined) this.#forgetting = [...this.#forgetting, runs.published().then(() => forget(name))];
  }

  async #watch(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await delay(lookMilliseconds, undefined, { signal: this.#over.signal }).catch(() => undefined);
      // A machine that slept has heard nothing meanwhile, which says nothing of the pilots.
      for (const pilot of this.#pilots.values()) pilot.look(lookMilliseconds / 1000);
    }
  }
}
