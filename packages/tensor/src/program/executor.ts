import { TensorError } from "../errors.ts";
import type { Device } from "../runtime/device.ts";
import { compileWasm } from "../wasm/executor.ts";
import type { Executor } from "./loop.ts";
import { compileScan } from "./scan.ts";
import { compileSteps } from "./steps.ts";

/** What computes programs: ONNX Runtime, or WebAssembly that is made of the whole program. */

export const executorNames = ["onnx", "wasm"] as const;
export type ExecutorName = (typeof executorNames)[number];

/** More than any processor has cores; ONNX Runtime starts whatever number it is told. */
const mostThreads = 512;

export function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    throw new TensorError(
      "TENSOR_VALUE",
      `threads is ${threads}; it must be a whole number above 0, up to ${mostThreads}`,
    );
}

/** @throws TensorError if the device is not the processor, on which alone WebAssembly and several threads run */
export function executorOf(device: Device, name: ExecutorName, threads: number): Executor {
  checkThreads(threads);
  if (threads > 1 && (device !== "cpu" || name === "wasm")) {
    const what = name === "wasm" ? "the executor wasm" : device;
    throw new TensorError("TENSOR_VALUE", `threads is ${threads}, but ${what} computes with one; leave threads out`);
  }
  if (name === "wasm") {
    if (device === "cpu") return compileWasm;
    throw new TensorError(
      "TENSOR_VALUE",
      `the executor wasm computes on cpu, not on ${device}; take the executor onnx`,
    );
  }
  // The processor runs loops; a graphics device gets its steps one after the other.
  return device === "cpu" ? (graph) => compileScan(graph, threads) : (graph) => compileSteps(graph, device);
}
