import { take } from "../ops/indexing.ts";
import { putRows, rowTotals } from "../ops/row-step.ts";
import { powersOf } from "../portable-math.ts";
import type { Tensor } from "../tensor.ts";
import { checkMoments, type MomentOptions } from "./moments.ts";
import type { Optimizer } from "./optimizer.ts";

export type SparseAdamOptions = Omit<MomentOptions, "weightDecay">;

/**
 * Adam for tables of which a step reads few rows, with PyTorch's formulas and defaults: only these rows and their moments move,
 * as if the others were not there; steps are counted for all together. `Adam` moves all rows by their moments in every step.
 * Parameters with gradients of all elements are refused.
 */
export function SparseAdam({ lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8 }: SparseAdamOptions = {}): Optimizer {
  const [beta1, beta2] = betas;
  const [powerOf1, powerOf2] = [powersOf(beta1), powersOf(beta2)];
  checkMoments("SparseAdam", { lr, betas, eps, weightDecay: 0 });
  return {
    name: "SparseAdam",
    lr,
    takesRows: true,
    slots: { exp_avg: 0, exp_avg_sq: 0 },
    scalars: (step, rate) => ({
      rate: (rate * Math.sqrt(1 - powerOf2(step + 1))) / (1 - powerOf1(step + 1)),
    }),
    update({ parameter, rows: named, slots: { exp_avg, exp_avg_sq }, scalars: { rate } }) {
      if (named === undefined || exp_avg === undefined || exp_avg_sq === undefined || rate === undefined)
        throw new RangeError("SparseAdam lacks its rows, slots or scalars");
      const { index } = named;
      const rowsOf = (table: Tensor) => table.apply(take, [index], { axis: 0 });
      const put = (table: Tensor, rows: Tensor) => table.apply(putRows, [index, rows], {});
      const g = index.apply(rowTotals, [named.rows], { length: parameter.shape[0] ?? 1 });
      const [before, beforeSq] = [rowsOf(exp_avg), rowsOf(exp_avg_sq)];
      const first = before.add(g.sub(before).mul(1 - beta1));
      const second = beforeSq.add(
        g
          .mul(g)
          .sub(beforeSq)
          .mul(1 - beta2),
      );
      const move = first.div(second.sqrt().add(eps)).mul(rate);
      return {
        parameter: put(parameter, rowsOf(parameter).sub(move)),
        slots: { exp_avg: put(exp_avg, first), exp_avg_sq: put(exp_avg_sq, second) },
      };
    },
  };
}
