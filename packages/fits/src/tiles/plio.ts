/**
 * PLIO_1, the line lists of IRAF for masks: FITS 4.0, section 10.4.2. A tile is a list of 16-bit words, an opcode in the
 * upper 4 bits and a number in the lower 12; the pixels are not negative.
 */

const HEADER_WORDS = 3;
const LONG_HEADER_WORDS = 7;
const MOST_RUN = 4095;

/** Most pixels that this many bytes can stand for: a run in each word. */
export function mostPlioPixels(byteLength: number): number {
  return Math.floor(byteLength / 2) * MOST_RUN;
}

/** @returns null where the list ends early or is none; pixels beyond its last run are 0 */
export function decodePlio(bytes: Uint8Array, count: number): Int32Array | null {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numWords = Math.floor(bytes.length / 2);
  const word = (index: number) => words.getInt16(2 * index);
  const values = new Int32Array(count);
  if (numWords < HEADER_WORDS) return count === 0 ? values : null;
  // Longer lists than a word can count have a second kind of header, marked by a length that is not positive.
  const isShort = word(2) > 0;
  if (!isShort && numWords < LONG_HEADER_WORDS) return null;
  const length = isShort ? word(2) : word(4) * 32768 + word(3);
  const first = isShort ? HEADER_WORDS : word(1);
  if (length > numWords || first < HEADER_WORDS) return null;
  let high = 1;
  let next = 0;
  for (let index = first; index < length && next < count; index++) {
    const code = words.getUint16(2 * index);
    const number = code & MOST_RUN;
    const stop = Math.min(count, next + number);
    switch (code >> 12) {
      case 0: // a run of zeros
        next = stop;
        break;
      case 1: // sets the high value, whose upper bits are in the next word
        if (++index >= length) return null;
        high = word(index) * 4096 + number;
        break;
      case 2:
        high += number;
        break;
      case 3:
        high -= number;
        break;
      case 4: // a run of the high value
        values.fill(high, next, stop);
        next = stop;
        break;
      case 5: // a run of zeros that ends in the high value
        if (next + number <= count && number > 0) values[next + number - 1] = high;
        next = stop;
        break;
      case 6: // one pixel of a higher or lower value
      case 7:
        high += code >> 12 === 6 ? number : -number;
        values[next++] = high;
        break;
      default:
        return null;
    }
  }
  return values;
}
