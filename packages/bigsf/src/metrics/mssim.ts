import { boolean, configurable, float, int, type Objection, register, schema, within } from "@ml-mosaic/configurable";
import { cat, functional, type metrics, ones, type Tensor } from "@ml-mosaic/tensor";
import { BaseMetric } from "@ml-mosaic/training";
import { BigsfError } from "../errors.ts";
import { labelledPixels } from "../labelled/labelled-pixels.ts";
import { found, nameAt, thresholdOptions } from "./threshold.ts";

const constant = (of: string) =>
  schema(within(float, { minimum: 1e-6, maximum: 1 }), {
    default: 1e-5,
    help: `Keeps the ${of} from 0 / 0; the usual choice for grey images is ${of === "means" ? 0.01 : 0.03}`,
  });

const options = {
  ...thresholdOptions,
  binary: schema(boolean, {
    default: true,
    help: "Whether the mask of pixels found is compared, as the threshold says, or else the probabilities",
  }),
  win_size: schema(within(int, { minimum: 3 }), { default: 7, help: "Side of the window in pixels, an odd number" }),
  k1: constant("means"),
  k2: constant("variances"),
};

/**
 * Mean structural similarity (Wang et al. 2004) of prediction and truth as images of range 1: of means, variances and
 * covariance in a square window around each labelled pixel, in which only labelled pixels count. Where all pixels are
 * labelled it is scikit-image's `structural_similarity(…, use_sample_covariance=False, K1=k1, K2=k2, data_range=1)`,
 * averaged over the patches: windows that reach over the edge are left out, as there. Not the multi-scale variant.
 */
export class MssimMetric extends configurable(options, BaseMetric) {
  static override readonly aliases = ["mssim", "ssim"];

  override preconditions(): Objection | undefined {
    return this.win_size % 2 === 1
      ? undefined
      : { option: "win_size", message: "must be odd: it has a pixel in its middle" };
  }

  override build(): metrics.Metric<number, "similarity" | "pixels"> {
    const { threshold, binary } = this;
    const name = binary ? nameAt("mssim", threshold) : "mssim";
    return {
      name,
      join: "sum",
      step: (prediction, target) => {
        const { logits, truth, labelled } = labelledPixels(`the metric ${name}`, prediction, target);
        const image = binary ? found(logits, threshold) : logits.sigmoid();
        return this.#similarity(name, image, truth, labelled);
      },
      result: ({ similarity, pixels }) => (similarity[0] ?? 0) / (pixels[0] ?? 0),
    };
  }

  /** Sum over labelled pixels with a whole window, and their number. All images [batch, 1, height, width]. */
  #similarity(name: string, x: Tensor, y: Tensor, labelled: Tensor) {
    const { win_size: size, k1, k2 } = this;
    const [height, width] = [x.size(2), x.size(3)];
    if (size > Math.min(height, width)) {
      throw new BigsfError(
        "MODEL",
        `the metric ${name} needs patches of at least ${size} x ${size} (win_size); they are ${height} x ${width}`,
      );
    }
    const [a, b] = [x.mul(labelled), y.mul(labelled)];
    const images = [labelled, a, b, a.mul(x), b.mul(y), a.mul(y)];
    const sums = windowSums(cat(images, 0), size).split(x.size(0), 0);
    const [n, sumX, sumY, sumXX, sumYY, sumXY] = sums;
    if (!n || !sumX || !sumY || !sumXX || !sumYY || !sumXY) throw new RangeError("there are six images");
    // Everything times n squared: for masks these are whole numbers, so that a variance of 0 is 0.
    const squares = n.mul(n);
    const both = sumX.mul(sumY);
    const [squareX, squareY] = [sumX.mul(sumX), sumY.mul(sumY)];
    const [c1, c2] = [squares.mul(k1 ** 2), squares.mul(k2 ** 2)];
    const above = both.mul(2).add(c1).mul(n.mul(sumXY).sub(both).mul(2).add(c2));
    const variances = n.mul(sumXX).sub(squareX).add(n.mul(sumYY).sub(squareY));
    const below = squareX.add(squareY).add(c1).mul(variances.maximum(0).add(c2));
    const margin = (size - 1) / 2;
    const middle = labelled.slice(2, margin, height - margin).slice(3, margin, width - margin);
    // A window around a pixel that is not labelled may have none: 0 / 1 instead of 0 / 0.
    const similarity = above.mul(middle).div(below.add(middle.neg().add(1)));
    return { similarity: similarity.sum(), pixels: middle.sum() };
  }
}

/** Sums in windows of `size` x `size`: [images, 1, height, width] to [images, 1, height - size + 1, width - size + 1]. */
function windowSums(images: Tensor, size: number): Tensor {
  return functional.conv2d(functional.conv2d(images, ones([1, 1, size, 1])), ones([1, 1, 1, size]));
}

register(MssimMetric);
