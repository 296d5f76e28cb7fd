import { type DType, fromNumbers, promote, type TypedArray, toNumbers } from "./dtype.ts";
import { TensorError } from "./errors.ts";
import * as cast from "./ops/cast.ts";
import * as compare from "./ops/compare.ts";
import type { ConvolutionAttributes, TransposedAttributes } from "./ops/convolution.ts";
import * as convolution from "./ops/convolution.ts";
import * as elementwise from "./ops/elementwise.ts";
import { indexAdd } from "./ops/index-add.ts";
import * as indexing from "./ops/indexing.ts";
import * as linear from "./ops/linear.ts";
import type { Attributes, Op } from "./ops/op.ts";
import * as ordering from "./ops/ordering.ts";
import { prelu } from "./ops/prelu.ts";
import * as reduce from "./ops/reduce.ts";
import * as shaping from "./ops/shaping.ts";
import * as trigonometry from "./ops/trigonometry.ts";
import {
  broadcastShapes,
  lengthAt,
  normalizeAxes,
  normalizeAxis,
  resolveReshape,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from "./shape.ts";

/** Where a tensor without inputs gets its elements from. */
export type Source =
  | {
      readonly kind: "constant";
      readonly data: TypedArray;
      /** Made from a number: nobody holds it to ask for its gradient, so it may be simplified away. */
      readonly anonymous?: true;
    }
  /** Given when a program runs. */
  | { readonly kind: "input"; readonly name: string }
  /** Numbers that outlive a computation: see `Variable`. */
  | { readonly kind: "variable" }
  /** Computed by `op`. */
  | { readonly kind: "computed" };

/** A tensor or a number where a tensor of the other operand's kind is meant. */
export type Operand = Tensor | number;

interface TensorInit {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: Source;
  readonly op?: Op;
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

  /** The elements in row-major order. Constants answer without computing; everything else runs on ONNX Runtime. */
  async data(): Promise<TypedArray> {
    if (this.source.kind === "constant") return this.source.data;
    // Loaded when first needed: the runtime knows tensors, tensors do not know the runtime.
    const { evaluate } = await import("./runtime/evaluate.ts");
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
    return toNumbers(await this.data())[0] ?? Number.NaN;
  }

  // Arithmetic, NumPy broadcasting

  add(other: Operand): Tensor {
    return binary(elementwise.add, this, other, 0);
  }
  sub(other: Operand): Tensor {
    return binary(elementwise.sub, this, other, 0);
  }
  mul(other: Operand): Tensor {
    return binary(elementwise.mul, this, other, 1);
  }
  /** True division: integers are divided as float32. */
  div(other: Operand): Tensor {
    const [a, b] = floatPair(this, other);
    return binary(elementwise.div, a, b, 1);
  }
  pow(exponent: Operand): Tensor {
    if (exponent === 1) return this;
    if (exponent === 2) return this.mul(this);
    if (exponent === 0.5) return this.sqrt();
    return binary(elementwise.pow, this, exponent);
  }
  maximum(other: Operand): Tensor {
    return binary(elementwise.maximum, this, other);
  }
  minimum(other: Operand): Tensor {
    return binary(elementwise.minimum, this, other);
  }
  neg(): Tensor {
    if (this.op === elementwise.neg && this.inputs[0] !== undefined) return this.inputs[0];
    return apply(elementwise.neg, [this], {});
  }
  abs(): Tensor {
    return apply(elementwise.abs, [this], {});
  }
  /** -1, 0 or 1. */
  sign(): Tensor {
    return apply(elementwise.sign, [this], {});
  }
  /** 1 where an element is above 0, else 0, in float32. */
  isPositive(): Tensor {
    return apply(elementwise.isPositive, [this.float()], {});
  }
  floor(): Tensor {
    return apply(elementwise.floor, [this.float()], {});
  }
  exp(): Tensor {
    return apply(elementwise.exp, [this.float()], {});
  }
  /** Natural logarithm. */
  log(): Tensor {
    return apply(elementwise.log, [this.float()], {});
  }
  sqrt(): Tensor {
    return apply(elementwise.sqrt, [this.float()], {});
  }
  erf(): Tensor {
    return apply(elementwise.erf, [this.float()], {});
  }
  sin(): Tensor {
    return apply(trigonometry.sin, [this.float()], {});
  }
  cos(): Tensor {
    return apply(trigonometry.cos, [this.float()], {});
  }
  tan(): Tensor {
    return apply(trigonometry.tan, [this.float()], {});
  }
  asin(): Tensor {
    return apply(trigonometry.asin, [this.float()], {});
  }
  acos(): Tensor {
    return apply(trigonometry.acos, [this.float()], {});
  }
  atan(): Tensor {
    return apply(trigonometry.atan, [this.float()], {});
  }
  sinh(): Tensor {
    return apply(trigonometry.sinh, [this.float()], {});
  }
  cosh(): Tensor {
    return apply(trigonometry.cosh, [this.float()], {});
  }
  /** Limits the elements to [min, max]; the gradient is that of the input inside, bounds included, and 0 outside. */
  clamp({ min, max }: { readonly min?: number; readonly max?: number }): Tensor {
    if (min === undefined && max === undefined) throw new TensorError("TENSOR_VALUE", "clamp needs min, max or both");
    // Selecting, unlike maximum and minimum, gives the whole gradient at the bounds, as PyTorch does.
    // Bounds with a fraction make integers float32.
    const x = [min ?? 0, max ?? 0].reduce((tensor: Tensor, bound) => promotePair(tensor, bound)[0], this);
    const above = min === undefined ? x : x.lt(min).where(x.newFull([], min), x);
    return max === undefined ? above : above.gt(max).where(x.newFull([], max), above);
  }

  // Activations

  relu(): Tensor {
    if (this.dtype === "int64" || this.dtype === "int32") return this.maximum(0);
    return apply(elementwise.relu, [this], {});
  }
  sigmoid(): Tensor {
    return apply(elementwise.sigmoid, [this.float()], {});
  }
  tanh(): Tensor {
    return apply(elementwise.tanh, [this.float()], {});
  }
  /** log(1 + exp(beta x)) / beta, and x itself where beta x is above the threshold. */
  softplus({ beta = 1, threshold = 20 }: { readonly beta?: number; readonly threshold?: number } = {}): Tensor {
    const scaled = this.mul(beta);
    const smooth = apply(elementwise.softplus, [scaled.float()], {}).div(beta);
    return threshold === Number.POSITIVE_INFINITY ? smooth : scaled.gt(threshold).where(this, smooth);
  }
  /** x times the normal distribution's cumulative function; "tanh" is the usual approximation. */
  gelu(approximate: "none" | "tanh" = "none"): Tensor {
    const inner =
      approximate === "none"
        ? this.mul(Math.SQRT1_2).erf()
        : this.add(this.mul(this).mul(this).mul(0.044715))
            .mul(Math.sqrt(2 / Math.PI))
            .tanh();
    return this.mul(0.5).mul(inner.add(1));
  }
  /** x sigmoid(x), also known as swish. */
  silu(): Tensor {
    return this.mul(this.sigmoid());
  }
  leakyRelu(negativeSlope = 0.01): Tensor {
    return apply(elementwise.leakyRelu, [this], { slope: negativeSlope });
  }
  /** This where it is above 0, elsewhere times `weight`, which broadcasts to this tensor's shape. */
  prelu(weight: Tensor): Tensor {
    return apply(prelu, [this, weight], {});
  }
  elu(alpha = 1): Tensor {
    return apply(elementwise.elu, [this], { alpha });
  }
  softmax(dim: number): Tensor {
    if (this.ndim === 0) return this.unsqueeze(0).softmax(0).squeeze(0);
    return apply(reduce.softmax, [this.float()], { axis: normalizeAxis(dim, this.ndim, "softmax") });
  }
  logSoftmax(dim: number): Tensor {
    if (this.ndim === 0) return this.unsqueeze(0).logSoftmax(0).squeeze(0);
    return apply(reduce.logSoftmax, [this.float()], { axis: normalizeAxis(dim, this.ndim, "logSoftmax") });
  }

  // Reductions; without axes (or with an empty list, as in PyTorch) over everything

  /** Integers and booleans are summed as int64. */
  sum(dim?: number | readonly number[], keepdim = false): Tensor {
    const summed = this.dtype === "float32" ? this : this.to("int64");
    return reduceOver(reduce.sum, summed, dim, keepdim);
  }
  mean(dim?: number | readonly number[], keepdim = false): Tensor {
    return reduceOver(reduce.mean, expectFloat(this, "mean"), dim, keepdim);
  }
  /** Integers and booleans are multiplied as int64. */
  prod(dim?: number | readonly number[], keepdim = false): Tensor {
    const factors = this.dtype === "float32" ? this : this.to("int64");
    return reduceOver(reduce.prod, factors, dim, keepdim);
  }
  /**
   * Largest element; elements that tie share the gradient, as PyTorch's amax does. NaN is passed over where there are
   * numbers too: ONNX Runtime does that, PyTorch answers NaN.
   */
  max(dim?: number | readonly number[], keepdim = false): Tensor {
    return extreme(reduce.amax, this, dim, keepdim);
  }
  /** Smallest element, with the rules of `max`. */
  min(dim?: number | readonly number[], keepdim = false): Tensor {
    return extreme(reduce.amin, this, dim, keepdim);
  }
  /** Mean squared distance from the mean; `correction` 1 divides by n - 1, as PyTorch's var does. */
  variance(
    dim?: number | readonly number[],
    { correction = 1, keepdim = false }: { correction?: number; keepdim?: boolean } = {},
  ): Tensor {
    const axes = reducedAxes(dim, this, "variance");
    const count = sizeOf(axes.map((axis) => lengthAt(this.shape, axis)));
    const distance = expectFloat(this, "variance").sub(this.mean(axes, true));
    // n - correction <= 0 has no variance: NaN, or infinity, as PyTorch gives.
    return distance
      .mul(distance)
      .sum(axes, keepdim)
      .div(Math.max(0, count - correction));
  }
  /** Index of the first largest element, of the flattened tensor where no axis is given. */
  argmax(dim?: number, keepdim = false): Tensor {
    return argExtreme(reduce.argmax, this, dim, keepdim);
  }
  argmin(dim?: number, keepdim = false): Tensor {
    return argExtreme(reduce.argmin, this, dim, keepdim);
  }

  // Along one axis

  /** Sums of the elements up to each one along an axis; integers and booleans are summed as int64. */
  cumsum(dim: number): Tensor {
    const summed = this.dtype === "float32" ? this : this.to("int64");
    const axis = normalizeAxis(dim, this.ndim, "cumsum");
    return this.ndim === 0 ? summed : apply(ordering.cumsum, [summed], { axis, reverse: false });
  }
  /**
   * The k largest elements along an axis and their positions, the largest first (with `largest: false` the smallest).
   * Of equal elements the first ones are taken; NaN has no place in the order. With `sorted: false` they come in any
   * order.
   */
  topk(
    k: number,
    dim = -1,
    { largest = true, sorted = true }: { readonly largest?: boolean; readonly sorted?: boolean } = {},
  ): { readonly values: Tensor; readonly indices: Tensor } {
    if (this.ndim === 0) {
      const { values, indices } = this.unsqueeze(0).topk(k, dim, { largest, sorted });
      return { values: values.squeeze(0), indices: indices.squeeze(0) };
    }
    const attributes = { axis: normalizeAxis(dim, this.ndim, "topk"), k, largest, sorted };
    const ordered = this.dtype === "bool" ? this.to("int32") : this;
    return {
      values: apply(ordering.topkValues, [ordered], attributes).to(this.dtype),
      indices: apply(ordering.topkIndices, [ordered], attributes),
    };
  }
  /** The elements in order along an axis, and where they were; equal elements keep their order. */
  sort(
    dim = -1,
    { descending = false }: { readonly descending?: boolean } = {},
  ): { readonly values: Tensor; readonly indices: Tensor } {
    return this.topk(this.ndim === 0 ? 1 : this.size(dim), dim, { largest: descending });
  }

  // Comparisons and selection

  eq(other: Operand): Tensor {
    return binary(compare.eq, this, other);
  }
  ne(other: Operand): Tensor {
    return binary(compare.ne, this, other);
  }
  lt(other: Operand): Tensor {
    return binary(compare.lt, this, other);
  }
  le(other: Operand): Tensor {
    return binary(compare.le, this, other);
  }
  gt(other: Operand): Tensor {
    return binary(compare.gt, this, other);
  }
  ge(other: Operand): Tensor {
    return binary(compare.ge, this, other);
  }
  logicalAnd(other: Tensor): Tensor {
    return apply(compare.logicalAnd, [this.to("bool"), other.to("bool")], {});
  }
  logicalOr(other: Tensor): Tensor {
    return apply(compare.logicalOr, [this.to("bool"), other.to("bool")], {});
  }
  logicalNot(): Tensor {
    return apply(compare.logicalNot, [this.to("bool")], {});
  }
  /** `condition.where(a, b)`: a where the condition holds, else b. PyTorch writes torch.where(condition, a, b). */
  where(a: Tensor, b: Tensor): Tensor {
    const dtype = promotedType(a, b);
    const shape = broadcastShapes(this.shape, broadcastShapes(a.shape, b.shape, "where"), "where");
    const keepsShape = (x: Tensor, y: Tensor) =>
      sameShape(broadcastShapes(this.shape, broadcastShapes(x.shape, y.shape, "where"), "where"), shape);
    const left = keepsShape(withoutExpand(a), b) ? withoutExpand(a) : a;
    const right = keepsShape(left, withoutExpand(b)) ? withoutExpand(b) : b;
    return apply(compare.where, [this, left.to(dtype), right.to(dtype)], {});
  }

  // Products of matrices

  /** PyTorch's matmul: vectors and matrices, and stacks of matrices whose leading axes broadcast. */
  matmul(other: Tensor): Tensor {
    if (this.ndim === 0 || other.ndim === 0) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `matmul: ${showShape(this.shape)} and ${showShape(other.shape)}: scalars have no matrix product; use mul`,
      );
    }
    const [inner, otherInner] = [this.size(-1), other.size(other.ndim === 1 ? 0 : -2)];
    if (inner !== otherInner) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `matmul: ${showShape(this.shape)} and ${showShape(other.shape)} do not fit: the inner sizes ${inner} and ${otherInner} must be equal`,
      );
    }
    if (this.ndim === 1)
      return this.unsqueeze(0)
        .matmul(other)
        .squeeze(other.ndim === 1 ? 0 : -2);
    if (other.ndim === 1) return this.matmul(other.unsqueeze(1)).squeeze(-1);
    return this.product(other, false, false);
  }

  /** op(this) op(other) over the last two axes, where op transposes if asked; a transposed operand costs nothing. */
  product(other: Tensor, transposeThis: boolean, transposeOther: boolean): Tensor {
    if (this.ndim === 2 && other.ndim === 2) {
      const [a, flipA] = untransposed(this);
      const [b, flipB] = untransposed(other);
      return apply(linear.gemm, [a, b], { transposeA: transposeThis !== flipA, transposeB: transposeOther !== flipB });
    }
    return apply(linear.batchedMatmul, [this, other], { transposeA: transposeThis, transposeB: transposeOther });
  }

  /** this weight^T + bias over the last axis: this [..., in], weight [out, in], bias [out]. PyTorch's F.linear. */
  linear(weight: Tensor, bias?: Tensor): Tensor {
    const inputs = this.size(-1);
    if (weight.ndim !== 2 || weight.size(1) !== inputs) {
      throw new TensorError(
        "TENSOR_SHAPE",
        weight.ndim === 2
          ? `linear: ${showShape(this.shape)} and weight ${showShape(weight.shape)} do not fit: the inner sizes ${inputs} and ${weight.size(1)} must be equal`
          : `linear: the weight ${showShape(weight.shape)} must have 2 axes, outputs and inputs`,
      );
    }
    if (bias !== undefined && !covers([...this.shape.slice(0, -1), weight.size(0)], bias.shape)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `linear: bias ${showShape(bias.shape)} does not fit the ${weight.size(0)} outputs of weight ${showShape(weight.shape)}`,
      );
    }
    if (this.ndim === 1) return this.unsqueeze(0).linear(weight, bias).squeeze(0);
    const rows = this.ndim === 2 ? this : this.reshape([-1, inputs]);
    const attributes = { transposeA: false, transposeB: true };
    const result = apply(linear.gemm, bias === undefined ? [rows, weight] : [rows, weight, bias], attributes);
    return this.ndim === 2 ? result : result.reshape([...this.shape.slice(0, -1), weight.size(0)]);
  }

  // Convolutions: the primitive operations behind functional/convolution.ts

  /** this [batch, channels, height, width], weight [out, channels / groups, kh, kw]. */
  convolution(weight: Tensor, bias: Tensor | undefined, attributes: ConvolutionAttributes): Tensor {
    return apply(convolution.convolution, bias === undefined ? [this, weight] : [this, weight, bias], attributes);
  }
  /** this [batch, channels, height, width], weight [channels, out / groups, kh, kw]. */
  transposedConvolution(weight: Tensor, bias: Tensor | undefined, attributes: TransposedAttributes): Tensor {
    return apply(
      convolution.transposedConvolution,
      bias === undefined ? [this, weight] : [this, weight, bias],
      attributes,
    );
  }

  // Shape

  reshape(shape: Shape): Tensor {
    const target = resolveReshape(this.shape, shape);
    if (sameShape(target, this.shape)) return this;
    const inner = this.op === shaping.reshape ? this.inputs[0] : undefined;
    return inner === undefined ? apply(shaping.reshape, [this], { shape: target }) : inner.reshape(target);
  }
  /** Joins the axes from startDim to endDim into one. */
  flatten(startDim = 0, endDim = -1): Tensor {
    const start = normalizeAxis(startDim, this.ndim, "flatten");
    const end = normalizeAxis(endDim, this.ndim, "flatten");
    if (start > end)
      throw new TensorError("TENSOR_SHAPE", `flatten: the first axis, ${start}, comes after the last, ${end}`);
    return this.reshape([
      ...this.shape.slice(0, start),
      sizeOf(this.shape.slice(start, end + 1)),
      ...this.shape.slice(end + 1),
    ]);
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
    return this.ndim < 2 ? this : this.permute([1, 0]);
  }
  permute(dims: readonly number[]): Tensor {
    const order = dims.map((dim) => normalizeAxis(dim, this.ndim, "permute"));
    if (order.length === this.ndim && order.every((axis, index) => axis === index)) return this;
    return apply(shaping.permute, [this], { order });
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
    const missing = shape.length - this.ndim;
    const target = shape.map((length, axis) =>
      length === -1 && axis >= missing ? lengthAt(this.shape, axis - missing) : length,
    );
    if (sameShape(target, this.shape)) return this;
    return apply(shaping.expand, [this], { shape: target });
  }
  /** Elements start, start + step, … before end along an axis; negative positions count from the end, as in Python. */
  slice(dim: number, start = 0, end = Number.POSITIVE_INFINITY, step = 1): Tensor {
    const axis = normalizeAxis(dim, this.ndim, "slice");
    if (this.ndim === 0) throw new TensorError("TENSOR_SHAPE", "slice: a scalar has no axis to slice");
    if (!Number.isInteger(step) || step < 1)
      throw new TensorError("TENSOR_VALUE", `slice: step ${step} must be a whole number above 0`);
    for (const bound of [start, end]) {
      if (Number.isNaN(bound) || (Number.isFinite(bound) && !Number.isInteger(bound)))
        throw new TensorError("TENSOR_VALUE", `slice: position ${bound} must be a whole number`);
    }
    const size = lengthAt(this.shape, axis);
    const position = (value: number) => Math.min(size, Math.max(0, value < 0 ? value + size : value));
    const from = position(start);
    const to = Math.max(from, position(end));
    if (from === 0 && to === size && step === 1) return this;
    return apply(shaping.slice, [this], { axis, start: from, end: to, step });
  }
  /** The slice at one position of an axis, without that axis. */
  select(dim: number, index: number): Tensor {
    const axis = normalizeAxis(dim, this.ndim, "select");
    const size = this.size(dim);
    const position = index < 0 ? index + size : index;
    if (!Number.isInteger(index) || position < 0 || position >= size) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `select: index ${index} is outside axis ${axis} of ${showShape(this.shape)}`,
      );
    }
    return this.slice(axis, position, position + 1).squeeze(axis);
  }
  /** Pieces of `size` (the last may be smaller), or of the sizes listed. */
  split(size: number | readonly number[], dim = 0): Tensor[] {
    const axis = normalizeAxis(dim, this.ndim, "split");
    const length = lengthAt(this.shape, axis);
    if (typeof size === "number" && !(Number.isInteger(size) && size > 0)) {
      throw new TensorError("TENSOR_VALUE", `split: size ${size} must be a whole number above 0`);
    }
    const sizes =
      typeof size === "number"
        ? Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, index) =>
            Math.min(size, length - index * size),
          )
        : size;
    shaping.checkSizes(sizes, this.shape, axis);
    return sizes.map((_, index) => this.part(axis, sizes, index));
  }
  /** Piece `index` of the pieces that `sizes` cuts axis `axis` into. */
  part(axis: number, sizes: readonly number[], index: number): Tensor {
    if (sizes.length === 1 && sizes[0] === this.shape[axis]) return this;
    return apply(shaping.part, [this], { axis, sizes, index });
  }
  /** Zeros before and after along one axis. */
  pad(axis: number, before: number, after: number): Tensor {
    const along = (amount: number) => this.shape.map((_, each) => (each === axis ? amount : 0));
    return this.padAll(along(before), along(after));
  }
  /** `value` before and after, one amount for each axis; a negative amount cuts off instead. */
  padAll(before: readonly number[], after: readonly number[], value = 0): Tensor {
    if ([...before, ...after].every((amount) => amount === 0)) return this;
    return apply(shaping.pad, [this], { before, after, value });
  }
  /** Reverses the order along axes. */
  flip(dims: readonly number[]): Tensor {
    const axes = normalizeAxes(dims, this.ndim, "flip");
    return dims.length === 0 || this.ndim === 0 ? this : apply(shaping.flip, [this], { axes });
  }
  /** Joins this and others along an axis; the method form of `cat`. */
  concat(others: readonly Tensor[], dim = 0): Tensor {
    return cat([this, ...others], dim);
  }

  // Indexing

  /** Whole slices of an axis, by position. */
  indexSelect(dim: number, index: Tensor): Tensor {
    return apply(indexing.take, [this, index], { axis: normalizeAxis(dim, this.ndim, "indexSelect") });
  }
  /** out[i][j] = this[index[i][j]][j] for dim 0. */
  gather(dim: number, index: Tensor): Tensor {
    return apply(indexing.gather, [this, index], { axis: normalizeAxis(dim, this.ndim, "gather") });
  }
  /** Adds `source` to a copy, at the positions that `index` gives along one axis. */
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return apply(indexing.scatterAdd, [this, index, source], { axis: normalizeAxis(dim, this.ndim, "scatterAdd") });
  }

  /** Adds the slices of `source` to a copy of this, at the positions along an axis that `index` [n] gives. */
  indexAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return apply(indexAdd, [this, index, source], { axis: normalizeAxis(dim, this.ndim, "indexAdd") });
  }
  /** A new last axis of `numClasses`, 1 at the class that each element names and 0 elsewhere; int64, as in PyTorch. */
  oneHot(numClasses: number): Tensor {
    if (this.dtype !== "int64" && this.dtype !== "int32")
      throw new TensorError("TENSOR_DTYPE", `oneHot: classes are int64, not ${this.dtype}; convert with .to("int64")`);
    if (!Number.isInteger(numClasses) || numClasses < 1)
      throw new TensorError("TENSOR_VALUE", `oneHot: ${numClasses} classes; there must be a whole number above 0`);
    const classes = this.newTensor(
      Array.from({ length: numClasses }, (_, index) => index),
      [numClasses],
    );
    return this.unsqueeze(-1).eq(classes).to("int64");
  }

  // Types and relatives

  to(dtype: DType): Tensor {
    if (dtype === this.dtype) return this;
    if (this.source.kind === "constant" && this.numel <= 1)
      return this.newFull(this.shape, toNumbers(this.source.data)[0] ?? 0, dtype);
    return apply(cast.cast, [this], { dtype });
  }
  float(): Tensor {
    return this.to("float32");
  }
  /** A constant of this tensor's type, whatever its own shape. */
  newTensor(values: ArrayLike<number>, shape: Shape, dtype: DType = this.dtype): Tensor {
    return constant(fromNumbers(dtype, values), shape, dtype);
  }
  newFull(shape: Shape, value: number, dtype: DType = this.dtype): Tensor {
    if (shape.length === 0) {
      const data = fromNumbers(dtype, [value]);
      return new Tensor({ shape, dtype, source: { kind: "constant", data, anonymous: true } });
    }
    return this.newFull([], value, dtype).expand(shape);
  }
  zerosLike(): Tensor {
    return this.newFull(this.shape, 0);
  }
  onesLike(): Tensor {
    return this.newFull(this.shape, 1);
  }
  /** Undoes broadcasting: sums the axes that were added or grown, so that `shape` comes out. */
  sumTo(shape: Shape): Tensor {
    if (sameShape(shape, this.shape)) return this;
    const added = this.ndim - shape.length;
    const axes = this.shape
      .map((_, axis) => axis)
      .filter((axis) => axis < added || (shape[axis - added] === 1 && this.shape[axis] !== 1));
    return this.sum(axes).reshape(shape);
  }
  /** The same numbers as a tensor of its own, of which `grad` can take the gradient, whatever this one is. Costs nothing. */
  clone(): Tensor {
    return apply(cast.clone, [this], {});
  }
  /** The same numbers, through which no gradient flows. */
  detach(): Tensor {
    return apply(cast.detach, [this], {});
  }

  toString(): string {
    return `Tensor(${showShape(this.shape)}, ${this.dtype})`;
  }
}

export type NestedNumbers = number | NestedNumbers[];

function nest(values: readonly number[], shape: Shape): NestedNumbers {
  const [length, ...rest] = shape;
  if (length === undefined) return values[0] ?? Number.NaN;
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
  return new Tensor({ shape, dtype, source: { kind: "input", name } });
}

/** The result of an op: a new node, its shape checked now. */
export function apply<A extends Attributes>(op: Op<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  const { shape, dtype } = op.infer(inputs, attributes);
  return new Tensor({ shape, dtype, source: { kind: "computed" }, op, inputs, attributes });
}

/** The number behind a scalar that was one, also where it was repeated to a larger shape. */
function uniformValue(tensor: Tensor): number | undefined {
  const inner = withoutExpand(tensor);
  // Gradients of sums over everything: a scalar given axes of size 1 before it is repeated.
  const core = inner.op === shaping.reshape ? (inner.inputs[0] ?? inner) : inner;
  return core.source.kind === "constant" && core.source.anonymous ? toNumbers(core.source.data)[0] : undefined;
}

function withoutExpand(tensor: Tensor): Tensor {
  const inner = tensor.op === shaping.expand ? tensor.inputs[0] : undefined;
  return inner ?? tensor;
}

/** PyTorch's rule: an integer scalar does not widen a tensor of integers. */
function promotedType(a: Tensor, b: Tensor): DType {
  const integers = a.dtype.startsWith("int") && b.dtype.startsWith("int");
  if (integers && (a.ndim === 0) !== (b.ndim === 0)) return a.ndim === 0 ? b.dtype : a.dtype;
  return promote(a.dtype, b.dtype);
}

/** Operands of one type; a number takes the tensor's type unless it has a fraction that this cannot hold. */
function promotePair(a: Tensor, b: Operand): readonly [Tensor, Tensor] {
  if (typeof b !== "number") {
    const dtype = promotedType(a, b);
    return [a.to(dtype), b.to(dtype)];
  }
  const dtype = promote(a.dtype, Number.isInteger(b) ? (a.dtype === "bool" ? "int64" : a.dtype) : "float32");
  const promoted = a.to(dtype);
  return [promoted, promoted.newFull([], b, dtype)];
}

function floatPair(a: Tensor, b: Operand): readonly [Tensor, Operand] {
  return [a.float(), typeof b === "number" ? b : b.float()];
}

/** `neutral`: the right operand that changes nothing. */
function binary(op: Op<Record<string, never>>, left: Tensor, right: Operand, neutral?: number): Tensor {
  const [a, b] = promotePair(left, right);
  if (neutral !== undefined) {
    if (uniformValue(b) === neutral && covers(a.shape, b.shape)) return a;
    const commutes = op === elementwise.add || op === elementwise.mul;
    if (commutes && uniformValue(a) === neutral && covers(b.shape, a.shape)) return b;
  }
  // A repeated operand need not be written out where the other one has the whole shape already.
  if (covers(a.shape, b.shape)) return apply(op, [a, withoutExpand(b)], {});
  if (covers(b.shape, a.shape)) return apply(op, [withoutExpand(a), b], {});
  return apply(op, [a, b], {});
}

/** Whether broadcasting `whole` with `part` gives the shape of `whole`. */
function covers(whole: Shape, part: Shape): boolean {
  return (
    part.length <= whole.length &&
    part.every((length, axis) => length === 1 || length === whole[axis + whole.length - part.length])
  );
}

function reduceOver(
  op: Op<reduce.ReduceAttributes>,
  tensor: Tensor,
  dim: number | readonly number[] | undefined,
  keepdim: boolean,
): Tensor {
  const axes = reducedAxes(dim, tensor, op.name);
  const result = op.infer([tensor], { axes, keepdim });
  // One element an output: every reduction is that element.
  if (sizeOf(result.shape) === tensor.numel && axes.every((axis) => tensor.shape[axis] === 1))
    return tensor.reshape(result.shape);
  return apply(op, [tensor], { axes, keepdim });
}

function expectFloat(tensor: Tensor, operation: string): Tensor {
  if (tensor.dtype === "float32") return tensor;
  throw new TensorError(
    "TENSOR_DTYPE",
    `${operation} needs float32, not ${tensor.dtype}; convert it with .to("float32")`,
  );
}

function reducedAxes(
  dim: number | readonly number[] | undefined,
  { ndim }: Tensor,
  operation: string,
): readonly number[] {
  return normalizeAxes(typeof dim === "object" && dim.length === 0 ? undefined : dim, ndim, operation);
}

/** The extreme of booleans is a boolean. */
function extreme(
  op: Op<reduce.ReduceAttributes>,
  tensor: Tensor,
  dim: number | readonly number[] | undefined,
  keepdim: boolean,
): Tensor {
  if (tensor.dtype === "bool") return extreme(op, tensor.to("int32"), dim, keepdim).to("bool");
  return reduceOver(op, tensor, dim, keepdim);
}

function argExtreme(
  op: Op<{ axis: number; keepdim: boolean }>,
  tensor: Tensor,
  dim: number | undefined,
  keepdim: boolean,
): Tensor {
  if (dim === undefined) return argExtreme(op, tensor.reshape([-1]), 0, false);
  if (tensor.ndim === 0) return tensor.newFull([], 0, "int64");
  return apply(op, [tensor], { axis: normalizeAxis(dim, tensor.ndim, op.name), keepdim });
}

/** The matrix before a transposition, and whether there was one. */
function untransposed(matrix: Tensor): readonly [Tensor, boolean] {
  const inner = matrix.op === shaping.permute && matrix.ndim === 2 ? matrix.inputs[0] : undefined;
  return inner === undefined ? [matrix, false] : [inner, true];
}

/** Joins tensors along an existing axis; PyTorch's cat, also known as concat. */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new TensorError("TENSOR_VALUE", "cat needs at least one tensor");
  if (first.ndim === 0) throw new TensorError("TENSOR_SHAPE", "cat: scalars have no axis to join along; use stack");
  const axis = normalizeAxis(dim, first.ndim, "cat");
  if (tensors.length === 1) return first;
  const dtype = tensors.map((tensor) => tensor.dtype).reduce(promote);
  return apply(
    shaping.concat,
    tensors.map((tensor) => tensor.to(dtype)),
    { axis },
  );
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new TensorError("TENSOR_VALUE", "stack needs at least one tensor");
  for (const other of tensors) {
    if (!sameShape(other.shape, first.shape)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `stack: shapes ${showShape(first.shape)} and ${showShape(other.shape)} must be equal`,
      );
    }
  }
  const axis = normalizeAxis(dim, first.ndim + 1, "stack");
  return cat(
    tensors.map((tensor) => tensor.unsqueeze(axis)),
    axis,
  );
}

/** condition ? a : b, element by element; all three broadcast. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const asTensor = (value: Operand, like: Operand) =>
    typeof value !== "number"
      ? value
      : condition.newFull([], value, typeof like === "number" || !Number.isInteger(value) ? "float32" : like.dtype);
  return condition.where(asTensor(a, b), asTensor(b, a));
}
