import { checkDType, type DType, fromNumbers, isInteger, type TypedArray, toNumbers } from "./dtype.ts";
import { elementAt } from "./element-at.ts";
import { TensorError } from "./errors.ts";
import * as elementwiseMethods from "./methods/elementwise.ts";
import * as indexing from "./methods/indexing.ts";
import * as movement from "./methods/movement.ts";
import * as norms from "./methods/norms.ts";
import * as products from "./methods/products.ts";
import * as reductions from "./methods/reductions.ts";
import * as cast from "./ops/cast.ts";
import * as compare from "./ops/compare.ts";
import type { ConvolutionAttributes, TransposedAttributes } from "./ops/convolution.ts";
import * as convolution from "./ops/convolution.ts";
import * as elementwise from "./ops/elementwise.ts";
import * as linear from "./ops/linear.ts";
import * as nearZero from "./ops/near-zero.ts";
import type { Attributes, Each, Inputs, Op, Others } from "./ops/op.ts";
import * as ordering from "./ops/ordering.ts";
import { prelu } from "./ops/prelu.ts";
import * as reduce from "./ops/reduce.ts";
import * as shaping from "./ops/shaping.ts";
import * as trigonometry from "./ops/trigonometry.ts";
import { lengthAt, normalizeAxes, normalizeAxis, resolveReshape, type Shape, showShape, sizeOf } from "./shape.ts";

/** Where a tensor without inputs gets its elements from. */
export type Source =
  | { readonly kind: "constant"; readonly data: TypedArray }
  /** Given when a program runs. */
  | { readonly kind: "input"; readonly name: string }
  /** Numbers that outlive a computation: see `Variable`. */
  | { readonly kind: "variable" }
  /** Computed by `op`. */
  | { readonly kind: "computed" };

const computed: Source = { kind: "computed" };

/** A tensor or a number where a tensor of the other operand's kind is meant. */
export type Operand = Tensor | number;

/** What computes, as soon as something has asked for it. */
let runtime: Promise<typeof import("./runtime/evaluate.ts")> | undefined;

interface TensorInit {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: Source;
  readonly op?: Op | undefined;
  readonly inputs?: readonly Tensor[];
  readonly attributes?: Attributes;
}

/**
 * An n-dimensional array that has not been computed yet: an immutable node of a graph. Methods carry PyTorch's names
 * and semantics and return new nodes; `await tensor.data()` computes.
 *
 * @example
 * const y = tensor([[1, 2], [3, 4]]).matmul(tensor([[1], [1]])).relu();
 * console.log(await y.toArray()); // [[3], [7]]
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: Source;
  /** The operation that computes this tensor; absent for constants, inputs and variables. */
  readonly op: Op | undefined;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;

  constructor(init: TensorInit) {
    this.shape = init.shape;
    this.dtype = init.dtype;
    this.source = init.source;
    this.op = init.op;
    this.inputs = init.inputs ?? [];
    this.attributes = init.attributes ?? {};
  }

  /** Number of axes. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get numel(): number {
    return sizeOf(this.shape);
  }

  /** Size of one axis; negative counts from the last. */
  size(dim: number): number {
    return lengthAt(this.shape, normalizeAxis(dim, this.ndim, "size"));
  }

  // Computing

  /** The result of an op of this and other tensors: a new node, its shape checked now. */
  apply<A extends Attributes, I extends Inputs>(
    op: Op<A, I>,
    others: Each<Others<I>, Tensor | undefined>,
    attributes: A,
  ): Tensor;
  apply(op: Op, others: readonly (Tensor | undefined)[], attributes: Attributes): Tensor {
    const inputs = [this, ...others.filter((other) => other !== undefined)];
    const { shape, dtype } = op.infer(inputs, attributes);
    return new Tensor({ shape, dtype, source: computed, op, inputs, attributes });
  }
  /** The same op of other inputs, which have the types that this one's have, or broadcast to the same. */
  withInputs(inputs: readonly Tensor[]): Tensor {
    const { shape, dtype, source, op, attributes } = this;
    return new Tensor({ shape, dtype, source, op, inputs, attributes });
  }
  /** Which random op this is, if it is one: see `Op`. */
  get randomId(): number | undefined {
    return this.op?.randomId?.(this.attributes);
  }
  /** The elements in row-major order. Constants, and places in them, answer without computing. */
  async data(): Promise<TypedArray> {
    if (this.source.kind === "constant") return this.source.data;
    // Loaded when first needed, and kept, as looking for it takes longer than a small computation: the runtime knows
    // tensors, tensors do not know the runtime.
    runtime ??= import("./runtime/evaluate.ts");
    const { evaluate } = await runtime;
    const [data] = await evaluate([this]);
    if (data === undefined) throw new TensorError("TENSOR_RUNTIME", "the computation gave no result");
    return data;
  }

  /** The elements as nested arrays of numbers. */
  async toArray(): Promise<NestedNumbers> {
    return nest(toNumbers(await this.data()), this.shape);
  }

  /** The only element of a tensor of one element. */
  async item(): Promise<number> {
    if (this.numel !== 1) throw new TensorError("TENSOR_SHAPE", `item: the tensor has ${this.numel} elements, not one`);
    return elementAt(toNumbers(await this.data()), 0);
  }

  // Arithmetic, NumPy broadcasting

  add(other: Operand): Tensor {
    return elementwiseMethods.binary(elementwise.add, this, other);
  }
  sub(other: Operand): Tensor {
    return elementwiseMethods.binary(elementwise.sub, this, other);
  }
  mul(other: Operand): Tensor {
    return elementwiseMethods.binary(elementwise.mul, this, other);
  }
  /** True division: integers are divided as float32. */
  div(other: Operand): Tensor {
    const [a, b] = elementwiseMethods.floatPair(this, other);
    return elementwiseMethods.binary(elementwise.div, a, b);
  }
  pow(exponent: Operand): Tensor {
    return elementwiseMethods.binary(elementwise.pow, this, exponent);
  }
  maximum(other: Operand): Tensor {
    return elementwiseMethods.binary(elementwise.maximum, this, other);
  }
  minimum(other: Operand): Tensor {
    return elementwiseMethods.binary(elementwise.minimum, this, other);
  }
  neg(): Tensor {
    return this.apply(elementwise.neg, [], {});
  }
  abs(): Tensor {
    return this.apply(elementwise.abs, [], {});
  }
  /** -1, 0 or 1. */
  sign(): Tensor {
    return this.apply(elementwise.sign, [], {});
  }
  /** 1 where an element is above 0, else 0, in float32. */
  isPositive(): Tensor {
    return this.float().apply(elementwise.isPositive, [], {});
  }
  floor(): Tensor {
    return this.float().apply(elementwise.floor, [], {});
  }
  exp(): Tensor {
    return this.float().apply(elementwise.exp, [], {});
  }
  /** Natural logarithm. */
  log(): Tensor {
    return this.float().apply(elementwise.log, [], {});
  }
  /** log(1 + x), with all its digits near 0. */
  log1p(): Tensor {
    return this.float().apply(nearZero.log1p, [], {});
  }
  /** exp(x) - 1, with all its digits near 0. */
  expm1(): Tensor {
    return this.float().apply(nearZero.expm1, [], {});
  }
  sqrt(): Tensor {
    return this.float().apply(elementwise.sqrt, [], {});
  }
  erf(): Tensor {
    return this.float().apply(elementwise.erf, [], {});
  }
  sin(): Tensor {
    return this.float().apply(trigonometry.sin, [], {});
  }
  cos(): Tensor {
    return this.float().apply(trigonometry.cos, [], {});
  }
  tan(): Tensor {
    return this.float().apply(trigonometry.tan, [], {});
  }
  asin(): Tensor {
    return this.float().apply(trigonometry.asin, [], {});
  }
  acos(): Tensor {
    return this.float().apply(trigonometry.acos, [], {});
  }
  atan(): Tensor {
    return this.float().apply(trigonometry.atan, [], {});
  }
  sinh(): Tensor {
    return this.float().apply(trigonometry.sinh, [], {});
  }
  cosh(): Tensor {
    return this.float().apply(trigonometry.cosh, [], {});
  }
  /** Limits the elements to [min, max]; the gradient is that of the input inside, bounds included, and 0 outside. */
  clamp({ min, max }: { readonly min?: number; readonly max?: number }): Tensor {
    return elementwiseMethods.clamp(this, min, max);
  }

  // Activations

  relu(): Tensor {
    if (isInteger(this.dtype)) return this.maximum(0);
    return this.apply(elementwise.relu, [], {});
  }
  sigmoid(): Tensor {
    return this.float().apply(elementwise.sigmoid, [], {});
  }
  tanh(): Tensor {
    return this.float().apply(elementwise.tanh, [], {});
  }
  /** log(1 + exp(beta x)) / beta, and x itself where beta x is above the threshold. */
  softplus({ beta = 1, threshold = 20 }: { readonly beta?: number; readonly threshold?: number } = {}): Tensor {
    return elementwiseMethods.softplus(this, beta, threshold);
  }
  /** x times the normal distribution's cumulative function; "tanh" is the usual approximation. */
  gelu(approximate: "none" | "tanh" = "none"): Tensor {
    return elementwiseMethods.gelu(this, approximate);
  }
  /** x sigmoid(x), also known as swish. */
  silu(): Tensor {
    return this.mul(this.sigmoid());
  }
  leakyRelu(negativeSlope = 0.01): Tensor {
    return this.apply(elementwise.leakyRelu, [], { slope: negativeSlope });
  }
  /** This where it is above 0, elsewhere times `weight`, which broadcasts to this tensor's shape. */
  prelu(weight: Tensor): Tensor {
    return this.apply(prelu, [weight], {});
  }
  elu(alpha = 1): Tensor {
    return this.apply(elementwise.elu, [], { alpha });
  }
  softmax(dim: number): Tensor {
    if (this.ndim === 0) return this.unsqueeze(0).softmax(0).squeeze(0);
    return this.float().apply(reduce.softmax, [], { axis: normalizeAxis(dim, this.ndim, "softmax") });
  }
  logSoftmax(dim: number): Tensor {
    if (this.ndim === 0) return this.unsqueeze(0).logSoftmax(0).squeeze(0);
    return this.float().apply(reduce.logSoftmax, [], { axis: normalizeAxis(dim, this.ndim, "logSoftmax") });
  }

  // Reductions; without axes (or with an empty list, as in PyTorch) over everything

  /** Integers and booleans are summed as int64. */
  sum(dim?: number | readonly number[], keepdim = false): Tensor {
    const summed = this.dtype === "float32" ? this : this.to("int64");
    return reductions.reduceOver(reduce.sum, summed, dim, keepdim);
  }
  mean(dim?: number | readonly number[], keepdim = false): Tensor {
    return reductions.reduceOver(reduce.mean, reductions.expectFloat(this, "mean"), dim, keepdim);
  }
  /** Integers and booleans are multiplied as int64. */
  prod(dim?: number | readonly number[], keepdim = false): Tensor {
    const factors = this.dtype === "float32" ? this : this.to("int64");
    return reductions.reduceOver(reduce.prod, factors, dim, keepdim);
  }
  /**
   * Largest element; elements that tie share the gradient, as PyTorch's amax does. NaN is passed over where there are
   * numbers too: ONNX Runtime does that, PyTorch answers NaN.
   */
  max(dim?: number | readonly number[], keepdim = false): Tensor {
    return reductions.extreme(reduce.amax, this, dim, keepdim);
  }
  /** Smallest element, with the rules of `max`. */
  min(dim?: number | readonly number[], keepdim = false): Tensor {
    return reductions.extreme(reduce.amin, this, dim, keepdim);
  }
  /** Mean squared distance from the mean; `correction` 1 divides by n - 1, as PyTorch's var does. */
  variance(
    dim?: number | readonly number[],
    { correction = 1, keepdim = false }: { correction?: number; keepdim?: boolean } = {},
  ): Tensor {
    return reductions.variance(this, dim, correction, keepdim);
  }
  /** The root of the variance, with the gradient 0 where that is 0. */
  std(
    dim?: number | readonly number[],
    options: { readonly correction?: number; readonly keepdim?: boolean } = {},
  ): Tensor {
    return norms.standardDeviation(this, dim, options);
  }
  /**
   * (sum |x|^p)^(1/p), with the gradient 0 at 0; "fro" is 2. Of p 0 how many elements are not 0, of an infinite one the
   * largest or smallest size.
   */
  norm(p: number | "fro" = 2, dim?: number | readonly number[], keepdim = false): Tensor {
    return norms.norm(this, p, dim, keepdim);
  }
  /** log sum exp x, without overflow. */
  logsumexp(dim: number | readonly number[], keepdim = false): Tensor {
    return norms.logsumexp(this, dim, keepdim);
  }
  /** Whether some element is not 0; of nothing, false. */
  any(dim?: number | readonly number[], keepdim = false): Tensor {
    return reductions.countNonzero(this, dim, keepdim).gt(0);
  }
  /** Whether no element is 0; of nothing, true. */
  all(dim?: number | readonly number[], keepdim = false): Tensor {
    return reductions.countNonzero(this.logicalNot(), dim, keepdim).eq(0);
  }
  /** Index of the first largest element, of the flattened tensor where no axis is given. */
  argmax(dim?: number, keepdim = false): Tensor {
    return reductions.argExtreme(reduce.argmax, this, dim, keepdim);
  }
  argmin(dim?: number, keepdim = false): Tensor {
    return reductions.argExtreme(reduce.argmin, this, dim, keepdim);
  }

  // Along one axis

  /** Sums of the elements up to each one along an axis; integers and booleans are summed as int64. */
  cumsum(dim: number): Tensor {
    const summed = this.dtype === "float32" ? this : this.to("int64");
    const axis = normalizeAxis(dim, this.ndim, "cumsum");
    return this.ndim === 0 ? summed.clone() : summed.apply(ordering.cumsum, [], { axis, reverse: false });
  }
  /**
   * The k largest elements along an axis and their positions, the largest first (with `largest: false` the smallest).
   * Of equal elements the first ones are taken; NaN counts as infinity. With `sorted: false` they come in any
   * order.
   */
  topk(
    k: number,
    dim = -1,
    { largest = true, sorted = true }: { readonly largest?: boolean; readonly sorted?: boolean } = {},
  ): reductions.Ordered {
    return reductions.topk(this, k, dim, largest, sorted);
  }
  /** The elements in order along an axis, and where they were; equal elements keep their order. */
  sort(dim = -1, { descending = false }: { readonly descending?: boolean } = {}): reductions.Ordered {
    return this.topk(this.ndim === 0 ? 1 : this.size(dim), dim, { largest: descending });
  }

  // Comparisons and selection

  eq(other: Operand): Tensor {
    return elementwiseMethods.binary(compare.eq, this, other);
  }
  ne(other: Operand): Tensor {
    return elementwiseMethods.binary(compare.ne, this, other);
  }
  lt(other: Operand): Tensor {
    return elementwiseMethods.binary(compare.lt, this, other);
  }
  le(other: Operand): Tensor {
    return elementwiseMethods.binary(compare.le, this, other);
  }
  gt(other: Operand): Tensor {
    return elementwiseMethods.binary(compare.gt, this, other);
  }
  ge(other: Operand): Tensor {
    return elementwiseMethods.binary(compare.ge, this, other);
  }
  logicalAnd(other: Tensor): Tensor {
    return this.to("bool").apply(compare.logicalAnd, [other.to("bool")], {});
  }
  logicalOr(other: Tensor): Tensor {
    return this.to("bool").apply(compare.logicalOr, [other.to("bool")], {});
  }
  logicalNot(): Tensor {
    return this.to("bool").apply(compare.logicalNot, [], {});
  }
  isnan(): Tensor {
    return this.ne(this);
  }
  isinf(): Tensor {
    return this.float().abs().eq(Number.POSITIVE_INFINITY);
  }
  /** Neither infinite nor NaN. */
  isfinite(): Tensor {
    return this.float().abs().lt(Number.POSITIVE_INFINITY);
  }
  /** The value where the mask, which broadcasts, is true. */
  maskedFill(mask: Tensor, value: Operand): Tensor {
    return elementwiseMethods.maskedFill(this, mask, value);
  }
  /** `condition.where(a, b)`: a where the condition holds, else b. PyTorch writes torch.where(condition, a, b). */
  where(a: Operand, b: Operand): Tensor {
    return elementwiseMethods.where(this, a, b);
  }

  // Products of matrices

  /** PyTorch's matmul: vectors and matrices, and stacks of matrices whose leading axes broadcast. */
  matmul(other: Tensor): Tensor {
    return products.matmul(this, other);
  }

  /** op(this) op(other) over the last two axes, where op transposes if asked. */
  product(other: Tensor, transposeThis: boolean, transposeOther: boolean): Tensor {
    if (this.ndim === 2 && other.ndim === 2) {
      return this.apply(linear.gemm, [other], { transposeA: transposeThis, transposeB: transposeOther });
    }
    return this.apply(linear.batchedMatmul, [other], { transposeA: transposeThis, transposeB: transposeOther });
  }

  /** this weight^T + bias over the last axis: this [..., in], weight [out, in], bias [out]. PyTorch's F.linear. */
  linear(weight: Tensor, bias?: Tensor): Tensor {
    return products.linear(this, weight, bias);
  }

  // Convolutions: the primitive operations behind functional/convolution.ts

  /** this [batch, channels, height, width], weight [out, channels / groups, kh, kw]. */
  convolution(weight: Tensor, bias: Tensor | undefined, attributes: ConvolutionAttributes): Tensor {
    return this.apply(convolution.convolution, [weight, bias], attributes);
  }
  /** this [batch, channels, height, width], weight [channels, out / groups, kh, kw]. */
  transposedConvolution(weight: Tensor, bias: Tensor | undefined, attributes: TransposedAttributes): Tensor {
    return this.apply(convolution.transposedConvolution, [weight, bias], attributes);
  }

  // Shape

  reshape(shape: Shape): Tensor {
    return this.apply(shaping.reshape, [], { shape: resolveReshape(this.shape, shape) });
  }
  /** Joins the axes from startDim to endDim into one. */
  flatten(startDim = 0, endDim = -1): Tensor {
    return movement.flatten(this, startDim, endDim);
  }
  /** Exchanges two axes. */
  transpose(dim0: number, dim1: number): Tensor {
    const a = normalizeAxis(dim0, this.ndim, "transpose");
    const b = normalizeAxis(dim1, this.ndim, "transpose");
    return this.permute(this.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis)));
  }
  /** Transposes a matrix; vectors and scalars stay as they are. */
  t(): Tensor {
    if (this.ndim > 2)
      throw new TensorError("TENSOR_SHAPE", `t: needs at most 2 axes, not ${showShape(this.shape)}; use transpose`);
    return this.permute(this.ndim < 2 ? [...this.shape.keys()] : [1, 0]);
  }
  permute(dims: readonly number[]): Tensor {
    const order = dims.map((dim) => normalizeAxis(dim, this.ndim, "permute"));
    return this.apply(shaping.permute, [], { order });
  }
  /** Drops the given axes of size 1 (others are left), or all of them. */
  squeeze(dim?: number | readonly number[]): Tensor {
    const axes = normalizeAxes(dim, this.ndim, "squeeze");
    return this.reshape(this.shape.filter((length, axis) => length !== 1 || !axes.includes(axis)));
  }
  unsqueeze(dim: number): Tensor {
    const axis = normalizeAxis(dim, this.ndim + 1, "unsqueeze");
    return this.reshape([...this.shape.slice(0, axis), 1, ...this.shape.slice(axis)]);
  }
  /** Repeats axes of size 1 up to the given sizes; -1 keeps a size. */
  expand(shape: Shape): Tensor {
    return movement.expand(this, shape);
  }
  /** Elements start, start + step, … before end along an axis; negative positions count from the end, as in Python. */
  slice(dim: number, start = 0, end = Number.POSITIVE_INFINITY, step = 1): Tensor {
    return movement.slice(this, dim, start, end, step);
  }
  /** The slice at one position of an axis, without that axis. */
  select(dim: number, index: number): Tensor {
    return movement.select(this, dim, index);
  }
  /** Pieces of `size` (the last may be smaller), or of the sizes listed. */
  split(size: number | readonly number[], dim = 0): Tensor[] {
    return movement.split(this, size, dim);
  }
  /** `chunks` pieces of equal size, but for the last; fewer, where there are not enough elements. */
  chunk(chunks: number, dim = 0): Tensor[] {
    return movement.chunk(this, chunks, dim);
  }
  /** The whole over and over, so many times along each axis; more numbers than axes make new ones in front. */
  repeat(times: readonly number[]): Tensor {
    return movement.repeat(this, times);
  }
  /** Zeros above a diagonal of the last two axes; 0 is the main one, positive ones lie above it. */
  tril(diagonal = 0): Tensor {
    return movement.triangle("tril", this, diagonal, true);
  }
  /** Zeros below a diagonal of the last two axes. */
  triu(diagonal = 0): Tensor {
    return movement.triangle("triu", this, diagonal, false);
  }
  /** Piece `index` of the pieces that `sizes` cuts axis `axis` into. */
  part(axis: number, sizes: readonly number[], index: number): Tensor {
    return this.apply(shaping.part, [], { axis, sizes, index });
  }
  /** Zeros before and after along one axis. */
  pad(axis: number, before: number, after: number): Tensor {
    const along = (amount: number) => this.shape.map((_, each) => (each === axis ? amount : 0));
    return this.padAll(along(before), along(after));
  }
  /** `value` before and after, one amount for each axis; a negative amount cuts off instead. */
  padAll(before: readonly number[], after: readonly number[], value = 0): Tensor {
    return this.apply(shaping.pad, [], { before, after, value });
  }
  /** Reverses the order along axes. */
  flip(dims: readonly number[]): Tensor {
    const axes = normalizeAxes(dims, this.ndim, "flip");
    return this.apply(shaping.flip, [], { axes });
  }
  /** Joins this and others along an axis; the method form of `cat`. */
  concat(others: readonly Tensor[], dim = 0): Tensor {
    return movement.cat([this, ...others], dim);
  }

  // Indexing

  /** Whole slices of an axis, by position. */
  indexSelect(dim: number, index: Tensor): Tensor {
    return indexing.indexSelect(this, dim, index);
  }
  /** out[i][j] = this[index[i][j]][j] for dim 0. */
  gather(dim: number, index: Tensor): Tensor {
    return indexing.gather(this, dim, index);
  }
  /** Puts `source`, a tensor no smaller than the index or a number, into a copy, at the positions that `index` gives along one axis. */
  scatter(dim: number, index: Tensor, source: Operand): Tensor {
    return indexing.scatter(this, dim, index, source);
  }
  /** Adds `source` to a copy, at the positions that `index` gives along one axis. */
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return indexing.scatterAdd(this, dim, index, source);
  }

  /** Adds the slices of `source` to a copy of this, at the positions along an axis that `index` [n] gives. */
  indexAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return indexing.indexAdd(this, dim, index, source);
  }
  /** A new last axis of `numClasses`, 1 at the class that each element names and 0 elsewhere; int64, as in PyTorch. */
  oneHot(numClasses: number): Tensor {
    return indexing.oneHot(this, numClasses);
  }

  // Types and relatives

  to(dtype: DType): Tensor {
    checkDType(dtype);
    if (dtype === this.dtype) return this;
    return this.apply(cast.cast, [], { dtype });
  }
  float(): Tensor {
    return this.to("float32");
  }
  /** A constant of this tensor's type, whatever its own shape. */
  newTensor(values: ArrayLike<number>, shape: Shape, dtype: DType = this.dtype): Tensor {
    return constant(fromNumbers(dtype, values), shape, dtype);
  }
  newFull(shape: Shape, value: number, dtype: DType = this.dtype): Tensor {
    const scalar = this.newTensor([value], [], dtype);
    return shape.length === 0 ? scalar : scalar.expand(shape);
  }
  zerosLike(): Tensor {
    return this.newFull(this.shape, 0);
  }
  onesLike(): Tensor {
    return this.newFull(this.shape, 1);
  }
  /** Undoes broadcasting: sums the axes that were added or grown, so that `shape` comes out. */
  sumTo(shape: Shape): Tensor {
    return movement.sumTo(this, shape);
  }
  /** The same numbers as a tensor of its own. Costs nothing. */
  clone(): Tensor {
    return this.apply(cast.clone, [], {});
  }
  /** The same numbers, through which no gradient flows. */
  detach(): Tensor {
    return this.apply(cast.detach, [], {});
  }

  toString(): string {
    return `Tensor(${showShape(this.shape)}, ${this.dtype})`;
  }
}

export type NestedNumbers = number | NestedNumbers[];

function nest(values: readonly number[], shape: Shape): NestedNumbers {
  const [length, ...rest] = shape;
  if (length === undefined) return elementAt(values, 0);
  const size = sizeOf(rest);
  return Array.from({ length }, (_, index) => nest(values.slice(index * size, (index + 1) * size), rest));
}

/** A constant tensor over `data`, which it keeps: do not change it afterwards. */
export function constant(data: TypedArray, shape: Shape, dtype: DType): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${data.length} elements do not fill shape ${showShape(shape)} (${sizeOf(shape)})`,
    );
  }
  return new Tensor({ shape, dtype, source: { kind: "constant", data } });
}

/** A tensor whose elements are given when a program runs. */
export function input(name: string, shape: Shape, dtype: DType): Tensor {
  checkDType(dtype);
  return new Tensor({ shape, dtype, source: { kind: "input", name } });
}
