/**
 * Random numbers that depend on their place alone: any part of a map can be made by itself, in any order, from the same
 * seed.
 */

/** 32 random bits for a stream and two coordinates; the mixing of MurmurHash3 (Appleby 2011). */
export function hashAt(seed: number, stream: number, y: number, x: number): number {
  let hash = mix(seed ^ 0x9e3779b9);
  hash = mix(hash ^ Math.imul(stream, 0x85ebca6b));
  hash = mix(hash ^ Math.imul(y, 0xc2b2ae35));
  return mix(hash ^ Math.imul(x, 0x27d4eb2f));
}

function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Uniform in (0, 1). */
export function uniformAt(seed: number, stream: number, y: number, x: number): number {
  return (hashAt(seed, stream, y, x) + 0.5) / 2 ** 32;
}

/** Normal with mean 0 and deviation 1 (Box and Muller 1958). */
export function normalAt(seed: number, stream: number, y: number, x: number): number {
  const first = hashAt(seed, stream, y, x);
  const second = mix(first ^ 0x51ed270b);
  return Math.sqrt(-2 * Math.log((first + 0.5) / 2 ** 32)) * Math.cos((2 * Math.PI * second) / 2 ** 32);
}

/** A sequence of uniform numbers that begins at a place. */
export function sequenceAt(seed: number, stream: number, y: number, x: number): () => number {
  const start = hashAt(seed, stream, y, x);
  let count = 0;
  return () => (mix(start ^ Math.imul(++count, 0x9e3779b9)) + 0.5) / 2 ** 32;
}
