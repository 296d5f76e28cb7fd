import { lengthAt, reducedShape, type Shape } from "../shape.ts";
import { constantIndex, type Index, times } from "../wasm/indices.ts";
import { apply, nest, number, type Operand, reduce, type Stages, select } from "../wasm/loops.ts";
import { defineOp, type Emitter, type Input, type Value } from "./op.ts";

/** Elements that are looked at along one axis, along each of two, and along each of more. */
const probed = [16, 4, 3] as const;
/**
 * Which elements are looked at: along several axes some all over them, along one axis the first ones, which are read fastest.
 * Where they are no sample of the others, the elements are as far from each other as from 0, and it does not matter.
 */
function probes(shape: Shape, axes: readonly number[]) {
  const most = probed[Math.min(axes.length, probed.length) - 1] ?? 1;
  const sizes = axes.map((axis) => lengthAt(shape, axis));
  const steps = sizes.map((size) => (axes.length === 1 ? 1 : Math.max(1, Math.ceil(size / most))));
  const counts = sizes.map((size, index) => Math.min(most, Math.ceil(size / (steps[index] ?? 1))));
  const ends = counts.map((count, index) => Math.min(sizes[index] ?? 0, count * (steps[index] ?? 1)));
  return { steps, counts, ends };
}

/** Elements are far from 0 where the least of those looked at is so many times as far as they are from each other. */
const farness = 32;

type Axes = { readonly axes: readonly number[] };

/** What is taken away, with sizes of 1 along `axes`; nodes that both ops below share. */
function emitShift(emitter: Emitter, { name, shape }: Value, { axes }: Axes): string {
  const int64 = (values: readonly number[]) => emitter.constant(BigInt64Array.from(values, BigInt), [values.length]);
  const once = (opType: string, step: string, inputs: readonly string[], attributes = {}) =>
    emitter.nodeOnce(`${name} ${axes} ${step}`, opType, inputs, attributes);
  const { steps, ends } = probes(shape, axes);
  const bounds = [axes.map(() => 0), ends, axes, steps].map(int64);
  const few = once("Slice", "few", [name, ...bounds]);
  const first = once("ReduceMin", "least", [few, int64(axes)], { keepdims: 1 });
  const last = once("ReduceMax", "largest", [few, int64(axes)], { keepdims: 1 });
  const float = (value: number) => emitter.constant(Float32Array.of(value), []);
  const spread = once("Mul", "spread", [once("Sub", "range", [last, first]), float(farness)]);
  const isFar = once("Less", "far", [spread, once("Abs", "distance", [first])]);
  return once("Where", "shift", [isFar, first, float(0)]);
}

function shiftLoops(x: Operand, { axes }: Axes, stages: Stages) {
  const { steps, counts } = probes(x.shape, axes);
  const reduced = { shape: reducedShape(x.shape, axes, true), dtype: x.dtype };
  const extremeOf = (operator: "min" | "max", start: number) =>
    stages.add(
      nest(reduced, (outer) =>
        reduce(operator, counts, number("f32", start), (few) => {
          const among = (axis: number) =>
            times(few[axes.indexOf(axis)] ?? constantIndex(0), steps[axes.indexOf(axis)] ?? 1);
          return x.at(outer.map((index, axis) => (axes.includes(axis) ? among(axis) : index)));
        }),
      ),
    );
  const least = extremeOf("min", Number.POSITIVE_INFINITY);
  const largest = extremeOf("max", Number.NEGATIVE_INFINITY);
  return (outer: readonly Index[]) => {
    const row = outer.map((index, axis) => (axes.includes(axis) ? constantIndex(0) : index));
    const first = least.at(row);
    const spread = apply("mul", "f32", apply("sub", "f32", largest.at(row), first), number("f32", farness));
    const isFar = apply("lt", "bool", spread, apply("abs", "f32", first));
    return select(isFar, first, number("f32", 0));
  };
}

/**
 * x, but where its elements along `axes` are all far from 0, near it: less one of them. For what depends on distances alone,
 * which float32 holds badly far from 0: of 1000.007 the last bit is 6e-5. Elsewhere it is x to the bit; so the gradient is
 * that of x, whatever the distance.
 */
export const towardsZero = defineOp<Axes, [x: Input]>({
  name: "towardsZero",
  infer: ([x]) => x,
  gradient: ({ gradient }) => [gradient],
  // Readers of files know better what they see.
  emit: (emitter, [x], axes) =>
    emitter.purpose === "file" ? x.name : emitter.node("Sub", [x.name, emitShift(emitter, x, axes)]),
  loops([x], axes, output, { stages }) {
    const shift = shiftLoops(x, axes, stages);
    return nest(output, (outer) => apply("sub", "f32", x.at(outer), shift(outer)));
  },
});

/**
 * How far `towardsZero` moves x, with sizes of 1 along the axes. As the difference of an element of either, x would have to be kept
 * until running statistics are computed, which are the last of a step: one more image for each batch norm, a sixth of the memory
 * of a U-Net's step.
 */
export const movedTowardsZero = defineOp<Axes, [x: Input]>({
  name: "movedTowardsZero",
  infer: ([{ shape, dtype }], { axes }) => ({ shape: reducedShape(shape, axes, true), dtype }),
  gradient: () => [undefined],
  emit(emitter, [x], axes) {
    const shift = emitShift(emitter, x, axes);
    return emitter.purpose === "file" ? emitter.node("Sub", [shift, shift]) : shift;
  },
  loops([x], axes, output, { stages }) {
    const shift = shiftLoops(x, axes, stages);
    return nest(output, (outer) => {
      const first = x.at(outer);
      return apply("sub", "f32", first, apply("sub", "f32", first, shift(outer)));
    });
  },
});
