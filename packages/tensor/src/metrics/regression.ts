import { full } from "../creation.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Metric } from "./metric.ts";

/** Mean distance between prediction and target: sklearn's mean_absolute_error. */
export function meanAbsoluteError(): Metric<number, "distance" | "count"> {
  return {
    name: "meanAbsoluteError",
    direction: "lower",
    join: "sum",
    step(prediction, target) {
      checkShapes("meanAbsoluteError", prediction, target);
      const distance = prediction.to("float32").sub(target.to("float32")).abs().sum();
      return { distance, count: full([], target.numel) };
    },
    result: ({ distance, count }) => elementAt(distance, 0) / elementAt(count, 0),
  };
}

/**
 * Share of the targets' variance that predictions explain, the mean over outputs [batch, outputs...]: sklearn's
 * r2_score. An output whose targets are all equal counts 1 where it is met exactly, else 0. NaN for fewer than two
 * samples.
 */
export function r2Score(): Metric<number, "count" | "origin" | "mean" | "spread" | "residual"> {
  return {
    name: "r2Score",
    join: "append",
    step(prediction, target) {
      checkShapes("r2Score", prediction, target);
      const [count = 1] = target.shape;
      const [p, t] = [prediction, target].map((each) => each.to("float32").reshape([count, -1]));
      if (p === undefined || t === undefined) throw new RangeError("r2Score needs prediction and target");
      // Counted from a sample, float32 has digits for the spread even where the targets are far from 0.
      const origin = t.slice(0, 0, 1);
      const offset = t.sub(origin);
      const mean = offset.mean(0, true);
      return {
        count: full([1], count),
        origin,
        mean,
        spread: offset.sub(mean).pow(2).sum(0),
        residual: p.sub(t).pow(2).sum(0),
      };
    },
    result({ count, origin, mean, spread, residual }) {
      const outputs = mean.length / count.length;
      const scores = Array.from({ length: outputs }, (_, output) => {
        // Batches are merged as in Chan, Golub and LeVeque (1983).
        let merged = { count: 0, mean: 0, spread: 0, residual: 0 };
        for (const [batch, size] of count.entries()) {
          const index = batch * outputs + output;
          const own = elementAt(origin, index) + elementAt(mean, index);
          const samples = merged.count + size;
          const distance = own - merged.mean;
          merged = {
            count: samples,
            mean: merged.mean + (distance * size) / samples,
            spread: merged.spread + elementAt(spread, index) + (distance ** 2 * merged.count * size) / samples,
            residual: merged.residual + elementAt(residual, index),
          };
        }
        if (merged.count < 2) return Number.NaN;
        if (merged.spread === 0) return merged.residual === 0 ? 1 : 0;
        return 1 - merged.residual / merged.spread;
      });
      return scores.reduce((a, b) => a + b, 0) / outputs;
    },
  };
}

function checkShapes(owner: string, prediction: Tensor, target: Tensor): void {
  if (!sameShape(prediction.shape, target.shape) || target.ndim === 0) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${owner}: prediction ${showShape(prediction.shape)} and target ${showShape(target.shape)} must have one shape, [batch, ...]`,
    );
  }
}
