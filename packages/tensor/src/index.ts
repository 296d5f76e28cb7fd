export {
  arange,
  eye,
  fromArray,
  full,
  linspace,
  ones,
  rand,
  randint,
  randn,
  randperm,
  tensor,
  zeros,
} from "./creation.ts";
export { DataLoader, type DataLoaderOptions, type EpochRows } from "./data/data-loader.ts";
export { type Dataset, randomSplit, type Samples, Subset, TensorDataset } from "./data/dataset.ts";
export type { DType, TypedArray } from "./dtype.ts";
export { TensorError, type TensorErrorCode } from "./errors.ts";
export { grad } from "./graph/gradient.ts";
export { type OnnxExport, type OnnxInput, onnxModel, saveOnnx } from "./io/onnx-file.ts";
export {
  readSafetensors,
  type SafetensorsFile,
  type StateDict,
  type StateEntry,
  writeSafetensors,
} from "./io/safetensors.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export type { SampleArray } from "./program/batches.ts";
export { compileEvaluation, type EvaluationOptions, type EvaluationProgram } from "./program/evaluation-program.ts";
export type { Layout, Segment, TrainingState } from "./program/layout.ts";
export type { StepBuilder, StepResult, StepValues } from "./program/step.ts";
export {
  type Chunk,
  compileTraining,
  type TrainingOptions,
  type TrainingProgram,
} from "./program/training-program.ts";
export { defaultGenerator, Generator, manualSeed } from "./random/generator.ts";
export { evaluate } from "./runtime/evaluate.ts";
export * as schedulers from "./schedulers/index.ts";
export type { Shape } from "./shape.ts";
export { cat, type NestedNumbers, type Operand, stack, Tensor, where } from "./tensor.ts";
export { Buffer, type Initializer, Parameter, parameter, Variable } from "./variable.ts";
