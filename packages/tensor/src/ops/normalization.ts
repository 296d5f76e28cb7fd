/**
 * Normalisation over the batch, over groups of channels and over the last axes. All of them compute
 * y = (x - m) r w + b with the mean m and r = 1 / sqrt(variance + eps) of what is normalised together, n elements.
 * With the sums s = sum of g, t = r (sum of g x - m s) over them (g the gradient, w included where it is not constant),
 *   dx = r (g - s / n - (x - m) r t / n),
 * which is computed as A g + (B x + C) with few numbers A, B and C: three passes over memory after the two sums.
 * The sum of g x - m s loses no more than (x - m) itself does when x has to be rounded.
 */
import { onnxType } from "../onnx/types.ts";
import { lengthAt, reducedShape, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { constantIndex, divided, type Index, plus, times, unfolded } from "../wasm/indices.ts";
import { apply, convert, type Expression, nest, number, type Operand, type Stages, sum } from "../wasm/loops.ts";
import { defineOp, type Emitter, type Input, type None, namesOf, type Value } from "./op.ts";
import { emitStatisticsInParts } from "./webgpu.ts";

type Eps = { readonly eps: number };

/** All axes but the one of the channels. */
function otherAxes(shape: Shape): readonly number[] {
  return shape.map((_, axis) => axis).filter((axis) => axis !== 1);
}

/** One number a channel, so that it broadcasts against [batch, channels, ...]. */
function perChannel(values: Tensor, rank: number): Tensor {
  return values.reshape([values.numel, ...new Array<number>(rank - 2).fill(1)]);
}

function inverseRoot(variance: Tensor, eps: number): Tensor {
  return variance.newFull([], 1).div(variance.add(eps).sqrt());
}

/** The same number `length` times; written once. */
function filled(emitter: Emitter, length: number, value: number): string {
  const inputs = [emitter.constant(Float32Array.of(value), []), emitter.shape([length])];
  return emitter.nodeOnce(`${value} ${length}`, "Expand", inputs);
}

/** x scale + bias with one scale and bias a channel: ONNX Runtime's inference of a batch norm is one pass. */
function emitScaleShift(emitter: Emitter, x: string, channels: number, scale: string, bias: string): string {
  const [zeros, ones] = [filled(emitter, channels, 0), filled(emitter, channels, 1)];
  return emitter.node("BatchNormalization", [x, scale, bias, zeros, ones], { epsilon: { float: 0 } });
}

const f = (value: number) => number("f32", value);
const add = (a: Expression, b: Expression) => apply("add", "f32", a, b);
const sub = (a: Expression, b: Expression) => apply("sub", "f32", a, b);
const mul = (a: Expression, b: Expression) => apply("mul", "f32", a, b);
const channelOf = (position: readonly Index[]): readonly Index[] => [position[1] ?? constantIndex(0)];

function inverse(variance: Expression, eps: number): Expression {
  return apply("div", "f32", f(1), apply("sqrt", "f32", add(variance, f(eps))));
}

/**
 * Mean and variance of what is normalised together, as stages of the given shape.
 *
 * @param members sizes of the axes over which it lies, and where a member is in x
 */
function momentLoops(
  x: Operand,
  shape: Shape,
  members: readonly number[],
  placeOf: (position: readonly Index[], member: readonly Index[]) => readonly Index[],
  stages: Stages,
) {
  const count = sizeOf(members);
  const meanOf = (position: readonly Index[], of: (element: Expression) => Expression) => {
    const total = sum("f32", members, (member) => of(x.at(placeOf(position, member))));
    return convert("f32", apply("div", total.kind, total, number(total.kind, count)));
  };
  const type = { shape, dtype: "float32" } as const;
  const mean = stages.add(nest(type, (position) => meanOf(position, (element) => element)));
  const variance = stages.add(
    nest(type, (position) =>
      meanOf(position, (element) => {
        const distance = sub(element, mean.at(position));
        return mul(distance, distance);
      }),
    ),
  );
  return { mean, variance };
}

/** Of each channel over the batch. */
function channelMoments(x: Operand, stages: Stages) {
  const [batch = 1, channels = 1, ...rest] = x.shape;
  const placeOf = (
    [channel = constantIndex(0)]: readonly Index[],
    [sample = constantIndex(0), ...others]: readonly Index[],
  ) => [sample, channel, ...others];
  return momentLoops(x, [channels], [batch, ...rest], placeOf, stages);
}

/** x scale + bias: x [batch, channels, ...], scale and bias [channels]. */
export const scaleShift = defineOp<None, [x: Input, scale: Input, bias: Input]>({
  name: "scaleShift",
  infer: ([x]) => x,
  gradient({ inputs: [x, scale], gradient, needs }) {
    const axes = otherAxes(x.shape);
    return [
      needs(0) ? gradient.mul(perChannel(scale, x.ndim)) : undefined,
      needs(1) ? gradient.mul(x).sum(axes) : undefined,
      needs(2) ? gradient.sum(axes) : undefined,
    ];
  },
  emit: (emitter, [x, scale, bias]) => emitScaleShift(emitter, x.name, lengthAt(x.shape, 1), scale.name, bias.name),
  loops: ([x, scale, bias], _attributes, output) =>
    nest(output, (outer) => add(mul(x.at(outer), scale.at(channelOf(outer))), bias.at(channelOf(outer)))),
});

/** (x - mean) / sqrt(variance + eps) * weight + bias with a given mean and variance; all but x are [channels]. */
export const normalize = defineOp<Eps, [x: Input, weight: Input, bias: Input, mean: Input, variance: Input]>({
  name: "normalize",
  infer: ([x]) => x,
  gradient({ inputs: [x, weight, , mean, variance], gradient, attributes: { eps }, needs }) {
    const r = inverseRoot(variance, eps);
    const axes = otherAxes(x.shape);
    const scale = weight.mul(r);
    const s = gradient.sum(axes);
    const t = gradient.mul(x).sum(axes).sub(mean.mul(s)).mul(r);
    return [
      needs(0) ? gradient.mul(perChannel(scale, x.ndim)) : undefined,
      needs(1) ? t : undefined,
      needs(2) ? s : undefined,
      needs(3) ? scale.mul(s).neg() : undefined,
      needs(4) ? scale.mul(t).mul(r).mul(-0.5) : undefined,
    ];
  },
  emit(emitter, inputs, { eps }) {
    // Of two axes ONNX Runtime's kernel takes them element by element, ten times slower than multiplying and adding.
    const [x, weight, bias, mean, variance] = inputs;
    if (emitter.purpose === "file" || x.shape.length > 2)
      return emitter.node("BatchNormalization", namesOf(inputs), { epsilon: { float: eps } });
    const steady = emitter.node("Add", [variance.name, emitter.constant(Float32Array.of(eps), [])]);
    const scale = emitter.node("Div", [weight.name, emitter.node("Sqrt", [steady])]);
    const shift = emitter.node("Sub", [bias.name, emitter.node("Mul", [mean.name, scale])]);
    return emitter.node("Add", [emitter.node("Mul", [x.name, scale]), shift]);
  },
  loops: ([x, weight, bias, mean, variance], { eps }, output) =>
    nest(output, (outer) => {
      const channel = channelOf(outer);
      const scale = mul(weight.at(channel), inverse(variance.at(channel), eps));
      return add(mul(sub(x.at(outer), mean.at(channel)), scale), bias.at(channel));
    }),
});

/** Names of what was normalised and of its statistics. */
type Statistics = Readonly<Record<"y" | "mean" | "variance", string>>;

/**
 * ONNX's batch norm of a training step, which says mean and (biased) variance when its momentum is 0. ONNX Runtime
 * writes them over the running statistics that it is given, whoever else reads these, even where they are constants of
 * the model: so each such node gets vectors of its own that are computed in each run. What is in them does not count.
 */
function emitBatchStatistics(emitter: Emitter, x: Value, weight: string, bias: string, { eps }: Eps): Statistics {
  const key = `${x.name} ${weight} ${bias} ${eps}`;
  if (emitter.device === "webgpu") return emitStatisticsInParts(emitter, x, weight, bias, eps);
  const own = (use: string) => emitOwnVector(emitter, x, `${key} ${use}`);
  const inputs = [x.name, weight, bias, own("mean"), own("variance")];
  const attributes = { training_mode: 1, momentum: { float: 0 }, epsilon: { float: eps } };
  return emitter.nodesOnce(key, "BatchNormalization", inputs, attributes, ["y", "mean", "variance"]);
}

/** Zeros or ones, one a channel of x, that no other node shares: they depend on x and on `key`. */
function emitOwnVector(emitter: Emitter, { name, shape }: Value, key: string): string {
  const int64 = (value: number) =>
    emitter.constant(new BigInt64Array(shape.length).fill(BigInt(value)), [shape.length]);
  const once = (opType: string, inputs: readonly string[], attributes = {}) =>
    emitter.nodeOnce(`${name} ${key}`, opType, inputs, attributes);
  // A number made of the key keeps equal nodes from being merged.
  const number = Array.from(key).reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 0xffffff, 7);
  const first = once("Slice", [name, int64(0), int64(1)]);
  const below = once("Less", [first, emitter.constant(Float32Array.of(-number), [])]);
  const one = once("Reshape", [once("Cast", [below], { to: onnxType.float32 }), emitter.shape([1])]);
  return once("Expand", [one, emitter.shape([lengthAt(shape, 1)])]);
}

/** Normalises each channel over the batch: x [batch, channels, ...], weight and bias [channels]. */
export const batchNorm = defineOp<Eps, [x: Input, weight: Input, bias: Input]>({
  name: "batchNorm",
  infer: ([x]) => x,
  gradient({ inputs: [x, weight, bias], gradient, attributes, needs }) {
    const mean = x.apply(batchMean, [weight, bias], attributes);
    const r = inverseRoot(x.apply(batchVariance, [weight, bias], attributes), attributes.eps);
    const axes = otherAxes(x.shape);
    const s = gradient.sum(axes);
    const t = gradient.mul(x).sum(axes).sub(mean.mul(s)).mul(r);
    const count = x.numel / x.size(1);
    const forX = () => {
      const a = weight.mul(r);
      const b = a
        .mul(r)
        .mul(t)
        .mul(-1 / count);
      const c = a
        .mul(s)
        .mul(-1 / count)
        .sub(b.mul(mean));
      return gradient.mul(perChannel(a, x.ndim)).add(x.apply(scaleShift, [b, c], {}));
    };
    return [needs(0) ? forX() : undefined, needs(1) ? t : undefined, needs(2) ? s : undefined];
  },
  emit: (emitter, [x, weight, bias], attributes) =>
    emitBatchStatistics(emitter, x, weight.name, bias.name, attributes).y,
  loops([x, weight, bias], { eps }, output, { stages }) {
    const { mean, variance } = channelMoments(x, stages);
    return nest(output, (outer) => {
      const channel = channelOf(outer);
      const scale = mul(weight.at(channel), inverse(variance.at(channel), eps));
      return add(mul(sub(x.at(outer), mean.at(channel)), scale), bias.at(channel));
    });
  },
});

/** A statistic of what `batchNorm` normalises, from the same inputs: it costs nothing more. */
function batchStatistic(name: string, output: "mean" | "variance", rule: (x: Tensor, g: Tensor, n: number) => Tensor) {
  return defineOp<Eps, [x: Input, weight: Input, bias: Input]>({
    name,
    infer: ([x]) => ({ shape: [lengthAt(x.shape, 1)], dtype: "float32" }),
    gradient({ inputs: [x], gradient }) {
      const each = rule(x, perChannel(gradient, x.ndim), x.numel / x.size(1)).expand(x.shape);
      return [each, undefined, undefined];
    },
    emit: (emitter, [x, weight, bias], attributes) =>
      emitBatchStatistics(emitter, x, weight.name, bias.name, attributes)[output],
    loops: ([x], _attributes, type, { stages }) => nest(type, channelMoments(x, stages)[output].at),
  });
}

export const batchMean = batchStatistic("batchMean", "mean", (_x, g, n) => g.div(n));
export const batchVariance = batchStatistic("batchVariance", "variance", (x, g, n) =>
  x.sub(x.mean(otherAxes(x.shape), true)).mul(g.mul(2 / n)),
);

type Groups = Eps & { readonly groups: number };

/** Sizes of x [batch, channels, ...] seen as [batch, groups, elements] and [batch, channels, positions]. */
function groupSizes(shape: Shape, groups: number) {
  const [batch, channels] = [lengthAt(shape, 0), lengthAt(shape, 1)];
  const positions = sizeOf(shape.slice(2));
  return { batch, channels, positions, rows: batch * groups, elements: (channels / groups) * positions };
}

/** Each group of each sample as a channel of one sample, normalised without weights. */
function emitGroupStatistics(emitter: Emitter, x: Value, { groups, eps }: Groups) {
  const { rows, elements } = groupSizes(x.shape, groups);
  const shape = [1, rows, elements];
  const name = emitter.nodeOnce(`${x.name} ${shape}`, "Reshape", [x.name, emitter.shape(shape)]);
  const [ones, zeros] = [filled(emitter, rows, 1), filled(emitter, rows, 0)];
  return emitBatchStatistics(emitter, { name, shape, dtype: "float32" }, ones, zeros, { eps });
}

/** Of each group of each sample, [batch, groups]. */
function groupMoments(x: Operand, groups: number, stages: Stages) {
  const { batch, channels, positions } = groupSizes(x.shape, groups);
  const inGroup = channels / groups;
  const placeOf = (
    [sample = origin, group = origin]: readonly Index[],
    [each = origin, at = origin]: readonly Index[],
  ) => [sample, plus(times(group, inGroup), each), ...unfolded(at, x.shape.slice(2))];
  return momentLoops(x, [batch, groups], [inGroup, positions], placeOf, stages);
}

const origin = constantIndex(0);

/** Normalises each group of channels of each sample: x [batch, channels, ...], weight and bias [channels]. */
export const groupNorm = defineOp<Groups, [x: Input, weight: Input, bias: Input]>({
  name: "groupNorm",
  infer: ([x]) => x,
  gradient({ inputs: [x, weight], gradient, attributes, needs }) {
    const { groups, eps } = attributes;
    const { batch, channels, positions, rows, elements } = groupSizes(x.shape, groups);
    const inGroup = channels / groups;
    const byChannel = [batch, channels, positions];
    const mean = x.apply(groupMean, [], attributes);
    const r = inverseRoot(x.apply(groupVariance, [], attributes), eps);
    const spread = (values: Tensor) => values.unsqueeze(2).expand([batch, groups, inGroup]).reshape([batch, channels]);
    const together = (values: Tensor) => values.reshape([batch, groups, inGroup]).sum(2);
    const [wideR, wideMean] = [spread(r), spread(mean)];
    const g = gradient.reshape(byChannel);
    const s = g.sum(2);
    const t = g.mul(x.reshape(byChannel)).sum(2).sub(wideMean.mul(s)).mul(wideR);
    const forX = () => {
      const b = r
        .mul(r)
        .mul(together(t.mul(weight)))
        .mul(-1 / elements);
      const c = r
        .mul(together(s.mul(weight)))
        .mul(-1 / elements)
        .sub(b.mul(mean));
      const shifted = x.reshape([1, rows, elements]).apply(scaleShift, [b.reshape([rows]), c.reshape([rows])], {});
      const scaled = g.mul(wideR.mul(weight).unsqueeze(2));
      return scaled.reshape(x.shape).add(shifted.reshape(x.shape));
    };
    return [needs(0) ? forX() : undefined, needs(1) ? t.sum(0) : undefined, needs(2) ? s.sum(0) : undefined];
  },
  emit(emitter, [x, weight, bias], attributes, output) {
    // A file says it with ONNX's InstanceNormalization, which needs no sizes that depend on the batch.
    if (emitter.purpose === "file") return emitExportedGroups(emitter, x, weight, bias, attributes);
    const { batch, channels, positions } = groupSizes(x.shape, attributes.groups);
    const { y } = emitGroupStatistics(emitter, x, attributes);
    const rows = emitter.node("Reshape", [y, emitter.shape([1, batch * channels, positions])]);
    const each = ({ name }: Value) =>
      emitter.node("Reshape", [
        emitter.node("Expand", [name, emitter.shape([batch, channels])]),
        emitter.shape([batch * channels]),
      ]);
    return emitter.node("Reshape", [
      emitScaleShift(emitter, rows, batch * channels, each(weight), each(bias)),
      emitter.shape(output.shape),
    ]);
  },
  loops([x, weight, bias], { groups, eps }, output, { stages }) {
    const { mean, variance } = groupMoments(x, groups, stages);
    return nest(output, (outer) => {
      const [sample = origin, channel = origin] = outer;
      const row = [sample, divided(channel, lengthAt(x.shape, 1) / groups)[0]];
      const scale = mul(weight.at([channel]), inverse(variance.at(row), eps));
      return add(mul(sub(x.at(outer), mean.at(row)), scale), bias.at([channel]));
    });
  },
});

function emitExportedGroups(emitter: Emitter, x: Value, weight: Value, bias: Value, { groups, eps }: Groups): string {
  const { batch, channels, elements } = groupSizes(x.shape, groups);
  const grouped = emitter.node("Reshape", [x.name, emitter.shape([batch, groups, elements])]);
  const [ones, zeros] = [filled(emitter, groups, 1), filled(emitter, groups, 0)];
  const normal = emitter.node("InstanceNormalization", [grouped, ones, zeros], { epsilon: { float: eps } });
  const whole = emitter.node("Reshape", [normal, emitter.shape(x.shape)]);
  const perChannelShape = emitter.shape([channels, ...new Array<number>(x.shape.length - 2).fill(1)]);
  const each = ({ name }: Value) => emitter.node("Reshape", [name, perChannelShape]);
  return emitter.node("Add", [emitter.node("Mul", [whole, each(weight)]), each(bias)]);
}

/** A statistic [batch, groups] of what `groupNorm` normalises, from its x. */
function groupStatistic(name: string, output: "mean" | "variance", rule: (x: Tensor, g: Tensor, n: number) => Tensor) {
  return defineOp<Groups, [x: Input]>({
    name,
    infer: ([x], { groups }) => ({ shape: [lengthAt(x.shape, 0), groups], dtype: "float32" }),
    gradient({ inputs: [x], gradient, attributes: { groups } }) {
      const { batch, elements } = groupSizes(x.shape, groups);
      const flat = x.reshape([batch, groups, elements]);
      return [rule(flat, gradient.unsqueeze(2), elements).expand(flat.shape).reshape(x.shape)];
    },
    emit: (emitter, [x], attributes, { shape }) =>
      emitter.node("Reshape", [emitGroupStatistics(emitter, x, attributes)[output], emitter.shape(shape)]),
    loops: ([x], { groups }, type, { stages }) => nest(type, groupMoments(x, groups, stages)[output].at),
  });
}

export const groupMean = groupStatistic("groupMean", "mean", (_x, g, n) => g.div(n));
export const groupVariance = groupStatistic("groupVariance", "variance", (x, g, n) =>
  x.sub(x.mean(2, true)).mul(g.mul(2 / n)),
);

/** The first of the axes that are normalised, and eps. */
type Trailing = Eps & { readonly axis: number };

function emitLayerNorm(emitter: Emitter, inputs: readonly Value[], { axis, eps }: Trailing) {
  const names = namesOf(inputs);
  const attributes = { axis, epsilon: { float: eps } };
  const key = `${names} ${axis} ${eps}`;
  return emitter.nodesOnce(key, "LayerNormalization", names, attributes, ["y", "mean", "inverseRoot"]);
}

/** Over the axes from `axis` on, in the shape that keeps them with size 1. */
function trailingMoments(x: Operand, axis: number, stages: Stages) {
  const axes = x.shape.map((_, each) => each).slice(axis);
  const placeOf = (position: readonly Index[], member: readonly Index[]) => [...position.slice(0, axis), ...member];
  return momentLoops(x, reducedShape(x.shape, axes, true), x.shape.slice(axis), placeOf, stages);
}

/** Normalises over the axes from `axis` on; weight and bias have their shape. */
export const layerNorm = defineOp<Trailing, [x: Input, weight: Input, bias: Input]>({
  name: "layerNorm",
  infer: ([x]) => x,
  gradient({ inputs: [x, weight, bias], gradient, attributes, needs }) {
    const n = weight.numel;
    const rows = x.numel / n;
    // Vectors without an axis of size 1: ONNX Runtime is slow at [rows, 1] times a number.
    const mean = x.apply(layerMean, [weight, bias], attributes).reshape([rows]);
    const r = x.apply(layerInverseRoot, [weight, bias], attributes).reshape([rows]);
    const g = gradient.reshape([rows, n]);
    const gx = g.mul(x.reshape([rows, n]));
    // Sums over rows and columns as products with vectors: ONNX Runtime is fastest at these.
    const overRows = (factors: Tensor, values: Tensor) =>
      factors.reshape([1, rows]).product(values, false, false).reshape(weight.shape);
    const weighted = (values: Tensor) => values.product(weight.reshape([n, 1]), false, false).reshape([rows]);
    const forX = () => {
      const s = weighted(g);
      const t = weighted(gx).sub(mean.mul(s)).mul(r);
      const b = r
        .mul(r)
        .mul(t)
        .mul(-1 / n);
      const c = r
        .mul(s)
        .mul(-1 / n)
        .sub(b.mul(mean));
      const scaled = g.mul(r.reshape([rows, 1]).product(weight.reshape([1, n]), false, false));
      const shifted = x.reshape([1, rows, n]).apply(scaleShift, [b, c], {});
      return scaled.add(shifted.reshape([rows, n])).reshape(x.shape);
    };
    return [
      needs(0) ? forX() : undefined,
      needs(1) ? overRows(r, gx).sub(overRows(r.mul(mean), g)) : undefined,
      needs(2) ? overRows(r.onesLike(), g) : undefined,
    ];
  },
  emit(emitter, inputs, attributes) {
    if (emitter.purpose === "program") return emitLayerNorm(emitter, inputs, attributes).y;
    const { axis, eps } = attributes;
    return emitter.node("LayerNormalization", namesOf(inputs), { axis, epsilon: { float: eps } });
  },
  loops([x, weight, bias], { axis, eps }, output, { stages }) {
    const { mean, variance } = trailingMoments(x, axis, stages);
    return nest(output, (outer) => {
      const own = outer.slice(axis);
      const row = outer.map((index, each) => (each < axis ? index : origin));
      const scale = mul(weight.at(own), inverse(variance.at(row), eps));
      return add(mul(sub(x.at(outer), mean.at(row)), scale), bias.at(own));
    });
  },
});

/** A statistic of what `layerNorm` normalises, from the same inputs, with sizes of 1 from `axis` on. */
function layerStatistic(
  name: string,
  output: "mean" | "inverseRoot",
  rule: (x: Tensor, y: Tensor, g: Tensor, axes: readonly number[]) => Tensor,
) {
  const axesOf = (shape: Shape, axis: number) => shape.map((_, each) => each).slice(axis);
  return defineOp<Trailing, [x: Input, weight: Input, bias: Input]>({
    name,
    infer: ([{ shape }], { axis }) => ({ shape: reducedShape(shape, axesOf(shape, axis), true), dtype: "float32" }),
    gradient({ inputs: [x], output: y, gradient, attributes: { axis } }) {
      return [rule(x, y, gradient, axesOf(x.shape, axis)).expand(x.shape), undefined, undefined];
    },
    emit: (emitter, inputs, attributes) => emitLayerNorm(emitter, inputs, attributes)[output],
    loops([x], { axis, eps }, type, { stages }) {
      const { mean, variance } = trailingMoments(x, axis, stages);
      return nest(type, (position) => (output === "mean" ? mean.at(position) : inverse(variance.at(position), eps)));
    },
  });
}

export const layerMean = layerStatistic("layerMean", "mean", (x, y, g) => g.mul(y.numel / x.numel));
export const layerInverseRoot = layerStatistic("layerInverseRoot", "inverseRoot", (x, y, g, axes) =>
  x.sub(x.mean(axes, true)).mul(
    g
      .mul(y)
      .mul(y)
      .mul(y)
      .mul(-y.numel / x.numel),
  ),
);
