/**
 * Rice coding of integers, FITS 4.0, section 10.4.1 and appendix of White et al. (2012), "Tiled image convention":
 * differences of neighbours, folded to be positive, in blocks that each choose how many low bits are written plainly.
 */

interface Widths {
  /** Bits that name a block's number of low bits. */
  readonly choiceBits: number;
  /** The choice that stands for differences written in full. */
  readonly full: number;
  readonly bits: number;
}

const WIDTHS: Readonly<Record<1 | 2 | 4, Widths>> = {
  1: { choiceBits: 3, full: 6, bits: 8 },
  2: { choiceBits: 4, full: 14, bits: 16 },
  4: { choiceBits: 5, full: 25, bits: 32 },
};

/** Most pixels that this many bytes can stand for: a block of equal ones takes `choiceBits`. */
export function mostRicePixels(byteLength: number, bytePix: 1 | 2 | 4, blockSize: number): number {
  return (Math.ceil((byteLength * 8) / WIDTHS[bytePix].choiceBits) + 1) * blockSize;
}

/**
 * @param count pixels to read
 * @param bytePix bytes of the integers that were compressed; one byte is unsigned, the others signed
 * @param blockSize pixels per block (BLOCKSIZE, 32 by default)
 * @returns null where the bytes end early or are no Rice code
 */
export function decodeRice(
  bytes: Uint8Array,
  count: number,
  bytePix: 1 | 2 | 4,
  blockSize: number,
): Int32Array<ArrayBuffer> | null {
  const { choiceBits, full, bits } = WIDTHS[bytePix];
  const values = new Int32Array(count);
  if (bytes.length < bytePix) return count === 0 ? values : null;
  const wrap = 32 - bits;
  const unsigned = bytePix === 1;
  let last = 0;
  let next = 0;
  for (; next < bytePix; next++) last = (last << 8) | (bytes[next] ?? 0);
  if (!unsigned) last = (last << wrap) >> wrap;
  // `held` has the `available` bits that were fetched and not used yet, fewer than 8 between values.
  let held = bytes[next++] ?? 0;
  let available = 8;
  const end = bytes.length;
  for (let i = 0; i < count; ) {
    const stop = Math.min(i + blockSize, count);
    available -= choiceBits;
    if (available < 0) {
      if (next > end) return null;
      held = (held << 8) | (bytes[next++] ?? 0);
      available += 8;
    }
    const low = (held >>> available) - 1;
    held &= (1 << available) - 1;
    if (low < 0) {
      values.fill(last, i, stop);
      i = stop;
    } else if (low > full) {
      return null;
    } else if (low === full) {
      for (; i < stop; i++) {
        if (next + bytePix - 1 > end) return null;
        let missing = bits - available;
        let folded = missing === 32 ? 0 : held << missing;
        for (missing -= 8; missing >= 0; missing -= 8) folded |= (bytes[next++] ?? 0) << missing;
        if (available > 0) {
          held = bytes[next++] ?? 0;
          folded |= held >>> -missing;
          held &= (1 << available) - 1;
        } else held = 0;
        last = (unfold(folded) + last) | 0;
        last = unsigned ? last & 0xff : (last << wrap) >> wrap;
        values[i] = last;
      }
    } else {
      for (; i < stop; i++) {
        while (held === 0) {
          if (next >= end) return null;
          available += 8;
          held = bytes[next++] ?? 0;
        }
        const used = 32 - Math.clz32(held);
        const zeros = available - used;
        available = used - 1;
        held ^= 1 << available;
        available -= low;
        while (available < 0) {
          if (next > end) return null;
          held = (held << 8) | (bytes[next++] ?? 0);
          available += 8;
        }
        const folded = (zeros << low) | (held >>> available);
        held &= (1 << available) - 1;
        last = (unfold(folded) + last) | 0;
        last = unsigned ? last & 0xff : (last << wrap) >> wrap;
        values[i] = last;
      }
    }
  }
  return values;
}

function unfold(folded: number): number {
  return (folded & 1) === 0 ? folded >>> 1 : ~(folded >>> 1);
}

/** The reverse of `decodeRice`. @param values as wide as `bytePix` says; their higher bits are ignored */
export function encodeRice(values: ArrayLike<number>, bytePix: 1 | 2 | 4, blockSize: number): Uint8Array {
  const { choiceBits, full, bits } = WIDTHS[bytePix];
  const wrap = 32 - bits;
  // At worst a block is its differences in full, or a little more, and its choice.
  const mostBits = values.length * (bits + 1) + (values.length / blockSize + 1) * choiceBits;
  const bytes = new Uint8Array(Math.ceil(mostBits / 8) + 8);
  let length = 0;
  let held = 0;
  let heldBits = 0;
  /** @param width up to 24: fewer than 8 bits wait, and 32 is what an integer has */
  const write = (value: number, width: number) => {
    held = (held << width) | value;
    heldBits += width;
    while (heldBits >= 8) {
      heldBits -= 8;
      bytes[length++] = held >>> heldBits;
    }
    held &= (1 << heldBits) - 1;
  };
  const writeFull = (value: number) => {
    if (bits === 32) write(value >>> 16, 16);
    write(bits === 8 ? value & 0xff : value & 0xffff, Math.min(bits, 16));
  };
  let last = values[0] ?? 0;
  if (values.length > 0) writeFull(last);
  const folded = new Uint32Array(blockSize);
  for (let start = 0; start < values.length; start += blockSize) {
    const size = Math.min(blockSize, values.length - start);
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const value = values[start + i] ?? 0;
      const difference = ((value - last) << wrap) >> wrap;
      const one = (difference < 0 ? ~(difference << 1) : difference << 1) >>> 0;
      folded[i] = one;
      sum += one;
      last = value;
    }
    const low = lowBits(sum, size);
    if (low >= full) {
      write(full + 1, choiceBits);
      for (let i = 0; i < size; i++) writeFull(folded[i] ?? 0);
    } else if (sum === 0) {
      write(0, choiceBits);
    } else {
      write(low + 1, choiceBits);
      for (let i = 0; i < size; i++) {
        const one = folded[i] ?? 0;
        let zeros = one >>> low;
        for (; zeros > 16; zeros -= 16) write(0, 16);
        write(1, zeros + 1);
        if (low > 16) write((one >>> 16) & ((1 << (low - 16)) - 1), low - 16);
        write(one & ((1 << Math.min(low, 16)) - 1), Math.min(low, 16));
      }
    }
  }
  if (heldBits > 0) write(0, 8 - heldBits);
  return bytes.subarray(0, length);
}

/** About log2 of the mean difference, the number that makes the block shortest. */
function lowBits(sum: number, size: number): number {
  let mean = Math.floor(Math.max(0, (sum - Math.floor(size / 2) - 1) / size)) >>> 1;
  let low = 0;
  for (; mean > 0; low++) mean >>>= 1;
  return low;
}
