/** Reads one direction of the spool, of which changes may become visible late and in any order, and never all at once. */
import { unlink } from "node:fs/promises";
import { MosaicError } from "../errors.ts";
import { bytesOfRecord, endOfFile, readRecord } from "./record.ts";
import { type SharedFiles, sharedFiles } from "./shared-files.ts";
import { fileName } from "./writer.ts";

/** Mostly little has come, or nothing. */
const usualBytes = 16 * 1024;
const bytesAtOnce = 256 * 1024;

interface ReaderOptions {
  readonly files?: SharedFiles;
  readonly keeps?: boolean;
}

export class SpoolReader {
  readonly #path: string;
  readonly #files: SharedFiles;
  readonly #keeps: boolean;
  /** Where the next record begins. */
  #file = 1;
  #position = 0;
  /** Of the last record. */
  #number = 0;

  /**
   * @param path of its files, without the number that each has
   * @param keeps whether files stay that have been read
   */
  constructor(path: string, { files = sharedFiles, keeps = false }: ReaderOptions = {}) {
    this.#path = path;
    this.#files = files;
    this.#keeps = keeps;
  }

  /**
   * What has become visible since; not all of it where that is much. What is not whole is read again the next time, from
   * its start: none of its bytes are trusted.
   *
   * @throws MosaicError where a whole record is none of Mosaic's
   */
  async read(): Promise<readonly string[]> {
    const texts: string[] = [];
    let bytes = await this.#read(usualBytes);
    if (bytes.length === usualBytes) bytes = await this.#read(bytesAtOnce);
    const wanted = bytesOfRecord(bytes) ?? 0;
    if (wanted > bytesAtOnce) bytes = await this.#read(wanted);
    for (;;) {
      const record = readRecord(bytes);
      if (record === undefined) return texts;
      const length = bytesOfRecord(bytes) ?? 0;
      bytes = bytes.subarray(length);
      this.#position += length;
      // A record that is there twice.
      if (record.number <= this.#number) continue;
      if (record.number > this.#number + 1)
        throw new MosaicError("BAD_MESSAGE", `record ${this.#number + 1} of ${this.#path} is not there`);
      this.#number = record.number;
      if (record.text !== endOfFile) texts.push(record.text);
      else {
        if (!this.#keeps) await unlink(fileName(this.#path, this.#file)).catch(() => undefined);
        this.#file++;
        this.#position = 0;
        return texts;
      }
    }
  }

  #read(mostBytes: number): Promise<Buffer> {
    return this.#files.read(fileName(this.#path, this.#file), this.#position, mostBytes);
  }
}
