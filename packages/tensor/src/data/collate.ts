/** From samples one by one to arrays that programs take. */
import { allocateUnfilled, setPart } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { knownValue } from "../graph/known-value.ts";
import type { FieldSpec, SampleArray } from "../program/samples.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Sample } from "./dataset.ts";

/** Samples of equal shapes on their way into one array for each field. */
export interface Collation {
  /** Room for `length` samples of the shapes of this one. */
  readonly fields: readonly SampleArray[];
  /**
   * Copies at once what is there already, which costs no promises; a promise for what has to be computed.
   *
   * @throws TensorError if the sample, the `index`-th of the data set, has other shapes or types
   */
  put(position: number, sample: Sample, index: number): Promise<void> | undefined;
}

export function collation(specs: readonly FieldSpec[], length: number): Collation {
  const shapes = specs.map(({ shape }) => shape.slice(1));
  const fields = specs.map(({ shape, dtype }) => {
    const whole = [length, ...shape.slice(1)];
    return { data: allocateUnfilled(dtype, sizeOf(whole)), shape: whole, dtype };
  });
  return {
    fields,
    put(position, sample, index) {
      checkFields(specs, shapes, sample, index);
      const waiting: Promise<void>[] = [];
      for (const [field, tensor] of sample.entries()) {
        const target = fields[field]?.data;
        if (target === undefined) continue;
        const known = knownValue(tensor);
        if (known === undefined)
          waiting.push(tensor.data().then((data) => setPart(target, data, position * data.length)));
        else setPart(target, known, position * known.length);
      }
      return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
    },
  };
}

/** The fields of samples like this one; none is there yet. */
export function specsOf(sample: Sample): readonly FieldSpec[] {
  return sample.map(({ shape, dtype }) => ({ shape: [0, ...shape], dtype }));
}

/** The first `length` samples of each field. */
export function firstSamples(fields: readonly SampleArray[], length: number): readonly SampleArray[] {
  return fields.map(({ data, shape, dtype }) => {
    const whole = [length, ...shape.slice(1)];
    return { data: data.subarray(0, sizeOf(whole)), shape: whole, dtype };
  });
}

/** @throws TensorError if the fields are not `length` samples of the shapes and types of `specs` */
export function checkSamples(specs: readonly FieldSpec[], fields: readonly SampleArray[], length: number): void {
  const fits =
    fields.length === specs.length &&
    fields.every(({ data, shape, dtype }, index) => {
      const spec = specs[index];
      return (
        spec !== undefined &&
        dtype === spec.dtype &&
        sameShape(shape, [length, ...spec.shape.slice(1)]) &&
        data.length === sizeOf(shape)
      );
    });
  if (fits) return;
  const show = (list: readonly FieldSpec[]) =>
    list.map(({ shape, dtype }) => `${dtype} ${showShape(shape)}`).join(", ");
  throw new TensorError(
    "TENSOR_SHAPE",
    `getMany of the data set gave ${show(fields)} for ${length} samples; get gives ${show(specs.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype })))} for one`,
  );
}

/** @param shapes those of one sample */
function checkFields(specs: readonly FieldSpec[], shapes: readonly Shape[], sample: Sample, index: number): void {
  const fits =
    sample.length === specs.length &&
    sample.every(({ shape, dtype }, field) => {
      const expected = shapes[field];
      return expected !== undefined && dtype === specs[field]?.dtype && sameShape(shape, expected);
    });
  if (fits) return;
  const show = (list: readonly FieldSpec[]) =>
    list.map(({ shape, dtype }) => `${dtype} ${showShape(shape)}`).join(", ");
  throw new TensorError(
    "TENSOR_SHAPE",
    `sample ${index} of the data set has the fields ${show(sample)}; other samples have ${show(specs.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype })))}`,
  );
}
