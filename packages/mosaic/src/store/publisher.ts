/** Publishes whole copies of a working file, again and again, while its owner writes to it. */
import { rm } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { errorCode, machineTrouble, messageOf } from "@ml-mosaic/base";
import { storeErrorFrom } from "./sqlite-error.ts";
import { StoreError } from "./store-error.ts";
import { storedInteger } from "./stored-value.ts";
import { alter, putInPlace } from "./working-file.ts";
import { leaveWriteAheadLog } from "./write-ahead-log.ts";

/** Between two copies: long enough that large ones do not keep the machine busy. */
const leastMilliseconds = 25_000;
const timesAsLong = 4;
/** What a copy says of its owner is taken for true so long. */
const aliveMilliseconds = 150_000;

export interface Published {
  /** Where SQLite works. */
  readonly file: string;
  /** Where the copies go. */
  readonly location: string;
  /** Whether no other owner has come. */
  isOurs(): Promise<boolean>;
  say(line: string): void;
}

export class Publisher {
  readonly #published: Published;
  #timer: NodeJS.Timeout | undefined;
  #next: PromiseWithResolvers<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #lastMilliseconds = 0;
  #trouble = "";
  #isClosed = false;

  constructor(published: Published) {
    this.#published = published;
    this.#wait();
  }

  /** Resolves when all that was written before is in the published copy. @throws StoreError where it cannot be */
  publish(): Promise<void> {
    const publishing = this.#last.then(() => this.#publish());
    this.#last = publishing.catch(() => undefined);
    return publishing;
  }

  /** Resolves with the next copy that is begun; never where another owner has come. */
  next(): Promise<void> {
    this.#next ??= Promise.withResolvers<void>();
    return this.#next.promise;
  }

  /** The working file is closed, and published as it is. */
  async close(): Promise<void> {
    await this.stop();
    const { file } = this.#published;
    await this.#put(file);
  }

  async stop(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#last;
  }

  #wait(): void {
    const wait = Math.max(leastMilliseconds, timesAsLong * this.#lastMilliseconds);
    this.#timer = setTimeout(() => void this.#again(), wait);
    this.#timer.unref();
  }

  async #again(): Promise<void> {
    try {
      await this.publish();
      this.#trouble = "";
    } catch (error) {
      // For good, and whatever is written next is refused with the same words.
      if (errorCode(error) === "STORE_CLAIM_LOST") return;
      if (messageOf(error) !== this.#trouble) this.#published.say(`${messageOf(error)}; it is tried again`);
      this.#trouble = messageOf(error);
    }
    if (!this.#isClosed) this.#wait();
  }

  async #publish(): Promise<void> {
    const { file } = this.#published;
    const copy = `${file}.copy`;
    const waiting = this.#next;
    this.#next = undefined;
    const start = performance.now();
    try {
      await rm(copy, { force: true });
      // A connection of its own: the writer's goes on meanwhile. In one step it is one moment of the database.
      const source = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
      try {
        await backup(source, copy, { rate: 2 ** 31 - 1 });
      } catch (error) {
        throw storeErrorFrom(error, copy);
      } finally {
        source.close();
      }
      alter(copy, (database) => {
        database.prepare("UPDATE writer_claim SET expires_at = ?").run(storedInteger(Date.now() + aliveMilliseconds));
        leaveWriteAheadLog(database);
      });
      await this.#put(copy);
      waiting?.resolve();
    } catch (error) {
      // It is in none yet.
      if (waiting !== undefined) void this.next().then(waiting.resolve);
      throw error;
    } finally {
      await rm(copy, { force: true });
      this.#lastMilliseconds = performance.now() - start;
    }
  }

  async #put(file: string): Promise<void> {
    const { location, isOurs } = this.#published;
    let isPut: boolean;
    try {
      isPut = await putInPlace(file, location, isOurs);
    } catch (error) {
      const why = machineTrouble(error) ?? messageOf(error);
      const code = errorCode(error) === "ENOSPC" || errorCode(error) === "EDQUOT" ? "STORE_DISK_FULL" : "STORE_IO";
      throw new StoreError(
        code,
        `${location}: no newer copy can be put there (${why}); all that was stored is in ${this.#published.file} on this machine`,
        { cause: error },
      );
    }
    if (!isPut)
      throw new StoreError(
        "STORE_CLAIM_LOST",
        `${location}: another process has taken over this database; what this one has stored since its last copy is not in it, and is trained again`,
      );
  }
}
