import { float, schema, within } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";

export const thresholdOptions = {
  threshold: schema(within(float, { exclusiveMinimum: 0, exclusiveMaximum: 1 }), {
    default: 0.5,
    help: "Probability from which on a pixel is taken for a filament",
  }),
};

/** 1 where the probability is at least the threshold, else 0. */
export function found(logits: Tensor, threshold: number): Tensor {
  return logits.ge(Math.log(threshold / (1 - threshold))).to("float32");
}

/** A metric's name, which tells its threshold where it is not the usual one: `precision_0.3`. */
export function nameAt(name: string, threshold: number): string {
  return threshold === 0.5 ? name : `${name}_${threshold}`;
}
