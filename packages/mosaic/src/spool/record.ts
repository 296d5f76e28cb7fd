/**
 * A record of a spool file: a frame of the wire whose body is the record's number, a space, and a message. Records are
 * numbered from 1 on in each direction, through all files of it.
 */
import { isUtf8 } from "node:buffer";
import { crc32 } from "node:zlib";
import { MosaicError } from "../errors.ts";
import { frameOf, headBytes, mostBodyBytes } from "../wire/frame.ts";

export interface SpoolRecord {
  readonly number: number;
  readonly text: string;
}

/** Behind which the records go on in the next file. */
export const endOfFile = "";

/** @throws MosaicError where the text is too large */
export function recordOf({ number, text }: SpoolRecord): Buffer {
  return frameOf(`${number} ${text}`);
}

/**
 * @returns how many bytes are needed to see whether a whole record begins here; undefined where nothing shows yet that one
 * does: bytes that come late read as zeros, or as whatever was there
 */
export function bytesOfRecord(bytes: Buffer): number | undefined {
  if (bytes.length < headBytes) return undefined;
  const length = bytes.readUInt32BE(0);
  // The checksum of nothing is 0: a hole would be a record.
  return length === 0 || length > mostBodyBytes ? undefined : headBytes + length;
}

/** @returns undefined where these bytes are no whole record, or not yet */
export function readRecord(bytes: Buffer): SpoolRecord | undefined {
  const body = bytes.subarray(headBytes, bytesOfRecord(bytes) ?? 0);
  if (body.length === 0 || body.length + headBytes > bytes.length) return undefined;
  if (crc32(body) !== bytes.readUInt32BE(4)) return undefined;
  if (!isUtf8(body)) throw strange();
  const [, number = "", text = ""] = /^([1-9]\d{0,15}) (.*)$/s.exec(body.toString("utf8")) ?? [];
  if (number === "") throw strange();
  return { number: Number(number), text };
}

function strange(): MosaicError {
  return new MosaicError("BAD_MESSAGE", "a record of the spool is whole, and none of Mosaic's");
}
