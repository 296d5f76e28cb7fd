/**
 * Random tensors. Drawn at once from a generator; in a step or a `forward` that is being traced they are ops instead, which
 * draw anew in each step from the step's key.
 */
import { type DType, fromNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { isTracing, nextRandomId } from "../graph/trace.ts";
import type { Attributes, Op } from "../ops/op.ts";
import { integers, normal as normalOp, uniform as uniformOp } from "../ops/random.ts";
import { broadcastShapes, type Shape, showShape, sizeOf } from "../shape.ts";
import { constant, type Operand, Tensor } from "../tensor.ts";
import { defaultGenerator, type Generator } from "./generator.ts";

export interface RandomOptions {
  /**
   * Where the numbers come from; without it the generator that `manualSeed` seeds. In a step that is being traced they
   * come from the step's key, and no generator can be given.
   */
  readonly generator?: Generator;
}

/** Uniform in [0, 1). */
export function rand(shape: Shape, { generator }: RandomOptions = {}): Tensor {
  if (isTracing()) return drawnInStep("rand", uniformOp, { shape }, generator);
  const source = generator ?? defaultGenerator();
  return constant(
    Float32Array.from({ length: sizeOf(shape) }, () => source.uniform()),
    shape,
    "float32",
  );
}

/** Normally distributed with mean 0 and standard deviation 1. */
export function randn(shape: Shape, { generator }: RandomOptions = {}): Tensor {
  if (isTracing()) return drawnInStep("randn", normalOp, { shape }, generator);
  const source = generator ?? defaultGenerator();
  return constant(
    Float32Array.from({ length: sizeOf(shape) }, () => source.normal()),
    shape,
    "float32",
  );
}

/** Whole numbers in [low, high), which in a step are at most 2^31 apart. */
export function randint(
  low: number,
  high: number,
  shape: Shape,
  { dtype = "int64", generator }: RandomOptions & { readonly dtype?: DType } = {},
): Tensor {
  if (isTracing()) {
    const range = high - low;
    if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && range > 0 && range <= 2 ** 31)) {
      throw new TensorError(
        "TENSOR_VALUE",
        `randint(${low}, ${high}): needs whole numbers, low < high, in a step at most 2^31 apart`,
      );
    }
    return drawnInStep("randint", integers, { shape, low, range }, generator).to(dtype);
  }
  const source = generator ?? defaultGenerator();
  return constant(
    fromNumbers(
      dtype,
      Array.from({ length: sizeOf(shape) }, () => source.integer(low, high)),
    ),
    shape,
    dtype,
  );
}

/** 0 … n - 1 in random order. */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  if (isTracing()) return randint(0, 2 ** 31, [n], options).sort().indices;
  const { generator = defaultGenerator() } = options;
  return constant(BigInt64Array.from(generator.permutation(n), BigInt), [n], "int64");
}

/** Uniform in [0, 1), in the shape of a tensor. */
export function randLike({ shape }: Tensor, options: RandomOptions = {}): Tensor {
  return rand(shape, options);
}

/** Normally distributed with mean 0 and standard deviation 1, in the shape of a tensor. */
export function randnLike({ shape }: Tensor, options: RandomOptions = {}): Tensor {
  return randn(shape, options);
}

/**
 * Normally distributed with these means and standard deviations, which broadcast; two numbers need a shape. Gradients flow
 * into both.
 */
export function normal(
  mean: Operand,
  standardDeviation: Operand,
  { shape, ...options }: RandomOptions & { readonly shape?: Shape } = {},
): Tensor {
  if (typeof standardDeviation === "number" && !(standardDeviation >= 0))
    throw new TensorError(
      "TENSOR_VALUE",
      `normal: the standard deviation is ${standardDeviation}; it must be 0 or more`,
    );
  const shapes = [mean, standardDeviation].flatMap((each) => (each instanceof Tensor ? [each.shape] : []));
  const common = shapes.reduce((a, b) => broadcastShapes(a, b, "normal"), shape ?? shapes[0] ?? noShape());
  return randn(common, options).mul(standardDeviation).add(mean);
}

function noShape(): never {
  throw new TensorError("TENSOR_VALUE", "normal: mean and standard deviation are numbers; give the shape");
}

/** 1 with the probability that each element is, else 0. */
export function bernoulli(probabilities: Tensor, options: RandomOptions = {}): Tensor {
  if (probabilities.dtype !== "float32")
    throw new TensorError("TENSOR_DTYPE", `bernoulli: probabilities are float32, not ${probabilities.dtype}`);
  return randLike(probabilities, options).lt(probabilities.detach()).float();
}

/**
 * Positions along the last axis, drawn in proportion to weights that are 0 or more: [categories] gives [numSamples],
 * [rows, categories] gives [rows, numSamples]. Without replacement none is drawn twice; what has weight 0 comes last then.
 */
export function multinomial(
  weights: Tensor,
  numSamples: number,
  { replacement = false, ...options }: RandomOptions & { readonly replacement?: boolean } = {},
): Tensor {
  const categories = weights.shape.at(-1) ?? 0;
  if (weights.ndim < 1 || weights.ndim > 2 || categories === 0 || weights.dtype !== "float32") {
    throw new TensorError(
      "TENSOR_SHAPE",
      `multinomial: weights must be float32 [categories] or [rows, categories], not ${weights.dtype} ${showShape(weights.shape)}`,
    );
  }
  const most = replacement ? Number.MAX_SAFE_INTEGER : categories;
  if (!Number.isInteger(numSamples) || numSamples < 1 || numSamples > most) {
    throw new TensorError(
      "TENSOR_VALUE",
      `multinomial: numSamples is ${numSamples}; it must be a whole number above 0${replacement ? "" : `, and without replacement at most the ${categories} categories`}`,
    );
  }
  const shares = weights.detach();
  if (!replacement) {
    // Waiting times: which of several exponential clocks rings first is drawn in proportion to their rates.
    return exponential(shares.shape, options).div(shares).topk(numSamples, -1, { largest: false }).indices;
  }
  const ends = shares.cumsum(-1);
  const total = ends.slice(-1, categories - 1);
  const places = rand([...weights.shape.slice(0, -1), numSamples], options).mul(total);
  // How many categories end at or before the place. What ends where all do is the last one that has a weight.
  const bounds = ends.slice(-1, 0, categories - 1);
  const isPassed = places.unsqueeze(-1).ge(bounds.unsqueeze(-2));
  return isPassed.logicalAnd(bounds.lt(total).unsqueeze(-2)).sum(-1);
}

/** Exponentially distributed, up to a factor: the sum of the squares of two normal numbers. */
function exponential(shape: Shape, options: RandomOptions): Tensor {
  const [a, b] = [randn(shape, options), randn(shape, options)];
  return a.mul(a).add(b.mul(b));
}

function drawnInStep(name: string, op: Op, attributes: Attributes, generator: Generator | undefined): Tensor {
  if (generator !== undefined) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${name}: a generator would draw once, while the step is built, and all steps would have the same numbers. Leave it out: each step draws anew, keyed by the program's generator. For numbers that stay the same, draw before the step.`,
    );
  }
  const given = { ...attributes, id: nextRandomId() };
  return new Tensor({ ...op.infer([], given), source: { kind: "computed" }, op, attributes: given });
}
