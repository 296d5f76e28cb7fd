/** Functions against PyTorch in float64 (fixtures/functions.py), and the losses of more than two tensors. */
import { expect, test } from "vitest";
import { readFixture, required } from "../../test/fixtures.ts";
import { type Calls, type TorchFixture, torchCases } from "../../test/torch-cases.ts";
import { ones, tensor, zeros } from "../creation.ts";
import { toNumbers } from "../dtype.ts";
import { grad } from "../graph/gradient.ts";
import { CTCLoss } from "../losses/ctc.ts";
import { CosineEmbeddingLoss, TripletMarginLoss } from "../losses/distance.ts";
import { manualSeed } from "../random/generator.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import * as functional from "./index.ts";

/** Arguments that are no tensors; each function has some of them. */
interface Arguments {
  readonly dim: number;
  readonly p: number;
  readonly slope: number;
  readonly alpha: number;
  readonly normalizedShape: Shape;
  readonly margin: number;
  readonly blank: number;
  readonly factor: number;
  readonly eps: number;
}

type TwoOperands = (x: Tensor, y: Tensor, options: object) => Tensor;

const ofTwo =
  (call: TwoOperands) =>
  ([x, y]: readonly Tensor[], args: object) =>
    call(required(x), required(y), args);
const ofOne =
  (call: (x: Tensor, options: object) => Tensor) =>
  ([x]: readonly Tensor[], args: object) =>
    call(required(x), args);

function ctc([x, targets, inputs, labels]: readonly Tensor[], args: object): Tensor {
  return new CTCLoss(args).forward(required(x).logSoftmax(2), required(targets), required(inputs), required(labels));
}

const calls: Calls<Arguments> = {
  scaledDotProductAttention: ([query, key, value, attnMask], args) =>
    functional.scaledDotProductAttention(required(query), required(key), required(value), {
      ...args,
      ...(attnMask === undefined ? {} : { attnMask }),
    }),
  rmsNorm: ([x, weight], { normalizedShape, ...options }) =>
    functional.rmsNorm(required(x), required(normalizedShape), { weight, ...options }),
  softmax: ([x], { dim }) => functional.softmax(required(x), required(dim)),
  logSoftmax: ([x], { dim }) => functional.logSoftmax(required(x), required(dim)),
  leakyRelu: ([x], { slope }) => functional.leakyRelu(required(x), slope),
  elu: ([x], { alpha }) => functional.elu(required(x), alpha),
  crossEntropy: ofTwo(functional.crossEntropy),
  nllLoss: ofTwo(functional.nllLoss),
  mseLoss: ofTwo(functional.mseLoss),
  l1Loss: ofTwo(functional.l1Loss),
  smoothL1Loss: ofTwo(functional.smoothL1Loss),
  huberLoss: ofTwo(functional.huberLoss),
  binaryCrossEntropy: ofTwo(functional.binaryCrossEntropy),
  binaryCrossEntropyWithLogits: ofTwo(functional.binaryCrossEntropyWithLogits),
  klDiv: ofTwo(functional.klDiv),
  cosineSimilarity: ofTwo(functional.cosineSimilarity),
  pairwiseDistance: ofTwo(functional.pairwiseDistance),
  relu: ofOne(functional.relu),
  sigmoid: ofOne(functional.sigmoid),
  tanh: ofOne(functional.tanh),
  silu: ofOne(functional.silu),
  gelu: ofOne(functional.gelu),
  softplus: ofOne(functional.softplus),
  linear: ([x, weight, bias]) => functional.linear(required(x), required(weight), bias),
  embedding: ofTwo(functional.embedding),
  normalize: ofOne(functional.normalize),
  glu: ([x], { dim }) => functional.glu(required(x), dim),
  logSigmoid: ofOne(functional.logSigmoid),
  softsign: ofOne(functional.softsign),
  mish: ofOne(functional.mish),
  hardswish: ofOne(functional.hardswish),
  hardtanh: ofOne(functional.hardtanh),
  relu6: ofOne(functional.relu6),
  pixelShuffle: ([x], { factor }) => functional.pixelShuffle(required(x), required(factor)),
  pixelUnshuffle: ([x], { factor }) => functional.pixelUnshuffle(required(x), required(factor)),
  gaussianNllLoss: ([x, y, variance], args) =>
    functional.gaussianNllLoss(required(x), required(y), required(variance), args),
  poissonNllLoss: ofTwo(functional.poissonNllLoss),
  marginRankingLoss: ([x, y, z], args) => functional.marginRankingLoss(required(x), required(y), required(z), args),
  dropout: ofOne(functional.dropout),
  dropout2d: ofOne(functional.dropout2d),
  TripletMarginLoss: ([x, y, z], args) => new TripletMarginLoss(args).forward(required(x), required(y), required(z)),
  CosineEmbeddingLoss: ([x, y, z], args) =>
    new CosineEmbeddingLoss(args).forward(required(x), required(y), required(z)),
  CTCLoss: ctc,
  // The same by its recursion, which has a second gradient in PyTorch too.
  ctcRecursion: ctc,
};

const fixture: TorchFixture<Arguments> = readFixture("functions");

torchCases(fixture, calls, {
  usual: { relative: 2e-5, absolute: 2e-6 },
  second: { relative: 1e-4, absolute: 2e-5 },
});

test("dropout drops as often as it should, and channels as a whole", async () => {
  const kept = await functional.dropout(ones([10_000]), { p: 0.25 }).data();
  expect(new Set(Array.from(kept, Number))).toEqual(new Set([0, Math.fround(4 / 3)]));
  expect(Math.abs(Array.from(kept, Number).filter((value) => value === 0).length - 2500)).toBeLessThan(200);
  const sums = await functional
    .dropout2d(ones([50, 20, 4]))
    .sum(2)
    .data();
  expect(new Set(Array.from(sums, Number))).toEqual(new Set([0, 8]));
});

test("attention takes a mask or is causal, not both", () => {
  const x = zeros([2, 3]);
  expect(() => functional.scaledDotProductAttention(x, x, x, { attnMask: zeros([2, 2]), isCausal: true })).toThrow(
    /attnMask or isCausal, not both/,
  );
});

test("gumbelSoftmax draws categories as often as they are likely; hard choices are one of them, with soft gradients", async () => {
  const shares = [0.1, 0.2, 0.7];
  const logits = tensor(shares).log().expand([20_000, 3]);
  manualSeed(3);
  const hard = functional.gumbelSoftmax(logits, { hard: true });
  const counts = await hard.mean(0).data();
  for (const [index, share] of shares.entries()) expect(Number(counts[index])).toBeCloseTo(share, 1.7);
  expect(new Set(toNumbers(await hard.data()).map((value) => Math.round(value * 1e6) / 1e6))).toEqual(new Set([0, 1]));
  const soft = await functional.gumbelSoftmax(logits, { tau: 0.5 }).sum(1).data();
  expect(Array.from(soft, Number).every((sum) => Math.abs(sum - 1) < 1e-5)).toBe(true);
  // Another axis, and the gradient of the soft choice: it adds up to 0 over the categories.
  const x = tensor([
    [0.1, 0.5],
    [0.2, -1],
    [0.3, 0],
  ]);
  const chosen = functional.gumbelSoftmax(x, { hard: true, dim: 0 });
  const [gradient] = grad(chosen.mul(tensor([[1], [2], [5]])).sum(), [x]);
  const [values, slopes] = await evaluate([chosen.sum(0), gradient?.sum(0) ?? chosen]);
  expect(toNumbers(required(values)).map(Math.round)).toEqual([1, 1]);
  expect(Math.max(...toNumbers(required(slopes)).map(Math.abs))).toBeLessThan(1e-6);
});
