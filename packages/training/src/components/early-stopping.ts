import { register, schema, string, typedConfigurable } from "@ml-mosaic/configurable";
import { type StoppingRule, stopWithoutImprovement } from "../early-stopping.ts";
import { notNegative, whole } from "./number-types.ts";

/**
 * Ends training when the validation loss, or what else `monitor` names, has not become better by more than `min_delta`
 * for more than `patience` epochs. A
 * subclass of one's own may end it for other reasons, and is named by its `type`.
 *
 * @example
 * class GoodEnough extends configurable({ loss: schema(float) }, EarlyStopping) {
 *   static override readonly aliases = ["good_enough"];
 *   override build(): StoppingRule {
 *     return {
 *       start: { last: Number.POSITIVE_INFINITY },
 *       next: (_state, loss) => ({ last: loss }),
 *       stops: ({ last = Number.POSITIVE_INFINITY }) => last < this.loss,
 *     };
 *   }
 * }
 * register(GoodEnough);
 */
export class EarlyStopping extends typedConfigurable({
  patience: schema(whole, { default: 10, help: "Epochs without improvement that are let pass" }),
  monitor: schema(string, {
    default: "loss",
    help: "What is watched of an epoch: loss, train_loss or a metric's name; of metrics the better values count",
  }),
  min_delta: schema(notNegative, { default: 0, help: "An improvement is better than the best by more than this" }),
}) {
  static override readonly aliases: readonly string[] = ["patience"];

  build(): StoppingRule {
    return stopWithoutImprovement({ patience: this.patience, minDelta: this.min_delta });
  }
}
register(EarlyStopping);
