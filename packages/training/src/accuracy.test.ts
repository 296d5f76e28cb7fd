import { nn, type Tensor, TensorDataset, tensor } from "@ml-mosaic/tensor";
import { expect, test } from "vitest";
import { accuracyRule } from "./accuracy.ts";

async function ruleFor(loss: nn.Loss, ...targets: readonly Tensor[]) {
  const samples = await Promise.all(
    targets.map((target) => new TensorDataset(tensor(new Array<number>(target.size(0)).fill(0)), target).samples()),
  );
  return accuracyRule(loss, samples);
}

/** Percent right, as the training loop computes it. */
async function accuracy(loss: nn.Loss, prediction: Tensor, target: Tensor): Promise<number | undefined> {
  const rule = await ruleFor(loss, target);
  if (rule === undefined) return undefined;
  const [right] = await rule.countRight(prediction, target).data();
  const { fields } = await new TensorDataset(target).samples();
  const perSample = fields[0] === undefined ? 0 : rule.predictionsPerSample(fields[0]);
  return (100 * Number(right)) / (target.size(0) * perSample);
}

const classes = (values: readonly number[]) => tensor([...values]).to("int64");

test("counts the largest score for class indices", async () => {
  const scores = tensor([
    [1, 2, 0],
    [9, 2, 3],
    [0, 0, 1],
    [5, 4, 3],
  ]);
  expect(await accuracy(new nn.CrossEntropyLoss(), scores, classes([1, 0, 2, 1]))).toBe(75);
  expect((await ruleFor(new nn.NLLLoss(), classes([0, 1])))?.name).toBe("argmax");
});

test("counts every pixel of a class map", async () => {
  // [batch 1, classes 2, 2 x 2]
  const scores = tensor([
    [
      [
        [1, 0],
        [0, 0],
      ],
      [
        [0, 1],
        [1, 1],
      ],
    ],
  ]);
  const target = tensor([
    [
      [0, 1],
      [1, 0],
    ],
  ]).to("int64");
  expect(await accuracy(new nn.CrossEntropyLoss(), scores, target)).toBe(75);
});

test("takes 0.5 as the threshold for targets in {0, 1}, and 0 for logits", async () => {
  const prediction = tensor([[0.4], [0.6], [0.2], [-1]]);
  const target = tensor([[0], [1], [1], [0]]);
  expect(await accuracy(new nn.MSELoss(), prediction, target)).toBe(75);
  expect(await accuracy(new nn.BCELoss(), prediction, target)).toBe(75);
  expect(await accuracy(new nn.BCEWithLogitsLoss(), prediction, target)).toBe(75);
  expect(await accuracy(new nn.BCEWithLogitsLoss(), tensor([[0.4], [0.6], [-0.2], [-1]]), target)).toBe(50);
});

test("takes the sign for targets in {-1, 1}", async () => {
  expect(await accuracy(new nn.MSELoss(), tensor([[0.1], [-3], [2], [2]]), tensor([[1], [-1], [-1], [1]]))).toBe(75);
});

test("knows none for regression, nor where training and test set differ in kind", async () => {
  expect(await ruleFor(new nn.MSELoss(), tensor([[0.5], [1]]))).toBeUndefined();
  expect(await ruleFor(new nn.MSELoss(), tensor([[0], [1]]), tensor([[0], [2]]))).toBeUndefined();
  expect(
    await ruleFor(
      new nn.CrossEntropyLoss(),
      tensor([
        [0, 1],
        [1, 0],
      ]),
    ),
  ).toBeUndefined();
});
