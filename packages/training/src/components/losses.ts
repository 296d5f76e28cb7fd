/** PyTorch's losses. Their mean over the batch is taken: that is what the losses of an epoch are made of. */
import { boolean, configurable, int, literal, register, schema, typedConfigurable } from "@ml-mosaic/configurable";
import { nn, type Tensor, tensor } from "@ml-mosaic/tensor";
import { BaseLoss } from "./base-loss.ts";
import { notNegative, positive, share } from "./number-types.ts";

/** Losses that any package may use; others of the same name go before them. */
export abstract class GenericLoss extends typedConfigurable({}, BaseLoss) {
  abstract build(): nn.Loss;

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return this.build().forward(prediction, target);
  }
}

class MSELoss extends configurable({}, GenericLoss) {
  static override readonly aliases = ["mse"];
  override build(): nn.Loss {
    return new nn.MSELoss();
  }
}

class L1Loss extends configurable({}, GenericLoss) {
  static override readonly aliases = ["l1"];
  override build(): nn.Loss {
    return new nn.L1Loss();
  }
}

class SmoothL1Loss extends configurable(
  { beta: schema(notNegative, { default: 1, help: "Error at which the square gives way to the absolute value" }) },
  GenericLoss,
) {
  static override readonly aliases = ["smooth_l1"];
  override build(): nn.Loss {
    return new nn.SmoothL1Loss({ beta: this.beta });
  }
}

class HuberLoss extends configurable(
  { delta: schema(positive, { default: 1, help: "Error at which the square gives way to the absolute value" }) },
  GenericLoss,
) {
  static override readonly aliases = ["huber"];
  override build(): nn.Loss {
    return new nn.HuberLoss({ delta: this.delta });
  }
}

/** Of probabilities. */
class BCELoss extends configurable({}, GenericLoss) {
  static override readonly aliases = ["binary_cross_entropy"];
  override build(): nn.Loss {
    return new nn.BCELoss();
  }
}

const logitsOptions = { pos_weight: schema(positive, { default: 1, help: "Weight of positive targets" }) };

class BCEWithLogitsLoss extends configurable(logitsOptions, GenericLoss) {
  static override readonly aliases = ["bce_with_logits", "bce"];
  override build(): nn.Loss {
    return new nn.BCEWithLogitsLoss(this.pos_weight === 1 ? {} : { posWeight: tensor(this.pos_weight) });
  }
}

const ignored = { ignore_index: schema(int, { default: -100, help: "Targets of this class count for nothing" }) };

class CrossEntropyLoss extends configurable(
  {
    ...ignored,
    label_smoothing: schema(share, { default: 0, help: "Share of each target that goes to all classes alike" }),
  },
  GenericLoss,
) {
  static override readonly aliases = ["cross_entropy"];
  override build(): nn.Loss {
    return new nn.CrossEntropyLoss({ ignoreIndex: this.ignore_index, labelSmoothing: this.label_smoothing });
  }
}

class NLLLoss extends configurable(ignored, GenericLoss) {
  static override readonly aliases = ["nll"];
  override build(): nn.Loss {
    return new nn.NLLLoss({ ignoreIndex: this.ignore_index });
  }
}

const divergenceOptions = {
  log_target: schema(boolean, { default: false, help: "The target is given as logarithms" }),
  reduction: schema(literal("mean", "batchmean"), {
    default: "mean",
    help: "Mean over all elements, or sum divided by the samples",
  }),
};

class KLDivLoss extends configurable(divergenceOptions, GenericLoss) {
  static override readonly aliases = ["kl_div"];
  override build(): nn.Loss {
    return new nn.KLDivLoss({ logTarget: this.log_target, reduction: this.reduction });
  }
}

register(MSELoss, L1Loss, SmoothL1Loss, HuberLoss, BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss, KLDivLoss);
