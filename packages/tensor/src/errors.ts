import { CodedError } from "@ml-mosaic/base";

/** What went wrong, in a form that programs can test; stable across versions. */
export type TensorErrorCode =
  | "TENSOR_SHAPE"
  | "TENSOR_DTYPE"
  | "TENSOR_VALUE"
  | "TENSOR_GRADIENT"
  | "TENSOR_RUNTIME"
  | "TENSOR_FILE"
  | "TENSOR_DATA";

/** Every error that this package throws on purpose. */
export class TensorError extends CodedError<TensorErrorCode> {}
