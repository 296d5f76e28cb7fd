/** PyTorch's pooling as functions. */
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { avgPool, maxPool, type Window } from "../ops/pooling.ts";
import { resample, type Weights } from "../ops/resample.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Pair } from "./convolution.ts";
import { constantPad } from "./padding.ts";
import { type Sizes, sizeOfAxis, sizesOf, withBatch } from "./window.ts";

export interface MaxPool1dOptions {
  /** Distance of two windows; the kernel's size unless given. */
  readonly stride?: number;
  /** Places on both sides that are never the largest; at most half of the kernel. */
  readonly padding?: number;
  /** Distance of two elements of a window. */
  readonly dilation?: number;
  /** Also windows that begin inside and end outside. */
  readonly ceilMode?: boolean;
}

export interface MaxPool2dOptions {
  /** Distance of two windows; the kernel's size unless given. */
  readonly stride?: Pair;
  /** Places on all sides that are never the largest; at most half of the kernel. */
  readonly padding?: Pair;
  /** Distance of two elements of a window. */
  readonly dilation?: Pair;
  /** Also windows that begin inside and end outside. */
  readonly ceilMode?: boolean;
}

export interface AvgPool1dOptions {
  /** Distance of two windows; the kernel's size unless given. */
  readonly stride?: number;
  /** Zeros on both sides; at most half of the kernel. */
  readonly padding?: number;
  /** Also windows that begin inside and end outside. */
  readonly ceilMode?: boolean;
  /** Whether the mean is over the padding too. */
  readonly countIncludePad?: boolean;
}

export interface AvgPool2dOptions {
  /** Distance of two windows; the kernel's size unless given. */
  readonly stride?: Pair;
  /** Zeros on all sides; at most half of the kernel. */
  readonly padding?: Pair;
  /** Also windows that begin inside and end outside. */
  readonly ceilMode?: boolean;
  /** Whether the mean is over the padding too. */
  readonly countIncludePad?: boolean;
  /** Divides the sums instead of the number of elements. */
  readonly divisorOverride?: number;
}

/** A window as PyTorch describes it. */
interface Options {
  readonly kernel: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly ceilMode: boolean;
  /** Of one axis, seen as the width of a single row. */
  readonly row: boolean;
}

/** Below every other number in a maximum; what ONNX Runtime pads with. */
const lowest = -3.4028234663852886e38;

/** Largest element of each window: [batch, channels, height, width]. NaN is passed over, as in `Tensor.max`. */
export function maxPool2d(input: Tensor, kernelSize: Pair, options: MaxPool2dOptions = {}): Tensor {
  const checked = checkOptions("maxPool2d", kernelSize, options);
  return withBatch("maxPool2d", input, 4, (batched) => largest("maxPool2d", batched, checked));
}

/** Largest element of each window: [batch, channels, length]. */
export function maxPool1d(input: Tensor, kernelSize: number, options: MaxPool1dOptions = {}): Tensor {
  const checked = alongRow(checkOptions("maxPool1d", sizeOfAxis("maxPool1d", "kernelSize", kernelSize, 1), options));
  return withBatch("maxPool1d", input, 3, (batched) => largest("maxPool1d", batched.unsqueeze(2), checked).squeeze(2));
}

/** Mean of each window: [batch, channels, height, width]. */
export function avgPool2d(input: Tensor, kernelSize: Pair, options: AvgPool2dOptions = {}): Tensor {
  const checked = checkOptions("avgPool2d", kernelSize, options);
  return withBatch("avgPool2d", input, 4, (batched) => average("avgPool2d", batched, checked, options));
}

/** Mean of each window: [batch, channels, length]. */
export function avgPool1d(input: Tensor, kernelSize: number, options: AvgPool1dOptions = {}): Tensor {
  const checked = alongRow(checkOptions("avgPool1d", sizeOfAxis("avgPool1d", "kernelSize", kernelSize, 1), options));
  return withBatch("avgPool1d", input, 3, (batched) =>
    average("avgPool1d", batched.unsqueeze(2), checked, options).squeeze(2),
  );
}

/** Means of windows that together cover the input, as many as `outputSize` says; null keeps a size. */
export function adaptiveAvgPool2d(input: Tensor, outputSize: OutputSize): Tensor {
  return withBatch("adaptiveAvgPool2d", input, 4, (batched) =>
    adaptiveAverage(batched, adaptedSizes("adaptiveAvgPool2d", batched, outputSize)),
  );
}

/** Means of `outputSize` windows that together cover the length. */
export function adaptiveAvgPool1d(input: Tensor, outputSize: number | null): Tensor {
  return withBatch("adaptiveAvgPool1d", input, 3, (batched) => {
    const row = batched.unsqueeze(2);
    return adaptiveAverage(row, adaptedSizes("adaptiveAvgPool1d", row, [1, outputSize])).squeeze(2);
  });
}

/** Largest elements of windows that together cover the input, as many as `outputSize` says; null keeps a size. */
export function adaptiveMaxPool2d(input: Tensor, outputSize: OutputSize): Tensor {
  return withBatch("adaptiveMaxPool2d", input, 4, (batched) =>
    adaptiveMaximum(batched, adaptedSizes("adaptiveMaxPool2d", batched, outputSize)),
  );
}

/** Largest elements of `outputSize` windows that together cover the length. */
export function adaptiveMaxPool1d(input: Tensor, outputSize: number | null): Tensor {
  return withBatch("adaptiveMaxPool1d", input, 3, (batched) => {
    const row = batched.unsqueeze(2);
    return adaptiveMaximum(row, adaptedSizes("adaptiveMaxPool1d", row, [1, outputSize])).squeeze(2);
  });
}

/** Checks what a module or function is told, which depends on no input. */
export function checkOptions(name: string, kernelSize: Pair, options: MaxPool2dOptions & AvgPool2dOptions): Options {
  const kernel = sizesOf(name, "kernelSize", kernelSize, 1);
  const padding = sizesOf(name, "padding", options.padding ?? 0, 0);
  if (padding.some((amount, at) => 2 * amount > elementAt(kernel, at))) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${name}: padding ${showShape(padding)} must be at most half of the kernel ${showShape(kernel)}`,
    );
  }
  if (options.divisorOverride === 0) throw new TensorError("TENSOR_VALUE", `${name}: divisorOverride must not be 0`);
  return {
    kernel,
    stride: sizesOf(name, "stride", options.stride ?? kernelSize, 1),
    padding,
    dilation: sizesOf(name, "dilation", options.dilation ?? 1, 1),
    ceilMode: options.ceilMode ?? false,
    row: false,
  };
}

/** One axis as the width of a single row. */
function alongRow({ kernel, stride, padding, dilation, ceilMode }: Options): Options {
  return {
    kernel: [1, kernel[1]],
    stride: [1, stride[1]],
    padding: [0, padding[1]],
    dilation: [1, dilation[1]],
    ceilMode,
    row: true,
  };
}

/** Number of windows along each axis. */
function countWindows(
  name: string,
  input: Tensor,
  { kernel, stride, padding, dilation, ceilMode, row }: Options,
): Sizes {
  const count = (at: 0 | 1) => {
    const room = input.size(at + 2) + 2 * padding[at] - dilation[at] * (kernel[at] - 1) - 1;
    const windows = (ceilMode ? Math.ceil(room / stride[at]) : Math.floor(room / stride[at])) + 1;
    // A window that would begin in the padding behind the input is none.
    return ceilMode && (windows - 1) * stride[at] >= input.size(at + 2) + padding[at] ? windows - 1 : windows;
  };
  const counts = [count(0), count(1)] as const;
  if (counts.some((each) => each < 1)) {
    const shape = row ? input.squeeze(2).shape : input.shape;
    const show = (sizes: Sizes) => showShape(row ? sizes.slice(1) : sizes);
    throw new TensorError(
      "TENSOR_SHAPE",
      `${name}: input ${showShape(shape)} has no room for a window of kernel ${show(kernel)}, dilation ${show(dilation)}, with padding ${show(padding)}`,
    );
  }
  return counts;
}

/** The padding that makes room for exactly these windows. */
function windowFor(input: Tensor, { kernel, stride, padding, dilation }: Options, counts: Sizes): Window {
  const after = (at: 0 | 1) => {
    const needed = (counts[at] - 1) * stride[at] + dilation[at] * (kernel[at] - 1) + 1;
    return Math.max(0, needed - input.size(at + 2) - padding[at]);
  };
  return { kernel, stride, dilation, before: padding, after: [after(0), after(1)] };
}

function largest(name: string, input: Tensor, options: Options): Tensor {
  const window = windowFor(input, options, countWindows(name, input, options));
  const dilated = options.dilation.some((step) => step > 1);
  if (!dilated || [...window.before, ...window.after].every((amount) => amount === 0))
    return input.apply(maxPool, [], window);
  // Dilated windows may miss the input altogether, which ONNX Runtime answers with a position outside of it.
  const [[top, left], [bottom, right]] = [window.before, window.after];
  const padded = constantPad(input, [left, right, top, bottom], lowest);
  return padded.apply(maxPool, [], { ...window, before: [0, 0], after: [0, 0] });
}

function average(
  name: string,
  input: Tensor,
  options: Options,
  { countIncludePad = true, divisorOverride }: AvgPool2dOptions,
): Tensor {
  const { kernel, stride, padding } = options;
  const counts = countWindows(name, input, options);
  const means = input.apply(avgPool, [], windowFor(input, options, counts));
  const size = kernel[0] * kernel[1];
  if (divisorOverride !== undefined) return divisorOverride === size ? means : means.mul(size / divisorOverride);
  const elements = (at: 0 | 1) =>
    Array.from({ length: counts[at] }, (_, index) => {
      const [length, start] = [input.size(at + 2), index * stride[at] - padding[at]];
      return countIncludePad
        ? Math.min(start + kernel[at], length + padding[at]) - start
        : Math.min(start + kernel[at], length) - Math.max(0, start);
    });
  const [rows, columns] = [elements(0), elements(1)];
  const factors = rows.flatMap((height) => columns.map((width) => size / (height * width)));
  return factors.every((factor) => factor === 1) ? means : means.mul(means.newTensor(factors, counts));
}

/** One size for height and width, or one each; null keeps what the input has. */
export type OutputSize = number | null | readonly [number | null, number | null];

function adaptedSizes(name: string, input: Tensor, outputSize: OutputSize): Sizes {
  const sizes =
    typeof outputSize === "object" && outputSize !== null ? outputSize : ([outputSize, outputSize] as const);
  return sizesOf(name, "outputSize", [sizes[0] ?? input.size(2), sizes[1] ?? input.size(3)], 0);
}

/** Where each of `count` windows begins and ends. */
function adaptiveWindows(length: number, count: number): readonly (readonly [start: number, end: number])[] {
  return Array.from({ length: count }, (_, index) => [
    Math.floor((index * length) / count),
    Math.ceil(((index + 1) * length) / count),
  ]);
}

/** The window and its stride, where all windows have one size and one distance. */
function regularWindow(input: Tensor, sizes: Sizes): Window | undefined {
  const [rows, columns] = ([0, 1] as const).map((at) => {
    const [first, ...others] = adaptiveWindows(input.size(at + 2), sizes[at]);
    if (first === undefined) return undefined;
    const kernel = first[1] - first[0];
    const stride = others[0]?.[0] ?? kernel;
    const regular =
      stride > 0 && others.every(([start, end], index) => start === (index + 1) * stride && end - start === kernel);
    return regular ? { kernel, stride } : undefined;
  });
  if (rows === undefined || columns === undefined) return undefined;
  return { ...unpadded, kernel: [rows.kernel, columns.kernel], stride: [rows.stride, columns.stride] };
}

const unpadded = { dilation: [1, 1], before: [0, 0], after: [0, 0] } as const;

function adaptiveAverage(input: Tensor, sizes: Sizes): Tensor {
  if (sizes[0] === 1 && sizes[1] === 1) return input.mean([2, 3], true);
  const window = regularWindow(input, sizes);
  if (window !== undefined) return input.apply(avgPool, [], window);
  const weights = (axis: 2 | 3): readonly Weights[] =>
    adaptiveWindows(input.size(axis), sizes[axis === 2 ? 0 : 1]).map(([start, end]) =>
      Array.from({ length: end - start }, (_, index) => [start + index, 1 / (end - start)]),
    );
  return resample(input, weights(2), weights(3));
}

function adaptiveMaximum(input: Tensor, sizes: Sizes): Tensor {
  if (sizes.includes(0)) return input.newFull([input.size(0), input.size(1), ...sizes], 0);
  const window = regularWindow(input, sizes);
  if (window !== undefined) return input.apply(maxPool, [], window);
  const [rows, height] = sideBySide(input, 2, sizes[0]);
  const [all, width] = sideBySide(rows, 3, sizes[1]);
  return all.apply(maxPool, [], { ...unpadded, kernel: [height, width], stride: [height, width] });
}

/**
 * The windows one after the other, each as long as the longest: its last element is repeated, which changes neither the
 * maximum nor where it is first.
 */
function sideBySide(input: Tensor, axis: 2 | 3, count: number): readonly [windows: Tensor, length: number] {
  const windows = adaptiveWindows(input.size(axis), count);
  const length = Math.max(...windows.map(([start, end]) => end - start));
  const positions = windows.flatMap(([start, end]) =>
    Array.from({ length }, (_, index) => Math.min(start + index, end - 1)),
  );
  if (positions.every((position, index) => position === index)) return [input, length];
  return [input.indexSelect(axis, input.newTensor(positions, [positions.length], "int64")), length];
}
