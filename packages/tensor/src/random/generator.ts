import { sha256 } from "@ml-mosaic/base";
import { TensorError } from "../errors.ts";
import { isTracing } from "../graph/trace.ts";
import { cos, log } from "../portable-math.ts";
import { countUp } from "../rows.ts";
import { philox } from "./philox.ts";

/**
 * Seeded random numbers. A generator is a key and a counter: the same key gives the same numbers on every machine,
 * and `stream(name)` gives an independent generator whose numbers do not depend on what else was drawn.
 *
 * @example
 * const generator = new Generator(0).stream("data");
 * generator.uniform(); // always the same number in [0, 1)
 */
export class Generator {
  readonly seed: number;
  /** With the seed, what makes it this generator. */
  readonly path: string;
  /** This and the numbers of the block at hand are made at the first number: many generators only give streams. */
  #key: readonly [number, number] | undefined;
  #block: Uint32Array | undefined;
  #position = 0;

  constructor(seed: number, path = "") {
    if (!Number.isSafeInteger(seed)) throw new TensorError("TENSOR_VALUE", `seed ${seed} must be a whole number`);
    this.seed = seed;
    this.path = path;
  }

  /** An independent generator; the same names give the same one, whatever was drawn from this. */
  stream(...names: readonly (string | number)[]): Generator {
    // Sums of strings, which are put together when they are read: few of the generators that samples get are.
    return new Generator(
      this.seed,
      names.reduce<string>((path, name) => `${path}\0${name}`, this.path),
    );
  }

  /** How many 32-bit numbers were drawn; setting it goes back or forth in the stream. */
  get position(): number {
    return this.#position;
  }
  set position(position: number) {
    if (!Number.isSafeInteger(position) || position < 0)
      throw new TensorError("TENSOR_VALUE", `position ${position} must be a whole number, 0 or more`);
    this.#position = position;
    if (position % 4 !== 0) this.#fill(Math.floor(position / 4));
  }

  #fill(block: number): void {
    this.#key ??= keyOf(this.seed, this.path);
    const [key0, key1] = this.#key;
    this.#block ??= new Uint32Array(4);
    philox(this.#block, block, Math.floor(block / 2 ** 32), 0, 0, key0, key1);
  }

  /**
   * A whole number from 0 to 2^32 - 1.
   *
   * @throws TensorError in a step that is being built: all steps would have the same numbers
   */
  uint32(): number {
    if (isTracing()) throw new TensorError("TENSOR_VALUE", drawnWhileBuilding);
    const lane = this.#position % 4;
    if (lane === 0) this.#fill(Math.floor(this.#position / 4));
    this.#position++;
    return this.#block?.[lane] ?? 0;
  }

  /** Uniform in [low, high), with 24 random bits: every value is a float32. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * ((this.uint32() >>> 8) / 2 ** 24);
  }

  /** Normally distributed, by Box and Muller. */
  normal(mean = 0, standardDeviation = 1): number {
    const radius = Math.sqrt(-2 * log(1 - this.uniform()));
    return mean + standardDeviation * radius * cos(2 * Math.PI * this.uniform());
  }

  /** A whole number in [low, high), without bias. */
  integer(low: number, high: number): number {
    const range = high - low;
    if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && range > 0 && range <= 2 ** 32)) {
      throw new TensorError(
        "TENSOR_VALUE",
        `integer(${low}, ${high}): needs whole numbers, low < high, at most 2^32 apart`,
      );
    }
    const limit = 2 ** 32 - (2 ** 32 % range);
    for (;;) {
      const bits = this.uint32();
      if (bits < limit) return low + (bits % range);
    }
  }

  /** 0 … n - 1 in random order (Fisher and Yates). */
  permutation(n: number): Int32Array {
    const order = countUp(n);
    for (let index = n - 1; index > 0; index--) {
      const other = this.integer(0, index + 1);
      const moved = order[index] ?? 0;
      order[index] = order[other] ?? 0;
      order[other] = moved;
    }
    return order;
  }
}

const drawnWhileBuilding =
  "a Generator draws once, while the step is built, and all steps would have the same numbers. In a step write rand, randn, randint, randperm or bernoulli without a generator: each step draws anew, keyed by the program's generator. For numbers that stay the same, draw before the step.";

function keyOf(seed: number, path: string): readonly [number, number] {
  const { buffer, byteOffset } = sha256([`${seed}\0${path}`]);
  const digest = new DataView(buffer, byteOffset);
  return [digest.getUint32(0, true), digest.getUint32(4, true)];
}

let shared = new Generator(0);

/** Seeds the generator that is used where none is given. */
export function manualSeed(seed: number): Generator {
  shared = new Generator(seed);
  return shared;
}

/** The generator that is used where none is given. */
export function defaultGenerator(): Generator {
  return shared;
}
