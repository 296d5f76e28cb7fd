/** Elements as they lie in files. */
import type { TypedArray } from "../../dtype.ts";
import type { StoredType } from "../../io/stored-types.ts";

/** @throws RangeError where bytes are no such elements */
export function decodeElements(type: StoredType, bytes: Uint8Array, isBigEndian: boolean): TypedArray {
  // Copied: elements lie at multiples of their size then, and others keep their bytes.
  const copy = Buffer.from(new Uint8Array(bytes).buffer);
  if (isBigEndian) swap(copy, type.bytes);
  const data = type.decode(copy.buffer);
  if (type.dtype === "bool" && data.some((byte) => byte > 1))
    throw new RangeError("not all of its bytes are 0 or 1, but it is of booleans");
  return data;
}

function swap(bytes: Buffer, size: number): void {
  switch (size) {
    case 2:
      bytes.swap16();
      break;
    case 4:
      bytes.swap32();
      break;
    case 8:
      bytes.swap64();
  }
}
