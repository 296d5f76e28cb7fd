import { configurable, float, register, schema } from "@ml-mosaic/configurable";
import type { optim } from "@ml-mosaic/tensor";
import { BaseOptimizer } from "@ml-mosaic/training";

class SignSgd extends configurable({ lr: schema(float, { default: 1e-3 }) }, BaseOptimizer) {
  static override readonly aliases = ["sign_sgd"];
  override build(): optim.Optimizer {
    return {
      name: "SignSGD",
      lr: this.lr,
      slots: {},
      scalars: (_step, lr) => ({ lr }),
      update: ({ parameter, gradient, scalars }) => ({
        parameter: parameter.sub(gradient.sign().mul(scalars.lr ?? 0)),
        slots: {},
      }),
    };
  }
}
register(SignSgd);
