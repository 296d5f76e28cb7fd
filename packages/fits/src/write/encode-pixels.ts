import { type PixelArray, pixelTypeOf, swapBytes } from "../image/pixel-types.ts";
import { flipSign } from "../image/scaling.ts";
import { encodingOf } from "./image-header.ts";

/** Big-endian stored bytes of pixels; the pixels stay as they are. */
export function encodePixels(data: PixelArray): Uint8Array {
  const copy = data.slice();
  if (encodingOf(pixelTypeOf(data)).bzero !== undefined) flipSign(copy);
  const bytes = new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength);
  swapBytes(bytes, copy.BYTES_PER_ELEMENT);
  return bytes;
}
