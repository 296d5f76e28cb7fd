import { TensorError } from "../errors.ts";

/** What is said of an index that has no element. */
export function outsideAxis(index: number | undefined, last: number | undefined, cause: unknown): TensorError {
  const which = index === undefined ? "an index is" : `an index is ${index}, which is`;
  const range = last === undefined ? "from 0 to below the size of the axis" : `from 0 to ${last}`;
  return new TensorError(
    "TENSOR_VALUE",
    `${which} outside its axis: indices, such as classes and words, are ${range}`,
    { cause },
  );
}
