import { CodedError } from "@ml-mosaic/base";

/** What went wrong, in a form that programs can test; stable across versions. */
export type TensorErrorCode =
  | "TENSOR_SHAPE"
  | "TENSOR_DTYPE"
  | "TENSOR_VALUE"
  | "TENSOR_GRADIENT"
  /** An op is asked of an executor that cannot compute it. */
  | "TENSOR_EXECUTOR"
  | "TENSOR_RUNTIME"
  | "TENSOR_FILE"
  | "TENSOR_DATA";

/** Every error that this package throws on purpose. */
export class TensorError extends CodedError<TensorErrorCode> {}
