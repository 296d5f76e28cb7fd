/** DATASUM and CHECKSUM, FITS 4.0, section 4.4.2.7 and appendix J. */

import type { HduBase } from "./hdu.ts";
import { BLOCK_LENGTH } from "./header/card.ts";
import { getCard } from "./header/header.ts";
import { type ByteSource, readBytes } from "./io/byte-source.ts";

export type ChecksumVerdict = "right" | "wrong" | "absent";

export interface ChecksumReport {
  /** Of the data. */
  readonly datasum: ChecksumVerdict;
  /** Of header and data. */
  readonly checksum: ChecksumVerdict;
}

const CHUNK = 1024 * BLOCK_LENGTH;

/**
 * Adds bytes to a sum of 32-bit big-endian words in ones' complement arithmetic.
 * @param bytes a multiple of 4 of them, except at the very end, where zeros are added
 */
export function addToChecksum(sum: number, bytes: Uint8Array): number {
  const whole = bytes.length & ~3;
  let high = sum >>> 16;
  let low = sum & 0xffff;
  for (let i = 0; i < whole; i += 4) {
    high += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    low += ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0);
    // Far below 2^53, but small integers are faster.
    if ((i & 0xfffc) === 0xfffc) [high, low] = carry(high, low);
  }
  if (whole < bytes.length) {
    high += ((bytes[whole] ?? 0) << 8) | (bytes[whole + 1] ?? 0);
    low += (bytes[whole + 2] ?? 0) << 8;
  }
  [high, low] = carry(high, low);
  return high * 65536 + low;
}

function carry(high: number, low: number): [number, number] {
  let [upper, lower] = [high, low];
  while (upper > 0xffff || lower > 0xffff) {
    [upper, lower] = [(upper & 0xffff) + (lower >>> 16), (lower & 0xffff) + (upper >>> 16)];
  }
  return [upper, lower];
}

/** The 16 characters of CHECKSUM for a sum that was made with CHECKSUM = '0000000000000000'. */
export function encodeChecksum(sum: number): string {
  const complement = ~sum >>> 0;
  const characters = new Uint8Array(16);
  for (let byte = 0; byte < 4; byte++) {
    const value = (complement >>> (24 - 8 * byte)) & 0xff;
    const four = [0, 1, 2, 3].map((i) => (value >> 2) + 48 + (i === 0 ? value & 3 : 0));
    // Pairs are moved apart until none of the characters is a punctuation mark; their sum stays.
    while (four.some(isPunctuation)) {
      for (const i of [0, 2]) {
        if (isPunctuation(four[i] ?? 0) || isPunctuation(four[i + 1] ?? 0)) {
          four[i] = (four[i] ?? 0) + 1;
          four[i + 1] = (four[i + 1] ?? 0) - 1;
        }
      }
    }
    for (const [i, character] of four.entries()) characters[4 * i + byte] = character;
  }
  // The value starts at the second byte of a word in its card.
  return Buffer.from([characters[15] ?? 0, ...characters.subarray(0, 15)]).toString("latin1");
}

function isPunctuation(character: number): boolean {
  return (character >= 0x3a && character <= 0x40) || (character >= 0x5b && character <= 0x60);
}

/** Sum of the bytes from `offset` to `stop`, read in pieces. */
export async function checksumOf(source: ByteSource, offset: number, stop: number, sum = 0): Promise<number> {
  let total = sum;
  for (let at = offset; at < stop; at += CHUNK) {
    total = addToChecksum(total, await readBytes(source, at, Math.min(CHUNK, stop - at)));
  }
  return total;
}

export async function verifyChecksums(source: ByteSource, { storedHeader, extent }: HduBase): Promise<ChecksumReport> {
  const { headerOffset, dataOffset, dataLength } = extent;
  const stop = Math.min(source.size, dataOffset + Math.ceil(dataLength / BLOCK_LENGTH) * BLOCK_LENGTH);
  const written = getCard(storedHeader, "DATASUM")?.value;
  const hasChecksum = getCard(storedHeader, "CHECKSUM") !== undefined;
  if (written === undefined && !hasChecksum) return { datasum: "absent", checksum: "absent" };
  const data = await checksumOf(source, dataOffset, stop);
  const all = await checksumOf(source, headerOffset, dataOffset, data);
  return {
    datasum: written === undefined ? "absent" : Number(written) === data ? "right" : "wrong",
    checksum: !hasChecksum ? "absent" : all === 0xffffffff || all === 0 ? "right" : "wrong",
  };
}
