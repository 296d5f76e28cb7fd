import type { Tensor } from "@ml-mosaic/tensor";
import { BigsfError } from "../errors.ts";

/** What losses and metrics look at: tensors [batch, 1, height, width]. */
export interface LabelledPixels {
  /** Scores before the sigmoid. */
  readonly logits: Tensor;
  /** 1 where a filament is, else 0. */
  readonly truth: Tensor;
  /** 1 where the truth is known, else 0: only there anything counts. */
  readonly labelled: Tensor;
  /** 1 around the middle of filaments, else 0: see `tubedSkeleton`. Undefined where the data set gives none. */
  readonly tube: Tensor | undefined;
}

/**
 * Takes a model's prediction and a target apart.
 *
 * @param owner the loss or metric that asks, for messages
 * @param prediction logits [batch, 1, height, width]
 * @param target [batch, 2, height, width]: the filament mask, and where it is labelled; as a third layer perhaps the tube
 */
export function labelledPixels(owner: string, prediction: Tensor, target: Tensor): LabelledPixels {
  const [batch, channels, height, width] = prediction.shape;
  const layers = target.ndim === 4 && target.size(1) === 3 ? 3 : 2;
  const wanted = [batch, layers, height, width];
  const fits = target.ndim === 4 && target.shape.every((length, axis) => length === wanted[axis]);
  if (prediction.ndim !== 4 || channels !== 1 || !fits) {
    throw new BigsfError(
      "MODEL",
      `${owner} takes logits [batch, 1, height, width], so a model of one output channel (out_channels: 1), and a target [batch, 2, height, width], filaments and where they are labelled; it got [${prediction.shape.join(", ")}] and [${target.shape.join(", ")}]`,
    );
  }
  const layer = (number: number) => target.float().slice(1, number, number + 1);
  return {
    logits: prediction.float(),
    truth: layer(0),
    labelled: layer(1),
    tube: layers === 3 ? layer(2) : undefined,
  };
}
