/** Uniform random numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/** sfc32 of C. Doty-Humphrey (PractRand): four words of state, 32 bits a step. */
export function seededBits(seed: number): () => number {
  let [a, b, c, counter] = [0, 0x9e3779b9, seed | 0, 1];
  const next = () => {
    const result = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let step = 0; step < 15; step++) next();
  return next;
}

export function seededRandom(seed: number): Random {
  const bits = seededBits(seed);
  return () => bits() / 2 ** 32;
}
