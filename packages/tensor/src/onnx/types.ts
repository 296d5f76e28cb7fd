import type { DType } from "../dtype.ts";

/** ONNX's TensorProto.DataType numbers. */
export const onnxType: Readonly<Record<DType, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };
