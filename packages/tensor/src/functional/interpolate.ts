import { TensorError } from "../errors.ts";
import { enlarge } from "../ops/pooling.ts";
import { resample, type Weights } from "../ops/resample.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Pair } from "./convolution.ts";
import { type Sizes, sizesOf } from "./window.ts";

export type InterpolateOptions = {
  /** The nearest element, or a linear mixture of the two ("linear": one axis) or four ("bilinear": two axes) around. */
  readonly mode?: "nearest" | "linear" | "bilinear";
  /** Whether the first and last elements stay where they are; otherwise pixels are squares that keep their borders. */
  readonly alignCorners?: boolean;
} & (
  | { readonly size: Pair; readonly scaleFactor?: undefined }
  | { readonly scaleFactor: Pair; readonly size?: undefined }
);

/** Changes length, or height and width: [batch, channels, length] or [batch, channels, height, width]. PyTorch's F.interpolate. */
export function interpolate(input: Tensor, options: InterpolateOptions): Tensor {
  const { mode } = checkInterpolation("interpolate", options);
  if (input.dtype !== "float32") {
    throw new TensorError(
      "TENSOR_DTYPE",
      `interpolate needs float32, not ${input.dtype}; convert it with .to("float32")`,
    );
  }
  const axes = mode === "nearest" ? [3, 4] : mode === "linear" ? [3] : [4];
  if (!axes.includes(input.ndim)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `interpolate: input ${showShape(input.shape)} must have ${axes.join(" or ")} axes for mode "${mode}"`,
    );
  }
  if (input.shape.slice(1).includes(0)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `interpolate: input ${showShape(input.shape)} may be empty only along the batch`,
    );
  }
  return input.ndim === 4 ? resized(input, options) : resized(input.unsqueeze(2), options, true).squeeze(2);
}

/** Checks what a module or function is told, which depends on no input. */
export function checkInterpolation(name: string, options: InterpolateOptions): { readonly mode: string } {
  const { mode = "nearest", alignCorners, size, scaleFactor } = options;
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw new TensorError("TENSOR_VALUE", `${name}: give either size or scaleFactor`);
  }
  if (!["nearest", "linear", "bilinear"].includes(mode)) {
    throw new TensorError("TENSOR_VALUE", `${name}: mode is ${mode}; it must be "nearest", "linear" or "bilinear"`);
  }
  if (alignCorners !== undefined && mode === "nearest") {
    throw new TensorError("TENSOR_VALUE", `${name}: alignCorners belongs to mode "linear" and "bilinear"`);
  }
  if (size !== undefined) sizesOf(name, "size", size, 1);
  const factors = typeof scaleFactor === "object" ? scaleFactor : [scaleFactor ?? 1];
  if (factors.some((factor) => !(factor > 0 && Number.isFinite(factor)))) {
    throw new TensorError("TENSOR_VALUE", `${name}: scaleFactor is ${scaleFactor}; it must be above 0`);
  }
  return { mode };
}

/** `row`: a single row, whose height stays. */
function resized(
  input: Tensor,
  { mode = "nearest", alignCorners = false, size, scaleFactor }: InterpolateOptions,
  row = false,
): Tensor {
  if (row && (typeof size === "object" || typeof scaleFactor === "object")) {
    throw new TensorError("TENSOR_VALUE", "interpolate: a single axis has a single size or scaleFactor");
  }
  const pick = (value: Pair | undefined, at: 0 | 1) => (typeof value === "object" ? value[at] : value);
  const axisOf = (at: 0 | 1): Axis => {
    const old = input.size(at + 2);
    if (row && at === 0) return { old, length: old, scale: 1 };
    const factor = pick(scaleFactor, at);
    const length = pick(size, at) ?? Math.floor(old * (factor ?? 1));
    return { old, length, scale: factor === undefined ? old / length : 1 / factor };
  };
  const axes = [axisOf(0), axisOf(1)] as const;
  const lengths: Sizes = [axes[0].length, axes[1].length];
  if (lengths.some((length) => length < 1)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `interpolate: input ${showShape(input.shape)} would become ${showShape(lengths)}; sizes must be above 0`,
    );
  }
  if (mode !== "nearest") {
    const [rows, columns] = axes.map((axis) => linearWeights(axis, alignCorners));
    return resample(input, rows, columns);
  }
  const [rows, columns] = [nearestPositions(axes[0]), nearestPositions(axes[1])];
  const factors: Sizes = [lengths[0] / axes[0].old, lengths[1] / axes[1].old];
  const isRepeated = (positions: readonly number[], factor: number) =>
    Number.isInteger(factor) && positions.every((old, index) => old === Math.floor(index / factor));
  const repeated = isRepeated(rows, factors[0]) && isRepeated(columns, factors[1]);
  if (repeated) return factors.every((factor) => factor === 1) ? input : input.apply(enlarge, [], { factors });
  return resample(
    input,
    rows.map((position) => [[position, 1]]),
    columns.map((position) => [[position, 1]]),
  );
}

interface Axis {
  readonly old: number;
  readonly length: number;
  /** Old positions that a new one stands for. */
  readonly scale: number;
}

/** Which old element each new one is; in float32, as PyTorch computes it. */
function nearestPositions({ old, length, scale }: Axis): readonly number[] {
  const step = Math.fround(scale);
  return Array.from({ length }, (_, index) => Math.min(old - 1, Math.floor(Math.fround(index * step))));
}

/** The two old elements around each new one; undefined where none moves. */
function linearWeights({ old, length, scale }: Axis, alignCorners: boolean): readonly Weights[] | undefined {
  const weights = Array.from({ length }, (_, index): Weights => {
    const position = alignCorners
      ? index * (length > 1 ? (old - 1) / (length - 1) : 0)
      : Math.max(0, scale * (index + 0.5) - 0.5);
    const first = Math.min(old - 1, Math.floor(position));
    const second = Math.min(old - 1, first + 1);
    const fraction = Math.min(1, position - first);
    return [
      [first, 1 - fraction],
      [second, fraction],
    ];
  });
  const same = length === old && weights.every(([first], index) => first?.[0] === index && first[1] === 1);
  return same ? undefined : weights;
}
