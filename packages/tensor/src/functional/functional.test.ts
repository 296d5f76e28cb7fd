/** Functions against PyTorch in float64 (fixtures/functions.py), and the losses of more than two tensors. */
import { expect, test } from "vitest";
import { readFixture, required } from "../../test/fixtures.ts";
import { type Calls, type TorchFixture, torchCases } from "../../test/torch-cases.ts";
import { ones, zeros } from "../creation.ts";
import { CTCLoss } from "../losses/ctc.ts";
import { CosineEmbeddingLoss, TripletMarginLoss } from "../losses/distance.ts";
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
