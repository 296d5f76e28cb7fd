import { lengthAt, type Shape } from "../shape.ts";
import { constantIndex, times } from "../wasm/indices.ts";
import { apply, nest, number, reduce, select } from "../wasm/loops.ts";
import { defineOp, type Input } from "./op.ts";

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

/**
 * x, but where its elements along `axes` are all far from 0, near it: less one of them. For what depends on distances alone,
 * which float32 holds badly far from 0: of 1000.007 the last bit is 6e-5. Elsewhere it is x to the bit; so the gradient is
 * that of x, whatever the distance.
 */
export const towardsZero = defineOp<{ readonly axes: readonly number[] }, [x: Input]>({
  name: "towardsZero",
  infer: ([x]) => x,
  gradient: ({ gradient }) => [gradient],
  emit(emitter, [x], { axes }) {
    // Readers of files know better what they see.
    if (emitter.purpose === "file") return x.name;
    const int64 = (values: readonly number[]) => emitter.constant(BigInt64Array.from(values, BigInt), [values.length]);
    const { steps, ends } = probes(x.shape, axes);
    const bounds = [axes.map(() => 0), ends, axes, steps].map(int64);
    const few = emitter.node("Slice", [x.name, ...bounds]);
    const [least, largest] = ["ReduceMin", "ReduceMax"].map((reduce) =>
      emitter.node(reduce, [few, int64(axes)], { keepdims: 1 }),
    );
    const [first, last] = [least ?? few, largest ?? few];
    const float = (value: number) => emitter.constant(Float32Array.of(value), []);
    const spread = emitter.node("Mul", [emitter.node("Sub", [last, first]), float(farness)]);
    const isFar = emitter.node("Less", [spread, emitter.node("Abs", [first])]);
    return emitter.node("Sub", [x.name, emitter.node("Where", [isFar, first, float(0)])]);
  },
  loops([x], { axes }, output, { stages }) {
    const { steps, counts } = probes(x.shape, axes);
    const reduced = { shape: x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)), dtype: x.dtype };
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
    return nest(output, (outer) => {
      const row = outer.map((index, axis) => (axes.includes(axis) ? constantIndex(0) : index));
      const first = least.at(row);
      const spread = apply("mul", "f32", apply("sub", "f32", largest.at(row), first), number("f32", farness));
      const isFar = apply("lt", "bool", spread, apply("abs", "f32", first));
      return apply("sub", "f32", x.at(outer), select(isFar, first, number("f32", 0)));
    });
  },
});
