import type { Tensor } from "@ml-mosaic/tensor";
import { BigsfError } from "../errors.ts";

/** What losses and metrics look at: three tensors [batch, 1, height, width]. */
export interface LabelledPixels {
  /** Scores before the sigmoid. */
  readonly logits: Tensor;
  /** 1 where a filament is, else 0. */
  readonly truth: Tensor;
  /** 1 where the truth is known, else 0: only there anything counts. */
  readonly labelled: Tensor;
}

/**
 * Takes a model's prediction and a target apart.
 *
 * @param owner the loss or metric that asks, for messages
 * @param prediction logits [batch, 1, height, width]
 * @param target [batch, 2, height, width]: the filament mask, and where it is labelled
 */
export function labelledPixels(owner: string, prediction: Tensor, target: Tensor): LabelledPixels {
  const [batch, channels, height, width] = prediction.shape;
  const wanted = [batch, 2, height, width];
  const fits = target.ndim === 4 && target.shape.every((length, axis) => length === wanted[axis]);
  if (prediction.ndim !== 4 || channels !== 1 || !fits) {
    throw new BigsfError(
      "MODEL",
      `${owner} takes logits [batch, 1, height, width], so a model of one output channel (out_channels: 1), and a target [batch, 2, height, width], filaments and where they are labelled; it got [${prediction.shape.join(", ")}] and [${target.shape.join(", ")}]`,
    );
  }
  return { logits: prediction.float(), truth: target.float().slice(1, 0, 1), labelled: target.float().slice(1, 1, 2) };
}
