import type { Header } from "./header/header.ts";

/** What every header and data unit has. */
export interface HduBase {
  /** From 0, the primary HDU. */
  readonly index: number;
  /** EXTNAME, else PRIMARY for the first HDU, else "". */
  readonly name: string;
  /** Of a tile-compressed image: the header of the plain image. */
  readonly header: Header;
  /** The header as it is in the file. */
  readonly storedHeader: Header;
  readonly extent: Extent;
}

/** Bytes of an HDU in the (unpacked) file. */
export interface Extent {
  readonly headerOffset: number;
  readonly dataOffset: number;
  /** Without padding. */
  readonly dataLength: number;
}

/** An HDU whose data this library does not read: ASCII tables, random groups, other extensions. Its header can be used. */
export interface OtherHdu extends HduBase {
  readonly kind: "other";
  /** XTENSION, or `GROUPS`. */
  readonly type: string;
}
