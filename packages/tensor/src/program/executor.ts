import { platform } from "#platform";
import { TensorError } from "../errors.ts";
import type { Device } from "../runtime/device.ts";
import { compileWasm } from "../wasm/executor.ts";
import type { StepEstimate } from "./cost.ts";
import type { Executor } from "./loop.ts";
import { compileScan } from "./scan.ts";
import { compileSteps } from "./steps.ts";

/** What computes programs: ONNX Runtime, or WebAssembly that is made of the whole program. */
export const executorNames = ["onnx", "wasm"] as const;
export type ExecutorName = (typeof executorNames)[number];

/** What can be asked for: `auto` is one or the other, as the program is. */
export const executorChoices = ["auto", ...executorNames] as const;
export type ExecutorChoice = (typeof executorChoices)[number];

/** More than any processor has cores; ONNX Runtime starts whatever number it is told. */
const mostThreads = 512;

export function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    throw new TensorError(
      "TENSOR_VALUE",
      `threads is ${threads}; it must be a whole number above 0, up to ${mostThreads}`,
    );
}

/** What of device, executor and threads does not go together. */
export interface ExecutorConflict {
  readonly option: "executor" | "threads";
  readonly message: string;
  readonly remedy: string;
}

/** WebAssembly and several threads run on the processor alone, and not together; undefined where all fits. */
export function executorConflict(device: Device, name: ExecutorChoice, threads: number): ExecutorConflict | undefined {
  if (threads > 1 && (device !== "cpu" || name === "wasm")) {
    const what = name === "wasm" ? "the executor wasm" : device;
    return {
      option: "threads",
      message: `threads is ${threads}, but ${what} computes with one`,
      remedy: "leave threads out",
    };
  }
  if (name !== "wasm" || device === "cpu") return undefined;
  const message = `the executor wasm computes on cpu, not on ${device}`;
  return { option: "executor", message, remedy: "take the executor onnx" };
}

/** @throws TensorError if they do not go together */
export function checkExecutor(device: Device, choice: ExecutorChoice, threads: number): void {
  checkThreads(threads);
  // From JavaScript any text may come; what is not known would be computed by ONNX Runtime without a word.
  if (!executorChoices.includes(choice))
    throw new TensorError(
      "TENSOR_VALUE",
      `executor is ${JSON.stringify(choice)}; it must be one of ${executorChoices.join(", ")}`,
    );
  const conflict = executorConflict(device, choice, threads);
  if (conflict !== undefined) throw new TensorError("TENSOR_VALUE", `${conflict.message}; ${conflict.remedy}`);
}

/** What computes where there is nothing to choose; undefined where `auto` goes by the program. */
export function onlyExecutor(choice: ExecutorChoice, device: Device, threads: number): ExecutorName | undefined {
  if (choice !== "auto") return choice;
  // As in a browser.
  if (platform.onnxRuntime === undefined) return "wasm";
  return device === "cpu" && threads === 1 ? undefined : "onnx";
}

/** Which of the two takes less time by what is known of a step, and never by a timing, so that it is the same everywhere. */
export function cheaperExecutor({ missing, microseconds: { onnx, wasm } }: StepEstimate): ExecutorName {
  return missing.size === 0 && wasm <= onnx ? "wasm" : "onnx";
}

export function executorOf(name: ExecutorName, device: Device, threads: number): Executor {
  if (name === "wasm") return compileWasm;
  // The processor runs loops; a graphics device gets its steps one after the other.
  return device === "cpu" ? (graph) => compileScan(graph, threads) : (graph) => compileSteps(graph, device);
}
