/** All of the engine: what browsers have too, and what only Node has. */
export * from "./browser.ts";
export { type CsvOptions, type CsvTable, parseCsv, readCsv } from "./data/csv.ts";
export type { CsvColumn } from "./data/csv-column.ts";
export { FileDataset, type FileDatasetOptions } from "./data/files/file-dataset.ts";
export type { ImageOptions } from "./data/image.ts";
export { ImageFolder, type LabelledFile } from "./data/image-folder.ts";
export { SampleThreads, type SampleThreadsOptions } from "./data/threads/sample-threads.ts";
export type { DatasetOrigin } from "./data/threads/thread-messages.ts";
export { saveOnnx } from "./io/onnx-file.ts";
export { readSafetensors, writeSafetensors } from "./io/safetensors.ts";
export { compileInference, type InferenceOptions, type InferenceProgram } from "./program/inference-program.ts";
export { checkDevice } from "./runtime/check-device.ts";
