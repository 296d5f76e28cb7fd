import { Generator, nn, type Tensor } from "@ml-mosaic/tensor";
import { expect, test } from "vitest";
import { BigsfError } from "../errors.ts";
import { compilePredictor } from "./patch-predictor.ts";

/** Its last prediction's probability is the patch itself: the sigmoid of the logit of a value is the value. */
class Identity extends nn.Module {
  forward(patch: Tensor): readonly Tensor[] {
    return [patch, patch.div(patch.neg().add(1)).log()];
  }
}

class WithPosition extends nn.Module {
  readonly norm = new nn.BatchNorm2d(1);
  forward(patch: Tensor, position?: Tensor): Tensor {
    if (position === undefined) throw new RangeError("no position");
    return this.norm.forward(patch).add(position.select(1, 1).select(1, 0).reshape([-1, 1, 1, 1]));
  }
}

const batch = (count: number) => ({
  patches: Float32Array.from({ length: count * 16 }, (_, i) => 0.05 + (i % 90) / 100),
  positions: Int32Array.from({ length: count * 4 }, (_, i) => i / 100),
  count,
});

test("one predictor takes batches of every size, also several at once", async () => {
  const predictor = await compilePredictor({ model: new Identity(), patchSize: 4, positions: false });
  const results = await Promise.all([3, 1, 8].map((count) => predictor.predict(batch(count))));
  for (const [index, count] of [3, 1, 8].entries()) {
    const { patches } = batch(count);
    const result = results[index] ?? [];
    expect(result).toHaveLength(patches.length);
    for (const [i, value] of patches.entries()) expect(result[i]).toBeCloseTo(value, 6);
  }
  predictor.release();
});

test("the model is used in evaluation mode, and learns where patches lie", async () => {
  const model = new WithPosition().initialize(new Generator(0)).train();
  const predictor = await compilePredictor({ model, patchSize: 4, positions: true });
  const { patches } = batch(2);
  // The first statistics of a batch norm are 0 and 1: in training it would take the batch's.
  const result = await predictor.predict({ patches, positions: Int32Array.of(0, 4, 2, 6, 9, 13, -1, 3), count: 2 });
  for (const [i, value] of result.entries()) {
    const logit = (patches[i] ?? 0) / Math.sqrt(1 + 1e-5) + (i < 16 ? 2 : -1);
    expect(value).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
  }
  predictor.release();
});

test("a model of other channels or sizes is refused before anything is predicted", async () => {
  const two = compilePredictor({ model: new nn.Conv2d(1, 2, 1), patchSize: 4, positions: false });
  await expect(two).rejects.toThrow(BigsfError);
  await expect(two).rejects.toThrow(/makes \[batch, 2, 4, 4\] of patches \[batch, 1, 4, 4\].*out_channels 1/);
  const three = compilePredictor({ model: new nn.Conv2d(3, 1, 1), patchSize: 4, positions: false });
  await expect(three).rejects.toThrow(/3/);
});
