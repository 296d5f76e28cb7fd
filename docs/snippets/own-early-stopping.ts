import { configurable, float, register, schema } from "@ml-mosaic/configurable";
import { EarlyStopping, type StoppingRule } from "@ml-mosaic/training";

class GoodEnough extends configurable({ loss: schema(float) }, EarlyStopping) {
  static override readonly aliases = ["good_enough"];
  override build(): StoppingRule {
    return {
      start: { last: Number.POSITIVE_INFINITY },
      next: (_state, loss) => ({ last: loss }),
      stops: ({ last = Number.POSITIVE_INFINITY }) => last < this.loss,
    };
  }
}
register(GoodEnough);
