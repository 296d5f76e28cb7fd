/** What the header of a PNG or JPEG file says of its size, before anything is decoded. */

export interface ImageHeader {
  readonly kind: "PNG" | "JPEG";
  readonly width: number;
  readonly height: number;
}

/**
 * So many pixels at most can a byte of a file stand for. PNG: deflate makes 1032 bytes of one, and a byte holds eight
 * pixels. JPEG: a block of 8 x 8 pixels takes a bit at least, and a component may have a fourth of each side's pixels.
 */
const mostPixelsPerByte = { PNG: 8 * 1032, JPEG: 8 * 64 * 16 };

/** undefined for what is neither; width and height are 0 where the file ends before it says them. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47])) {
    // The signature of 8 bytes, length and name of the first chunk, which is IHDR.
    const [width, height] = bytes.length < 24 ? [0, 0] : [view.getUint32(16), view.getUint32(20)];
    return { kind: "PNG", width, height };
  }
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return { kind: "JPEG", ...jpegSize(view) };
  return undefined;
}

/** Whether the file is too short for what its header says. */
export function isFalseHeader({ kind, width, height }: ImageHeader, fileBytes: number): boolean {
  return width * height > fileBytes * mostPixelsPerByte[kind];
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

/** From segment to segment to the first start of a frame. */
function jpegSize(view: DataView): { readonly width: number; readonly height: number } {
  let position = 2;
  while (position + 9 <= view.byteLength) {
    const marker = view.getUint8(position + 1);
    // Bytes that fill up, and markers that stand alone.
    if (view.getUint8(position) !== 0xff || marker === 0xff || marker === 0x01) {
      position += 1;
      continue;
    }
    // Of C0 to CF all but the tables of Huffman and arithmetic coding, and what is reserved.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { height: view.getUint16(position + 5), width: view.getUint16(position + 7) };
    position += 2 + view.getUint16(position + 2);
  }
  return { width: 0, height: 0 };
}
