/** What browsers load of the engine: all that needs no files, no threads and no ONNX Runtime. */
export { arange, eye, fromArray, full, linspace, ones, tensor, zeros } from "./creation.ts";
export type { EpochRows, LoadedChunk } from "./data/chunks.ts";
export { DataLoader, type DataLoaderOptions } from "./data/data-loader.ts";
export {
  type Dataset,
  type GeneratorAt,
  type InMemoryDataset,
  type IterableDataset,
  randomSplit,
  type Sample,
  type Samples,
  Subset,
  TensorDataset,
} from "./data/dataset.ts";
export { windowedOrder } from "./data/windowed-order.ts";
export type { DType, TypedArray } from "./dtype.ts";
export { einsum } from "./einsum.ts";
export { TensorError, type TensorErrorCode } from "./errors.ts";
export * as functional from "./functional/index.ts";
export { type ScanOptions, scan, type Tensors } from "./functional/scan.ts";
export { type Differentiable, hessian, hvp, jacobian, jvp, vjp } from "./graph/functional.ts";
export { grad } from "./graph/gradient.ts";
export { bufferValue, updateBuffer } from "./graph/trace.ts";
export { type OnnxExport, type OnnxInput, onnxModel } from "./io/onnx-file.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsFile,
  type StateDict,
  type StateEntry,
} from "./io/safetensors.ts";
export { where } from "./methods/elementwise.ts";
export { cat, stack } from "./methods/movement.ts";
export * as metrics from "./metrics/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export {
  compileEvaluation,
  type EvaluationChunk,
  type EvaluationOptions,
  type EvaluationProgram,
} from "./program/evaluation-program.ts";
export {
  type ExecutorChoice,
  type ExecutorName,
  executorChoices,
  executorConflict,
  executorNames,
} from "./program/executor.ts";
export type { Layout, TrainingState } from "./program/layout.ts";
export type { ParameterGroup, TrainingPhase } from "./program/phase.ts";
export type { FieldSpec, SampleArray, SampleChunk } from "./program/samples.ts";
export type { Segment, Updater } from "./program/segment.ts";
export type { StepBuilder, StepResult, StepValues } from "./program/step.ts";
export {
  type Chunk,
  compileTraining,
  type SeveralPhasesOptions,
  type SinglePhaseOptions,
  type TrainingOptions,
  type TrainingProgram,
} from "./program/training-program.ts";
export type { LearningRate, UpdateOptions } from "./program/update.ts";
export {
  bernoulli,
  multinomial,
  normal,
  type RandomOptions,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  randperm,
} from "./random/draws.ts";
export { defaultGenerator, Generator, manualSeed } from "./random/generator.ts";
export { type Device, parseDevice } from "./runtime/device.ts";
export { evaluate } from "./runtime/evaluate.ts";
export * as schedulers from "./schedulers/index.ts";
export type { Shape } from "./shape.ts";
export { type NestedNumbers, type Operand, Tensor } from "./tensor.ts";
export { Buffer, buffer, type Initializer, Parameter, parameter, Variable } from "./variable.ts";
