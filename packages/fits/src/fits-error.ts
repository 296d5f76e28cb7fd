import { CodedError } from "@ml-mosaic/base";

/** Stable names for what can go wrong; the README lists them. */
export type FitsErrorCode =
  | "IO"
  | "NOT_FITS"
  | "TRUNCATED"
  | "HEADER_INVALID"
  | "KEYWORD_MISSING"
  | "KEYWORD_INVALID"
  | "SIZE_INVALID"
  | "DATA_INVALID"
  | "REGION_INVALID"
  | "NO_DATA"
  | "NOT_FOUND"
  | "UNSUPPORTED"
  | "WCS_INVALID"
  | "WRITE_INVALID";

/** Where in which file: the number of the HDU, from 0, and the byte where its header starts. */
export interface Place {
  readonly file: string;
  readonly hdu: number;
  readonly offset: number;
}

export interface FitsErrorDetails {
  readonly code: FitsErrorCode;
  /** What is wrong, without place and keyword, which the message adds. */
  readonly problem: string;
  readonly remedy: string;
  readonly place?: Place | undefined;
  readonly file?: string | undefined;
  readonly keyword?: string | undefined;
  readonly value?: unknown;
  readonly cause?: unknown;
}

/** The only error that this package throws on purpose. */
export class FitsError extends CodedError<FitsErrorCode> {
  readonly file: string | undefined;
  readonly hdu: number | undefined;
  /** Byte of the (uncompressed) file where the HDU starts. */
  readonly offset: number | undefined;
  readonly keyword: string | undefined;
  readonly value: unknown;
  readonly remedy: string;

  constructor(details: FitsErrorDetails) {
    super(details.code, message(details), details.cause === undefined ? undefined : { cause: details.cause });
    this.file = details.file ?? details.place?.file;
    this.hdu = details.place?.hdu;
    this.offset = details.place?.offset;
    this.keyword = details.keyword;
    this.value = details.value;
    this.remedy = details.remedy;
  }
}

function message({ problem, remedy, place, file, keyword, value }: FitsErrorDetails): string {
  const shown = value === undefined ? "" : ` = ${show(value)}`;
  const parts = [
    file ?? place?.file,
    place === undefined ? undefined : `HDU ${place.hdu} (byte ${place.offset})`,
    keyword === undefined ? undefined : `${keyword}${shown}`,
  ].filter((part) => part !== undefined);
  return `${parts.length === 0 ? "" : `${parts.join(", ")}: `}${problem}. ${remedy}.`;
}

function show(value: unknown): string {
  if (typeof value === "string") return `'${value.length > 80 ? `${value.slice(0, 80)}…` : value}'`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
