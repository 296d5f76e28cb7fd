import { BigsfError } from "../errors.ts";
import { binProbabilities, type PixelCounts } from "./area-counts.ts";
import { type CalibrationMethod, type Calibrator, logistic, logit } from "./calibrator.ts";

/**
 * @throws BigsfError where the pixels are all of one class: no probability could be told right from wrong
 */
export function fitCalibrator(method: CalibrationMethod, counts: PixelCounts): Calibrator {
  for (const [kind, what] of [
    ["hits", "on a filament"],
    ["misses", "off every filament"],
  ] as const) {
    if (counts[kind].every((count) => count === 0))
      throw new BigsfError("CALIBRATION", `no labelled pixel lies ${what}, so that nothing can be calibrated by them`);
  }
  return method === "temperature" ? fitTemperature(counts) : fitIsotonic(counts);
}

/** A model that separates its pixels would become ever surer. */
const extremes = { coldest: 1 / 64, hottest: 64 } as const;

/**
 * The temperature of the greatest likelihood. With b = 1 / T the derivative of -log L, the sum of (σ(b z) - y) z over
 * pixels of logit z and class y, rises with b, so that halving an interval finds its zero.
 */
function fitTemperature({ hits, misses }: PixelCounts): Calibrator {
  const logits = binProbabilities.map(logit);
  const slope = (inverse: number) => {
    let sum = 0;
    for (const [bin, z] of logits.entries()) {
      const [hit = 0, miss = 0] = [hits[bin], misses[bin]];
      if (hit + miss > 0) sum += ((hit + miss) * logistic(inverse * z) - hit) * z;
    }
    return sum;
  };
  let [low, high]: [number, number] = [1 / extremes.hottest, 1 / extremes.coldest];
  for (let step = 0; step < 60; step++) {
    const middle = Math.sqrt(low * high);
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return { method: "temperature", temperature: 1 / Math.sqrt(low * high) };
}

/**
 * The rising shares of least squares, by pooling adjacent violators (Ayer et al. 1955). Each block gives its share at the
 * mean probability of its pixels, so that a line between them, and no step, leads from block to block.
 */
function fitIsotonic({ hits, misses }: PixelCounts): Calibrator {
  interface Block {
    pixels: number;
    hits: number;
    scores: number;
  }
  const blocks: Block[] = [];
  for (const [bin, score] of binProbabilities.entries()) {
    const [hit = 0, miss = 0] = [hits[bin], misses[bin]];
    if (hit + miss === 0) continue;
    let block: Block = { pixels: hit + miss, hits: hit, scores: score * (hit + miss) };
    for (let before = blocks.at(-1); before !== undefined; before = blocks.at(-1)) {
      if (before.hits / before.pixels < block.hits / block.pixels) break;
      blocks.pop();
      block = {
        pixels: before.pixels + block.pixels,
        hits: before.hits + block.hits,
        scores: before.scores + block.scores,
      };
    }
    blocks.push(block);
  }
  return {
    method: "isotonic",
    scores: blocks.map(({ scores, pixels }) => scores / pixels),
    shares: blocks.map(({ hits: positive, pixels }) => positive / pixels),
  };
}
