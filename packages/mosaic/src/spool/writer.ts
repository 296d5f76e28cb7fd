/** Writes one direction of the spool: only this object, in this process, writes its files. */
import { setTimeout as delay } from "node:timers/promises";
import { endOfFile, recordOf } from "./record.ts";
import { type SharedFiles, sharedFiles } from "./shared-files.ts";

export interface WriterOptions {
  readonly files?: SharedFiles;
  /** A file that has so many bytes is followed by another, and its reader removes it. */
  readonly mostBytes?: number;
  /** Told when something cannot be written, once until it can. */
  readonly onTrouble?: (error: unknown) => void;
}

const retryMilliseconds = 1000;

export class SpoolWriter {
  readonly #path: string;
  readonly #files: SharedFiles;
  readonly #mostBytes: number;
  readonly #onTrouble: (error: unknown) => void;
  #number = 0;
  /** Where the next record goes. */
  #file = 1;
  #end = 0;
  /** What is to be written, each at its place, whatever fails meanwhile. */
  #waiting: { readonly file: number; readonly position: number; readonly bytes: Buffer }[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;

  /** @param path of its files, without the number that each has */
  constructor(
    path: string,
    { files = sharedFiles, mostBytes = 16 * 1024 * 1024, onTrouble = () => undefined }: WriterOptions = {},
  ) {
    this.#path = path;
    this.#files = files;
    this.#mostBytes = mostBytes;
    this.#onTrouble = onTrouble;
  }

  /**
   * To be written as soon as what was said before is.
   *
   * @throws MosaicError where the text is too large
   */
  append(text: string): void {
    if (this.#isClosed) return;
    this.#add(text);
    if (this.#end >= this.#mostBytes) {
      this.#add(endOfFile);
      this.#file++;
      this.#end = 0;
    }
    // What is said in one go is written in one go.
    this.#writing ??= Promise.resolve().then(() => this.#writeAll());
  }

  /** Resolves when all is written, or after so long: a file system may be away. */
  async close(milliseconds: number): Promise<void> {
    const over = new AbortController();
    const enough = delay(milliseconds, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([this.#writing, enough]);
    over.abort();
    this.#isClosed = true;
  }

  #add(text: string): void {
    const bytes = recordOf({ number: this.#number + 1, text });
    this.#waiting.push({ file: this.#file, position: this.#end, bytes });
    this.#number++;
    this.#end += bytes.length;
  }

  async #writeAll(): Promise<void> {
    let isTold = false;
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || this.#isClosed) break;
      const records = this.#waiting.filter(({ file }) => file === first.file);
      const bytes = Buffer.concat(records.map((each) => each.bytes));
      try {
        await this.#files.write(fileName(this.#path, first.file), first.position, bytes);
      } catch (error) {
        // What it has left half-written is written again.
        if (!isTold) this.#onTrouble(error);
        isTold = true;
        await delay(retryMilliseconds, undefined, { ref: false });
        continue;
      }
      isTold = false;
      this.#waiting = this.#waiting.slice(records.length);
    }
    this.#writing = undefined;
  }
}

export function fileName(path: string, file: number): string {
  return `${path}.${file}`;
}
