import { configurable, list, type Objection, register, schema } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import { BaseLoss } from "./base-loss.ts";
import { componentOr } from "./fallback.ts";
import { GenericLoss } from "./losses.ts";
import { notNegative } from "./number-types.ts";

const options = {
  losses: schema(list(componentOr(BaseLoss, GenericLoss)), { help: "What is added up, each of its own type" }),
  weights: schema(list(notNegative), { optional: true, help: "One for each of the losses; all 1 by default" }),
};

/** A weighted sum of losses: `{ type: sum, losses: [{ type: bce }, { type: dice }], weights: [1, 0.5] }`. */
export class SumLoss extends configurable(options, BaseLoss) {
  static override readonly aliases = ["sum"];

  override *preconditions(): Iterable<Objection> {
    const { losses, weights } = this;
    if (losses.length === 0) yield { option: "losses", message: "expected one loss or more" };
    if (weights === undefined) return;
    if (weights.length !== losses.length) {
      const message = `there are ${weights.length} for ${losses.length} losses; give one for each`;
      yield { option: "weights", message };
    } else if (losses.length > 0 && weights.every((weight) => weight === 0))
      yield { option: "weights", message: "one of them must be above 0" };
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    const terms = this.losses.map((loss, place) => loss.forward(prediction, target).mul(this.weights?.[place] ?? 1));
    return terms.reduce((sum, term) => sum.add(term));
  }
}

register(SumLoss);
