/**
 * One message among others in a stream of bytes: length of the body and its CRC-32, both as unsigned integers of 32 bit
 * with the highest byte first, and the body, which is UTF-8.
 */
import { isUtf8 } from "node:buffer";
import { crc32 } from "node:zlib";
import { MosaicError } from "../errors.ts";

export const mostBodyBytes = 64 * 1024 * 1024;
export const headBytes = 8;

/** @throws MosaicError where the text is too large */
export function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text);
  if (length > mostBodyBytes)
    throw new MosaicError("BAD_MESSAGE", `a message of ${length} bytes cannot be sent; ${mostBodyBytes} are the most`);
  const frame = Buffer.allocUnsafe(headBytes + length);
  frame.write(text, headBytes);
  frame.writeUInt32BE(length, 0);
  frame.writeUInt32BE(crc32(frame.subarray(headBytes)), 4);
  return frame;
}

/** Takes bytes as they come. After an error nothing else that comes can be told apart. */
export class FrameReader {
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Head and body of the frame that comes; its head alone as long as that is not whole. */
  #wanted = headBytes;

  /**
   * @returns the bodies that are whole now
   * @throws MosaicError that says what is no frame
   */
  *take(bytes: Buffer): Generator<string> {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    while (this.#bytes >= this.#wanted) {
      const all = this.#joined();
      const length = all.readUInt32BE(0);
      if (length > mostBodyBytes)
        throw broken(`a frame says that it has ${length} bytes; ${mostBodyBytes} are the most`);
      this.#wanted = headBytes + length;
      if (all.length < this.#wanted) return;
      const body = all.subarray(headBytes, this.#wanted);
      if (crc32(body) !== all.readUInt32BE(4)) throw broken("the checksum of a frame is wrong");
      if (!isUtf8(body)) throw broken("the body of a frame is no UTF-8");
      this.#parts = [all.subarray(this.#wanted)];
      this.#bytes -= this.#wanted;
      this.#wanted = headBytes;
      yield body.toString("utf8");
    }
  }

  /** Only when a head or a whole frame is there: joined at each piece, a large frame would be copied over and over. */
  #joined(): Buffer {
    const [first] = this.#parts;
    const all = first !== undefined && this.#parts.length === 1 ? first : Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [all];
    return all;
  }
}

function broken(what: string): MosaicError {
  return new MosaicError("BAD_MESSAGE", what);
}
