import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { replaceFile } from "@ml-mosaic/base";
import type { Platform } from "./platform.ts";

// Sources run as they are; a published package has them compiled.
const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
const sampleThread = new URL(`../data/threads/sample-thread.${ending}`, import.meta.url);

export const platform: Platform = {
  onnxRuntime: () => import("onnxruntime-node"),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
  unfilled: (bytes) => Buffer.allocUnsafeSlow(bytes).buffer,
  readFile,
  replaceFile,
  startSampleThread: () => new Worker(sampleThread),
};
