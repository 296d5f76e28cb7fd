/**
 * The one binary form of what is sent in bulk: a header as JSON and typed arrays.
 *
 * Length of the header in bytes (32 bits), the header, then the arrays one after the other, each at a multiple of 8 bytes.
 * All is little-endian, as every machine is that runs a browser.
 */

const arrayKinds = {
  float64: Float64Array,
  float32: Float32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
} as const;

export type BlockArray =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

type ArrayKind = keyof typeof arrayKinds;

interface ArrayPlace {
  readonly kind: ArrayKind;
  readonly length: number;
}

interface BlockHeader<Header> {
  readonly header: Header;
  readonly arrays: readonly ArrayPlace[];
}

export interface Block<Header> {
  readonly header: Header;
  readonly arrays: readonly BlockArray[];
}

export function encodeBlock<Header>({ header, arrays }: Block<Header>): Uint8Array<ArrayBuffer> {
  const places = arrays.map((array): ArrayPlace => ({ kind: kindOf(array), length: array.length }));
  const stated: BlockHeader<Header> = { header, arrays: places };
  const text = new TextEncoder().encode(JSON.stringify(stated));
  const starts: number[] = [];
  let end = aligned(4 + text.length);
  for (const { byteLength } of arrays) {
    starts.push(end);
    end = aligned(end + byteLength);
  }
  const bytes = new Uint8Array(end);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  for (const [index, { buffer, byteOffset, byteLength }] of arrays.entries())
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), starts[index]);
  return bytes;
}

/** The arrays are views of `bytes`, which nobody may change then. */
export function decodeBlock<Header>(bytes: ArrayBuffer): Block<Header> {
  const length = new DataView(bytes).getUint32(0, true);
  const stated: BlockHeader<Header> = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  let at = aligned(4 + length);
  const arrays = stated.arrays.map(({ kind, length }) => {
    const array = new arrayKinds[kind](bytes, at, length);
    at = aligned(at + array.byteLength);
    return array;
  });
  return { header: stated.header, arrays };
}

function aligned(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}

function kindOf(array: BlockArray): ArrayKind {
  if (array instanceof Float64Array) return "float64";
  if (array instanceof Float32Array) return "float32";
  return array instanceof Uint32Array ? "uint32" : "uint8";
}
