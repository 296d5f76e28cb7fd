import { TensorError } from "../errors.ts";
import { cat } from "../methods/movement.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Reduction, reduceLoss } from "./reduction.ts";

export interface CTCLossOptions {
  /** The class that stands for no label. */
  readonly blank?: number;
  /** "mean" divides each loss by its number of labels first. */
  readonly reduction?: Reduction;
  /** Sequences too short for their labels cost 0 instead of infinity. */
  readonly zeroInfinity?: boolean;
}

/** The logarithm of a probability of 0, as far as sums go: of infinite ones there would be no gradient. */
const never = -1e30;

/**
 * Connectionist temporal classification: minus the logarithm of the probability of the labels, over all ways of placing them
 * in the sequence (Graves et al. 2006). The graph has some operations for each time step.
 */
export class CTCLoss {
  readonly options: CTCLossOptions;
  constructor(options: CTCLossOptions = {}) {
    this.options = options;
  }

  /**
   * @param logProbabilities [steps, batch, classes]
   * @param targets int64 [batch, labels]; behind a sequence's own labels stands anything that is a class
   * @param inputLengths int64 [batch], and `targetLengths`: how much of each counts
   */
  forward(logProbabilities: Tensor, targets: Tensor, inputLengths: Tensor, targetLengths: Tensor): Tensor {
    const { blank = 0, reduction = "mean", zeroInfinity = false } = this.options;
    const [steps = 0, batch = 0, classes = 0] = logProbabilities.shape;
    const labels = targets.shape[1] ?? 0;
    const fits =
      logProbabilities.ndim === 3 &&
      steps > 0 &&
      targets.ndim === 2 &&
      targets.shape[0] === batch &&
      [inputLengths, targetLengths].every(({ shape }) => sameShape(shape, [batch]));
    if (!fits) {
      const shapes = [logProbabilities, targets, inputLengths, targetLengths].map(({ shape }) => showShape(shape));
      throw new TensorError(
        "TENSOR_SHAPE",
        `CTCLoss: log probabilities, targets and lengths are ${shapes.join(", ")}; they must be [steps, batch, classes], [batch, labels], [batch] and [batch]`,
      );
    }
    if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
      throw new TensorError("TENSOR_VALUE", `CTCLoss: blank is ${blank}; it must be one of the ${classes} classes`);
    const places = 2 * labels + 1;
    // Blanks around and between the labels: [batch, places].
    const blanks = targets.newFull([batch, labels + 1, 1], blank);
    const path = cat([targets.reshape([batch, labels, 1]), blanks.slice(1, 1)], 2).reshape([batch, places - 1]);
    const extended = cat([blanks.slice(1, 0, 1).reshape([batch, 1]), path], 1);
    const emitted = logProbabilities.gather(2, extended.unsqueeze(0).expand([steps, batch, places]));
    const impossible = (length: number) => emitted.newFull([batch, length], never);
    /** The values of so many places before. */
    const before = (values: Tensor, distance: number) =>
      cat([impossible(distance), values.slice(1, 0, places - distance)], 1);
    const older = cat([extended.newFull([batch, Math.min(2, places)], blank), extended.slice(1, 0, places - 2)], 1);
    // From a label straight to the next one, if that is another.
    const skips = extended.ne(blank).logicalAnd(extended.ne(older));
    let reached = cat([emitted.select(0, 0).slice(1, 0, 2), impossible(Math.max(0, places - 2))], 1).clamp({
      min: never,
    });
    for (let step = 1; step < steps; step++) {
      const ways = [
        reached,
        ...(places > 1 ? [before(reached, 1), skips.where(before(reached, 2), impossible(1))] : []),
      ];
      const next = logSum(ways).add(emitted.select(0, step)).clamp({ min: never });
      reached = inputLengths.gt(step).unsqueeze(1).where(next, reached);
    }
    const last = targetLengths.mul(2).unsqueeze(1);
    const ends = [reached.gather(1, last), reached.gather(1, last.sub(1).clamp({ min: 0 }))];
    const hasLabels = targetLengths.gt(0).unsqueeze(1);
    const [atBlank, atLabel] = ends;
    const total =
      atBlank === undefined || atLabel === undefined
        ? reached
        : logSum([atBlank, hasLabels.where(atLabel, impossible(1))]);
    const cost = total.squeeze(1).neg();
    const isImpossible = cost.gt(-never / 2);
    const losses = isImpossible.where(cost.newFull([], zeroInfinity ? 0 : Number.POSITIVE_INFINITY), cost);
    return reduceLoss(reduction === "mean" ? losses.div(targetLengths.clamp({ min: 1 }).float()) : losses, reduction);
  }
}

/** log(exp a + exp b + ...), element by element. */
function logSum(terms: readonly Tensor[]): Tensor {
  const largest = terms.reduce((a, b) => a.maximum(b)).detach();
  const sum = terms.map((term) => term.sub(largest).exp()).reduce((a, b) => a.add(b));
  return sum.log().add(largest);
}
