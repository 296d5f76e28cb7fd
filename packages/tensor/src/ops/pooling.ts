/** Windows over [batch, channels, height, width]: their maxima, where these lie, their means, and enlarging. */
import { allocate } from "../dtype.ts";
import { lengthAt, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { at, constantIndex, divided, type Index, unfolded } from "../wasm/indices.ts";
import {
  apply,
  convert,
  type Expression,
  place as flatPlace,
  kindOf,
  nest,
  number,
  type Operand,
  type Operator,
  position,
  reduce,
  select,
} from "../wasm/loops.ts";
import { imagePosition, inImage, under } from "../wasm/windows.ts";
import { readIndex, scatterAdd, take } from "./indexing.ts";
import { defineOp, type Emitter, type Input, type TensorType, type Value } from "./op.ts";
import { resample, type Weights } from "./resample.ts";
import { emitMaxPositions } from "./webgpu.ts";

/** Height and width. */
type Sizes = readonly [number, number];

export type Window = {
  readonly kernel: Sizes;
  readonly stride: Sizes;
  readonly dilation: Sizes;
  /** Padding above and left, below and right; smaller than the kernel, which ONNX Runtime asks for. */
  readonly before: Sizes;
  readonly after: Sizes;
};

function pooledShape({ shape }: TensorType, { kernel, stride, dilation, before, after }: Window): Shape {
  return shape.map((length, axis) => {
    if (axis < 2) return length;
    const at = axis === 2 ? 0 : 1;
    const extent = dilation[at] * (kernel[at] - 1) + 1;
    return Math.floor((length + before[at] + after[at] - extent) / stride[at]) + 1;
  });
}

function windowAttributes({ kernel, stride, before, after }: Window) {
  return { kernel_shape: kernel, strides: stride, pads: [...before, ...after] };
}

/** ONNX Runtime's kernels for windows take no empty tensors. */
function unlessEmpty(emitter: Emitter, { shape, dtype }: TensorType, emit: () => string): string {
  return sizeOf(shape) === 0 ? emitter.constant(allocate(dtype, 0), shape, dtype) : emit();
}

/** Largest element of each window. The gradient goes to the first of those that tie, in row-major order, as in PyTorch. */
export const maxPool = defineOp<Window, [x: Input]>({
  name: "maxPool",
  infer: ([x], window) => ({ shape: pooledShape(x, window), dtype: x.dtype }),
  gradient({ inputs: [input], output, gradient, attributes }) {
    const { kernel, stride, dilation } = attributes;
    const positions = firstOfTile(input, output, attributes) ?? input.apply(maxPoolPositions, [], attributes);
    const disjoint = ([0, 1] as const).every((axis) => stride[axis] > dilation[axis] * (kernel[axis] - 1));
    if (disjoint) return [gradient.apply(place, [positions], { shape: input.shape })];
    const flat = input.newFull([input.numel], 0);
    return [
      flat.apply(scatterAdd, [positions.reshape([-1]), gradient.reshape([-1])], { axis: 0 }).reshape(input.shape),
    ];
  },
  emit: (emitter, [x], window, output) =>
    unlessEmpty(emitter, output, () =>
      emitter.node("MaxPool", [x.name], { ...windowAttributes(window), dilations: window.dilation }),
    ),
  loops: ([x], window, output) =>
    x.dtype === "float32"
      ? nest(output, (outer) => overWindow(x, window, outer, "max", number("f32", Number.NEGATIVE_INFINITY)))
      : undefined,
});

/** Position of each window's first largest element in the whole tensor. ONNX Runtime takes 15 times maxPool's time. */
export const maxPoolPositions = defineOp<Window, [x: Input]>({
  name: "maxPoolPositions",
  infer: ([x], window) => ({ shape: pooledShape(x, window), dtype: "int64" }),
  emit: (emitter, [x], window, output) =>
    unlessEmpty(emitter, output, () => {
      if (emitter.device === "webgpu") return emitMaxPositions(emitter, x, window, output.shape);
      const attributes = { ...windowAttributes(window), dilations: window.dilation };
      const key = `${x.name} ${JSON.stringify(window)}`;
      return emitter.nodesOnce(key, "MaxPool", [x.name], attributes, ["values", "positions"]).positions;
    }),
  loops([x], window, output, { stages }) {
    if (x.dtype !== "float32") return undefined;
    const kind = sizeOf(x.shape) > maxExactPosition ? "i32" : "f32";
    const lowest = number("f32", Number.NEGATIVE_INFINITY);
    const largest = stages.add(
      nest({ shape: output.shape, dtype: x.dtype }, (outer) => overWindow(x, window, outer, "max", lowest)),
    );
    const none = number(kind, sizeOf(x.shape));
    return nest(output, (outer) => {
      const first = overWindow(x, window, outer, "min", none, (element, where) => {
        const is = apply("eq", "bool", element, largest.at(outer));
        const isFound = apply("or", "bool", is, apply("ne", "bool", element, element));
        return select(isFound, convert(kind, position(flatPlace(x.shape, where))), none);
      });
      return convert("i64", first);
    });
  },
});

/** A reduction over what lies under a window; outside of the image is what it begins with. */
function overWindow(
  x: Operand,
  window: Window,
  outer: readonly Index[],
  operator: Operator,
  start: Expression,
  of: (element: Expression, where: readonly Index[]) => Expression = (element) => element,
): Expression {
  const [image, channel, row, column] = imagePosition(outer);
  return reduce(operator, window.kernel, start, ([down = origin, right = origin]) => {
    const [y, x0] = [under(row, down, window, 0), under(column, right, window, 1)];
    const element = of(x.at([image, channel, y, x0]), [image, channel, y, x0]);
    return inImage({ ...x, at: () => element }, [image, channel], [y, x0], start);
  });
}

const origin = constantIndex(0);

/** Above this, float32 does not hold every position in a channel. */
const maxExactPosition = 2 ** 24;
/** Longer rows of windows are left to `maxPoolPositions`: one pool an element costs more. */
const maxRow = 8;

/**
 * What `maxPoolPositions` gives, several times faster, for the usual windows: side by side, without padding, 2 x 2 or a
 * single row or column. An element comes before the first largest one exactly if the maximum up to it is smaller than
 * that of the window, so counting such beginnings of windows gives the position.
 */
function firstOfTile(input: Tensor, output: Tensor, window: Window): Tensor | undefined {
  const { kernel, stride, dilation, before, after } = window;
  const [rows, columns] = kernel;
  const [height, width] = [input.size(2), input.size(3)];
  const line = rows === 1 || columns === 1;
  const usual =
    (line ? rows * columns <= maxRow : rows === 2 && columns === 2) &&
    stride[0] >= rows &&
    stride[1] >= columns &&
    [...before, ...after].every((amount) => amount === 0) &&
    dilation.every((step) => step === 1) &&
    height * width <= maxExactPosition;
  if (!usual || output.numel === 0) return undefined;
  const [outHeight, outWidth] = [output.size(2), output.size(3)];
  const missesMaximum = (kernel: Sizes) => {
    const beginning = input
      .apply(maxPool, [], { ...window, kernel })
      .slice(2, 0, outHeight)
      .slice(3, 0, outWidth);
    return beginning.lt(output).float();
  };
  const inWindow = line
    ? Array.from({ length: rows * columns - 1 }, (_, index) =>
        missesMaximum(rows === 1 ? [1, index + 1] : [index + 1, 1]),
      )
        .reduce((sum, each) => sum.add(each), output.newFull([], 0))
        .mul(rows === 1 ? 1 : width)
    : missesMaximum([1, 1]).add(missesMaximum([1, 2]).mul(missesMaximum([2, 1]).add(width - 1)));
  const corners = Array.from(
    { length: outHeight * outWidth },
    (_, index) => Math.floor(index / outWidth) * stride[0] * width + (index % outWidth) * stride[1],
  );
  const planes = input.size(0) * input.size(1);
  const starts = Array.from({ length: planes }, (_, plane) => plane * height * width);
  return inWindow
    .add(input.newTensor(corners, [outHeight, outWidth]))
    .to("int64")
    .add(input.newTensor(starts, [input.size(0), input.size(1), 1, 1], "int64"));
}

/** Zeros of `shape` with the values put at the flat positions given, of which no two may be equal. */
export const place = defineOp<{ readonly shape: Shape }, [values: Input, positions: Input]>({
  name: "place",
  infer: ([{ dtype }], { shape }) => ({ shape, dtype }),
  gradient: ({ inputs: [, positions], gradient }) => [
    gradient.reshape([-1]).apply(take, [positions], { axis: 0 }),
    undefined,
  ],
  emit(emitter, [values, positions], { shape }) {
    // ONNX Runtime's kernel for this is the fastest that scatters; the window it asks for is not used.
    return sizeOf(values.shape) === 0
      ? emitter.constant(new Float32Array(sizeOf(shape)), shape)
      : emitter.node("MaxUnpool", [values.name, positions.name, emitter.shape(shape)], { kernel_shape: [1, 1] });
  },
  loops([values, positions], _attributes, output) {
    const zeros = nest(output, () => number(kindOf(values.dtype), 0));
    const source = nest(values, (each) => values.at(each));
    const each = source.axes.map(at);
    const where = unfolded(readIndex(positions, each, sizeOf(output.shape)), output.shape);
    return { ...zeros, onto: { axes: source.axes, at: where, value: values.at(each) } };
  },
});

/** Sum of each window, padding included, divided by the kernel's size. No dilation. */
export const avgPool = defineOp<Window, [x: Input]>({
  name: "avgPool",
  infer: ([x], window) => ({ shape: pooledShape(x, window), dtype: x.dtype }),
  gradient({ inputs: [input], gradient, attributes: window }) {
    const { kernel, stride, before, after } = window;
    const tiles = [...before, ...after].every((amount) => amount === 0) && stride.every((s, at) => s === kernel[at]);
    if (tiles) {
      const spread = gradient.mul(1 / (kernel[0] * kernel[1])).apply(enlarge, [], { factors: kernel });
      return [fillUp(spread, input.shape)];
    }
    if (stride.some((step) => step > 1)) {
      const [rows, columns] = ([0, 1] as const).map((at) => seenBy(window, input, gradient, at));
      return [resample(gradient, rows, columns)];
    }
    // With stride 1 it is the mean over those outputs that saw an element.
    const turned = {
      ...window,
      before: [kernel[0] - 1 - before[0], kernel[1] - 1 - before[1]],
      after: [kernel[0] - 1 - after[0], kernel[1] - 1 - after[1]],
    } as const;
    return [averaged(gradient, turned)];
  },
  emit: (emitter, [x], window, output) =>
    unlessEmpty(emitter, output, () =>
      emitter.node("AveragePool", [x.name], { ...windowAttributes(window), count_include_pad: 1 }),
    ),
  loops: ([x], window, output) =>
    nest(output, (outer) => {
      const sum = overWindow(x, window, outer, "add", number("f32", 0));
      return apply("div", "f32", sum, number("f32", window.kernel[0] * window.kernel[1]));
    }),
});

function averaged(tensor: Tensor, window: Window): Tensor {
  return tensor.apply(avgPool, [], window);
}

/** Zeros behind height and width up to `shape`. */
function fillUp(tensor: Tensor, shape: Shape): Tensor {
  return [2, 3].reduce((sum, axis) => sum.pad(axis, 0, lengthAt(shape, axis) - sum.size(axis)), tensor);
}

/** For each position along an axis of the input, the windows that saw it and their weights. */
function seenBy({ kernel, stride, before }: Window, input: Tensor, output: Tensor, at: 0 | 1): readonly Weights[] {
  return Array.from({ length: input.size(at + 2) }, (_, position) =>
    Array.from({ length: output.size(at + 2) }, (_, index) => index)
      .filter((index) => {
        const inWindow = position + before[at] - index * stride[at];
        return inWindow >= 0 && inWindow < kernel[at];
      })
      .map((index) => [index, 1 / kernel[at]] as const),
  );
}

/** Repeats each element `factors` times along height and width. */
export const enlarge = defineOp<{ readonly factors: Sizes }, [x: Input]>({
  name: "enlarge",
  infer: ([{ shape, dtype }], { factors }) => ({
    shape: shape.map((length, axis) => (axis < 2 ? length : length * factors[axis === 2 ? 0 : 1])),
    dtype,
  }),
  gradient({ gradient, attributes: { factors } }) {
    const window = { kernel: factors, stride: factors, dilation: [1, 1], before: [0, 0], after: [0, 0] } as const;
    return [averaged(gradient, window).mul(factors[0] * factors[1])];
  },
  emit: (emitter, [x], { factors }, output) => unlessEmpty(emitter, output, () => emitEnlarge(emitter, x, factors)),
  loops: ([x], { factors }, output) =>
    nest(output, (outer) => {
      const [image, channel, row, column] = imagePosition(outer);
      return x.at([image, channel, divided(row, factors[0])[0], divided(column, factors[1])[0]]);
    }),
});

function emitEnlarge(emitter: Emitter, { name }: Value, factors: Sizes): string {
  const scales = emitter.constant(Float32Array.of(1, 1, ...factors), [4]);
  return emitter.node("Resize", [name, "", scales], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
}
