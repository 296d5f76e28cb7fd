import { LabelledLoss, type LabelledPixels } from "@ml-mosaic/bigsf";
import { configurable, register } from "@ml-mosaic/configurable";
import { type Tensor, tensor } from "@ml-mosaic/tensor";
import { BaseLoss } from "@ml-mosaic/training";

/** Mean over labelled pixels of max(0, 1 - m), where m is the logit, turned round where there is no filament. */
class HingeLoss extends configurable({}, LabelledLoss) {
  static override readonly aliases = ["hinge"];
  protected override of({ logits, truth, labelled }: LabelledPixels): Tensor {
    const margin = truth.mul(2).sub(1).mul(logits);
    return margin.neg().add(1).relu().mul(labelled).sum().div(labelled.sum().maximum(1));
  }
}
register(HingeLoss);

const logits = tensor([[[[3, -0.5, 9]]]]);
const target = tensor([[[[1, 0, 0]], [[1, 1, 0]]]]);
console.log(await BaseLoss.fromConfig({ type: "hinge" }).forward(logits, target).item());
