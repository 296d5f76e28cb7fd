/** What a segmentation listens to: models, each as it is, or on the patch turned and mirrored in all ways. */
import { type Calibrator, calibrated } from "../calibration/calibrator.ts";
import type { PatchBatch } from "./segment-rows.ts";

/** Something that says for every pixel of a patch how probable a filament is. */
export interface Voice {
  /** @returns probabilities, [count, 1, patchSize, patchSize] */
  predict(batch: PatchBatch): Promise<Float32Array>;
  /** What it says, blended over patches, is made right by it. */
  readonly calibrator?: Calibrator | undefined;
}

/** The eight ways in which a square lies on itself: quarter turns, each also mirrored. */
const symmetries = [0, 1, 2, 3].flatMap((turns) => [false, true].map((mirrored) => ({ turns, mirrored })));

/** The voice once for each symmetry of the square: it sees patches turned, and what it says is turned back. */
export function symmetricVoices(voice: Voice, patchSize: number): readonly Voice[] {
  return symmetries.map(({ turns, mirrored }) => {
    const places = placesAfter(patchSize, turns, mirrored);
    return {
      calibrator: voice.calibrator,
      async predict(batch) {
        const patches = moved(batch.patches, places, (to, from) => [to, from]);
        const said = await voice.predict({ ...batch, patches });
        return moved(said, places, (to, from) => [from, to]);
      },
    };
  });
}

/** For each pixel of the patch as it is seen, which pixel of the patch it is. */
function placesAfter(size: number, turns: number, mirrored: boolean): Uint32Array {
  return Uint32Array.from({ length: size * size }, (_, pixel) => {
    let [y, x] = [Math.floor(pixel / size), pixel % size];
    for (let turn = 0; turn < turns; turn++) [y, x] = [x, size - 1 - y];
    return y * size + (mirrored ? size - 1 - x : x);
  });
}

type Direction = (seen: number, own: number) => readonly [to: number, from: number];

function moved(values: Float32Array, places: Uint32Array, direction: Direction): Float32Array {
  const result = new Float32Array(values.length);
  for (let patch = 0; patch < values.length; patch += places.length) {
    for (const [seen, own] of places.entries()) {
      const [to, from] = direction(seen, own);
      result[patch + to] = values[patch + from] ?? 0;
    }
  }
  return result;
}

/** The mean of what voices say of a pixel, and how far they differ: their standard deviation, of n - 1. */
export class Spread {
  readonly mean: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  constructor(pixels: number) {
    this.mean = new Float64Array(pixels);
    this.#squares = new Float64Array(pixels);
  }

  /** Welford's way, in which nothing cancels. */
  add(blended: Float32Array, calibrator: Calibrator | undefined): void {
    this.#count++;
    for (let pixel = 0; pixel < this.mean.length; pixel++) {
      // Rounding may carry a blend of ones past 1.
      const said = Math.min(1, blended[pixel] ?? 0);
      const value = calibrator === undefined ? said : calibrated(calibrator, said);
      const before = this.mean[pixel] ?? 0;
      const after = before + (value - before) / this.#count;
      this.mean[pixel] = after;
      this.#squares[pixel] = (this.#squares[pixel] ?? 0) + (value - before) * (value - after);
    }
  }

  /** Undefined of a single voice. */
  deviation(): Float32Array | undefined {
    if (this.#count < 2) return undefined;
    return Float32Array.from(this.#squares, (squares) => Math.sqrt(squares / (this.#count - 1)));
  }
}
