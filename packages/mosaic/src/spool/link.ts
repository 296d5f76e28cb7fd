/** A link over the spool: each side writes one direction and looks for what the other has written. */
import { messageOf } from "@ml-mosaic/base";
import type { Link } from "../pilot/link.ts";
import type { ChannelEvents } from "../wire/channel.ts";
import { readValue, writeValue } from "../wire/values.ts";
import { SpoolReader } from "./reader.ts";
import { type SharedFiles, sharedFiles } from "./shared-files.ts";
import { SpoolWriter } from "./writer.ts";

/** Between two looks: from when an answer is awaited, to when long nothing has come. */
const leastMilliseconds = 20;
const usualMilliseconds = 250;
const mostMilliseconds = 500;

interface SpoolLinkOptions {
  readonly files?: SharedFiles;
  readonly onTrouble: (error: unknown) => void;
  /** How many times as long the looks of this process may be apart: each costs the file system something. */
  readonly slowness?: () => number;
}

export class SpoolLink implements Link {
  readonly #writer: SpoolWriter;
  readonly #reader: SpoolReader;
  readonly #events: ChannelEvents;
  readonly #slowness: () => number;
  #timer: NodeJS.Timeout | undefined;
  #wait = leastMilliseconds;
  /** Of the next look. */
  #due = 0;
  #isClosed = false;

  constructor(
    paths: { readonly own: string; readonly other: string },
    events: ChannelEvents,
    { files = sharedFiles, onTrouble, slowness = () => 1 }: SpoolLinkOptions,
  ) {
    this.#writer = new SpoolWriter(paths.own, { files, onTrouble });
    this.#reader = new SpoolReader(paths.other, { files });
    this.#events = events;
    this.#slowness = slowness;
    this.#schedule();
  }

  send(value: unknown, isAnswered = false): void {
    this.#writer.append(writeValue(value));
    if (!isAnswered) return;
    this.#wait = leastMilliseconds;
    // Never put off: whoever says much would hear nothing.
    if (this.#timer !== undefined && performance.now() + this.#waitNow < this.#due) this.#schedule();
  }

  async close(milliseconds: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#writer.close(milliseconds);
  }

  get #waitNow(): number {
    return this.#wait * this.#slowness();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const wait = this.#waitNow;
    this.#due = performance.now() + wait;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, wait);
  }

  async #look(): Promise<void> {
    let texts: readonly string[] = [];
    try {
      texts = await this.#reader.read();
      this.#wait = texts.length > 0 ? usualMilliseconds : Math.min(2 * this.#wait, mostMilliseconds);
      for (const text of texts) if (!this.#isClosed) this.#events.message(readValue(text));
    } catch (error) {
      // A system that cannot be read from now is looked at again; what is no message stays so.
      if (!this.#isClosed && isBroken(error)) return this.#events.broken(messageOf(error));
      this.#wait = mostMilliseconds;
    }
    if (!this.#isClosed) this.#schedule();
  }
}

function isBroken(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "BAD_MESSAGE";
}
