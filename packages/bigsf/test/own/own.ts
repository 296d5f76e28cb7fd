/** What a user writes: a data set of stripes, a loss and a metric. */
import { LabelledLoss, type LabelledPixels, labelledPixels } from "@ml-mosaic/bigsf";
import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import { fromArray, full, type metrics, type Sample, type Tensor } from "@ml-mosaic/tensor";
import { BaseDataset, BaseMetric } from "@ml-mosaic/training";

/** Patches of 16 x 16: stripes, and where they are labelled. */
class Stripes extends configurable({ size: schema(int), phase: schema(int, { default: 0 }) }, BaseDataset) {
  static override readonly aliases = ["stripes"];

  override get length(): number {
    return this.size;
  }

  override get(index: number): Sample {
    const pixels = new Float32Array(256);
    const target = new Float32Array(512);
    for (let at = 0; at < 256; at++) {
      const isStripe = ((at >> 4) + index + this.phase) % 8 < 3;
      pixels[at] = (isStripe ? 0.7 : 0) + 0.3 * Math.abs(Math.sin(index * 256 + at));
      target[at] = isStripe ? 1 : 0;
      target[256 + at] = at % 16 < 12 ? 1 : 0;
    }
    return [fromArray(pixels, [1, 16, 16]), fromArray(target, [2, 16, 16])];
  }
}

class LabelledHinge extends configurable({}, LabelledLoss) {
  static override readonly aliases = ["labelled_hinge"];

  protected override of({ logits, truth, labelled }: LabelledPixels): Tensor {
    const margin = truth.mul(2).sub(1).mul(logits);
    return margin.neg().add(1).relu().mul(labelled).sum().div(labelled.sum().maximum(1));
  }
}

/** Share of all pixels that are taken for a stripe. */
class ShareFound extends configurable({}, BaseMetric) {
  static override readonly aliases = ["share_found"];

  override build(): metrics.Metric {
    return {
      name: "share_found",
      join: "sum",
      step(prediction, target) {
        const { logits } = labelledPixels("share_found", prediction, target);
        return { found: logits.gt(0).float().sum(), all: full([], logits.numel) };
      },
      result: ({ found, all }) => (found?.[0] ?? 0) / (all?.[0] ?? 0),
    };
  }
}
register(Stripes, LabelledHinge, ShareFound);
