import { type ChecksumReport, verifyChecksums } from "./checksum.ts";
import { FitsError } from "./fits-error.ts";
import type { OtherHdu } from "./hdu.ts";
import type { ImageHdu } from "./image/image-hdu.ts";
import type { ByteSource } from "./io/byte-source.ts";
import type { TableHdu } from "./table/table-hdu.ts";

/** One header and data unit of a file. */
export type Hdu = ImageHdu | TableHdu | OtherHdu;

/** An open file. Its HDUs can be read until it is closed; `await using` closes it. Made by `openFits`. */
export class FitsFile {
  readonly hdus: readonly Hdu[];
  /** The (unpacked) bytes of the file. */
  readonly source: ByteSource;

  constructor(source: ByteSource, hdus: readonly Hdu[]) {
    this.source = source;
    this.hdus = hdus;
  }

  /**
   * The HDU with this index or EXTNAME (upper and lower case do not matter).
   * @throws FitsError `NOT_FOUND`
   */
  hdu(which: number | string): Hdu {
    const found = this.hdus.find(({ index, name }) =>
      typeof which === "number" ? index === which : name.toUpperCase() === which.toUpperCase(),
    );
    if (found === undefined) throw this.#notFound(JSON.stringify(which));
    return found;
  }

  /** An image, by default the first that has pixels. @throws FitsError `NOT_FOUND` */
  image(which?: number | string): ImageHdu {
    const found =
      which === undefined ? this.hdus.find((hdu) => hdu.kind === "image" && hdu.shape.length > 0) : this.hdu(which);
    if (found?.kind !== "image") throw this.#notFound(`image ${which ?? "with pixels"}`);
    return found;
  }

  /** A binary table, by default the first. @throws FitsError `NOT_FOUND` */
  table(which?: number | string): TableHdu {
    const found = which === undefined ? this.hdus.find((hdu) => hdu.kind === "table") : this.hdu(which);
    if (found?.kind !== "table") throw this.#notFound(`table ${which ?? ""}`.trim());
    return found;
  }

  /** Compares DATASUM and CHECKSUM with the bytes of an HDU, which are read once, in pieces. */
  verify(hdu: Hdu): Promise<ChecksumReport> {
    return verifyChecksums(this.source, hdu);
  }

  close(): Promise<void> {
    return this.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #notFound(what: string): FitsError {
    const there = this.hdus.map(({ index, name, kind }) => `${index} ${name} (${kind})`).join(", ");
    return new FitsError({
      code: "NOT_FOUND",
      file: this.source.name,
      problem: `there is no HDU ${what}; there are: ${there.length > 500 ? `${there.slice(0, 500)}…` : there}`,
      remedy: "Ask for one of these by index or EXTNAME",
    });
  }
}
