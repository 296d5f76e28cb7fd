import { checksumOf, encodeChecksum } from "../checksum.ts";
import { FitsError } from "../fits-error.ts";
import type { FitsFile, Hdu } from "../fits-file.ts";
import { BLOCK_LENGTH } from "../header/card.ts";
import { emptyHeader, getCard, type Header, removeCards, setCard } from "../header/header.ts";
import { formatHeader } from "../header/header-bytes.ts";
import { type PixelArray, type PixelType, pixelTypeOf } from "../image/pixel-types.ts";
import { readBytes } from "../io/byte-source.ts";
import { type CompressionRequest, tiledImageRows } from "./compressed-rows.ts";
import { imageHeader } from "./image-header.ts";
import { checkDescription, type ImageRows, plainImageRows } from "./image-rows.ts";
import { encodeTable, type TableColumn } from "./table-columns.ts";
import { TemporaryFile } from "./temporary-file.ts";

export interface WriterOptions {
  /** Replace a file that exists; false by default. */
  readonly overwrite?: boolean;
  /** Pack the whole file; by default where the path ends in `.gz`. */
  readonly gzip?: boolean;
  /** Write DATASUM and CHECKSUM; by default in those HDUs whose header has them already. */
  readonly checksum?: boolean;
}

export interface ImageDescription {
  /** The slowest axis first; [] for a header without data. */
  readonly shape: readonly number[];
  /** Type of the pixels that will be given. */
  readonly type: PixelType;
  /** Cards to be kept, byte for byte; those of the structure are replaced. */
  readonly header?: Header | undefined;
  /** EXTNAME. */
  readonly name?: string | undefined;
  /** The pixels are stored values: the header's BSCALE, BZERO and BLANK apply to them and stay. */
  readonly stored?: boolean | undefined;
  readonly compression?: CompressionRequest | undefined;
}

export interface TableDescription {
  readonly columns: readonly TableColumn[];
  /** Cards behind those that describe the columns. */
  readonly header?: Header | undefined;
  /** EXTNAME. */
  readonly name?: string | undefined;
}

/**
 * Creates a FITS file. It appears under its name when `close` is called; `await using` without `close` leaves nothing.
 * @throws FitsError `IO`, `WRITE_INVALID`
 * @example
 * await using writer = await createFits("out.fits");
 * await writer.image({ shape: [2, 3], data: new Float32Array(6), header });
 * await writer.close();
 */
export async function createFits(path: string, options: WriterOptions = {}): Promise<FitsWriter> {
  const { overwrite = false, gzip = path.endsWith(".gz"), checksum } = options;
  return new FitsWriter(path, await TemporaryFile.create(path, overwrite), gzip, checksum);
}

/** A file that is being written, HDU after HDU. Made by `createFits`. */
export class FitsWriter {
  readonly #path: string;
  readonly #file: TemporaryFile;
  readonly #gzip: boolean;
  readonly #checksum: boolean | undefined;
  #numHdus = 0;
  #open = false;

  constructor(path: string, file: TemporaryFile, gzip: boolean, checksum: boolean | undefined) {
    this.#path = path;
    this.#file = file;
    this.#gzip = gzip;
    this.#checksum = checksum;
  }

  /** Writes a whole image. Its type is that of `data`. */
  async image({
    data,
    ...description
  }: Omit<ImageDescription, "type"> & { readonly data?: PixelArray }): Promise<void> {
    const rows = await this.startImage({ ...description, type: data === undefined ? "uint8" : pixelTypeOf(data) });
    if (data !== undefined) await rows.write(data);
    await rows.end();
  }

  /**
   * Starts an image that is given in whole rows; memory is one block of rows (one band of tiles under compression).
   * A compressed image gets an empty primary HDU before it where it would be the first.
   */
  async startImage(description: ImageDescription): Promise<ImageRows> {
    this.#checkIdle();
    checkDescription(description, this.#path);
    const { compression, header, name, type, shape, stored = false } = description;
    if (compression !== undefined && this.#numHdus === 0) await this.image({ shape: [] });
    const primary = this.#numHdus === 0;
    const made = this.#withChecksums(imageHeader({ header, name, primary, type, shape, stored }));
    const start = this.#file.size;
    this.#open = true;
    const finished = async (dataLength: number, final: Header) => {
      await this.#finishHdu(start, dataLength, final);
      this.#open = false;
    };
    const target = { file: this.#file, path: this.#path, start, finished };
    return compression === undefined
      ? plainImageRows(target, made, description)
      : tiledImageRows(target, made, description, compression);
  }

  /**
   * Writes a binary table, behind an empty primary HDU where it would be the first.
   * @throws FitsError `WRITE_INVALID`
   */
  async table({ columns, header = emptyHeader, name }: TableDescription): Promise<void> {
    this.#checkIdle();
    const { structure, bytes } = encodeTable(columns, this.#path);
    if (this.#numHdus === 0) await this.image({ shape: [] });
    const cards = { cards: [...structure.cards, ...header.cards] };
    const made = this.#withChecksums(name === undefined ? cards : setCard(cards, "EXTNAME", name));
    const start = this.#file.size;
    const text = formatHeader(made);
    await this.#file.write(text, start);
    await this.#file.write(bytes, start + text.length);
    await this.#finishHdu(start, bytes.length, made);
  }

  /** Copies an HDU of another file as it is, byte for byte. Only a primary HDU can be the first, and only there. */
  async copy(from: FitsFile, { extent, storedHeader, index }: Hdu): Promise<void> {
    this.#checkIdle();
    if ((index === 0) !== (this.#numHdus === 0)) {
      throw this.#misuse(
        "a primary HDU can only be copied to the first place, and only an extension to another",
        "Write it with image() instead",
      );
    }
    const start = this.#file.size;
    const header = formatHeader(storedHeader);
    await this.#file.write(header, start);
    const step = 1024 * BLOCK_LENGTH;
    // With its padding, which is not zeros everywhere: tables of text are padded with blanks.
    const padded = Math.ceil(extent.dataLength / BLOCK_LENGTH) * BLOCK_LENGTH;
    const length = Math.min(padded, from.source.size - extent.dataOffset);
    for (let at = 0; at < length; at += step) {
      const bytes = await readBytes(from.source, extent.dataOffset + at, Math.min(step, length - at));
      await this.#file.write(bytes, start + header.length + at);
    }
    await this.#pad(start + header.length + length);
    this.#numHdus += 1;
  }

  /** Ends the file and gives it its name. @throws FitsError `WRITE_INVALID` where it is empty or an image is not complete */
  async close(): Promise<void> {
    this.#checkIdle();
    if (this.#numHdus === 0) throw this.#misuse("a file needs at least one HDU", "Write an image first");
    await this.#file.finish(this.#gzip);
  }

  /** Removes what was written; does nothing after `close`. */
  discard(): Promise<void> {
    return this.#file.discard();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  #withChecksums(header: Header): Header {
    const has = ["CHECKSUM", "DATASUM"].some((keyword) => getCard(header, keyword) !== undefined);
    if (!(this.#checksum ?? has)) return removeCards(header, "CHECKSUM", "DATASUM");
    // What a comment says of the old sum is kept: only then can an HDU that did not change keep every byte.
    const comment = (keyword: string, text: string) => getCard(header, keyword)?.comment ?? text;
    const started = setCard(header, "CHECKSUM", "0".repeat(16), comment("CHECKSUM", "HDU checksum"));
    return setCard(started, "DATASUM", "0", comment("DATASUM", "data unit checksum"));
  }

  async #finishHdu(start: number, dataLength: number, header: Header): Promise<void> {
    const dataOffset = start + formatHeader(header).length;
    await this.#pad(dataOffset + dataLength);
    let final = header;
    if (getCard(header, "CHECKSUM") !== undefined) {
      const data = await checksumOf(this.#file.source(), dataOffset, this.#file.size);
      final = setCard(header, "DATASUM", String(data));
      await this.#file.write(formatHeader(final), start);
      const all = await checksumOf(this.#file.source(), start, dataOffset, data);
      final = setCard(final, "CHECKSUM", encodeChecksum(all));
    }
    await this.#file.write(formatHeader(final), start);
    this.#numHdus += 1;
  }

  async #pad(end: number): Promise<void> {
    await this.#file.write(new Uint8Array(Math.ceil(end / BLOCK_LENGTH) * BLOCK_LENGTH - end), end);
  }

  #checkIdle(): void {
    if (this.#open)
      throw this.#misuse("the image that was started has not ended", "Write all of its rows, then call end()");
  }

  #misuse(problem: string, remedy: string): FitsError {
    return new FitsError({ code: "WRITE_INVALID", file: this.#path, problem, remedy });
  }
}
