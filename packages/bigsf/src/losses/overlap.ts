import type { Tensor } from "@ml-mosaic/tensor";
import type { LabelledPixels } from "../labelled/labelled-pixels.ts";
import { meanOfPatches } from "./mean-of-patches.ts";

export interface OverlapOptions {
  /** Weight of what is found and is not there. */
  readonly falsePositives: number;
  /** Weight of what is there and is not found. */
  readonly falseNegatives: number;
  readonly smooth: number;
  readonly perPatch: boolean;
}

/** Keeps 0 / 0 at 0; any overlap of one pixel is far above. */
const tiny = 1e-7;

/**
 * 1 - (TP + s) / (TP + a FP + b FN + s), with TP = sum p t, FP = sum p (1 - t), FN = sum (1 - p) t over labelled pixels,
 * computed as (a FP + b FN) / (TP + a FP + b FN + s), which does not cancel.
 */
export function overlapLoss(
  { logits, truth, labelled }: Omit<LabelledPixels, "tube">,
  { falsePositives, falseNegatives, smooth, perPatch }: OverlapOptions,
): Tensor {
  const sum = (values: Tensor) => (perPatch ? values.sum([1, 2, 3]) : values.sum());
  const counted = truth.mul(labelled);
  // Twice the sigmoid, instead of 1 - p, keeps what is left of p near 1.
  const found = logits.sigmoid();
  const missed = logits.neg().sigmoid();
  const hits = sum(found.mul(counted));
  const errors = sum(found.mul(labelled.sub(counted)))
    .mul(falsePositives)
    .add(sum(missed.mul(counted)).mul(falseNegatives));
  const losses = errors.div(hits.add(errors).add(smooth).maximum(tiny));
  return perPatch ? meanOfPatches(losses, labelled) : losses;
}
