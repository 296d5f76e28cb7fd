import type { InferenceSession } from "onnxruntime-node";
import { TensorError } from "../errors.ts";

/** Where programs compute: the processor, a GPU through WebGPU, or an NVIDIA GPU by its number. */
export type Device = "cpu" | "webgpu" | `cuda:${number}`;

/** @throws TensorError that says which devices there can be */
export function parseDevice(text: string): Device {
  if (text === "cpu" || text === "webgpu") return text;
  const [, number] = /^cuda:(\d+)$/.exec(text) ?? [];
  if (number !== undefined) return `cuda:${Number(number)}`;
  throw new TensorError("TENSOR_VALUE", `"${text}" is no device; devices are cpu, webgpu, cuda:0, cuda:1…`);
}

/** ONNX Runtime's name and options for a device. */
export function executionProvider(device: Device): InferenceSession.ExecutionProviderConfig {
  if (device === "cpu") return device;
  // With channels last, its default, version 1.30 gives wrong numbers: convolutions of 6, 9, 15… channels to 4, 8, 12…,
  // and those of groups that have one channel in and several out, or the other way round.
  if (device === "webgpu") return { name: device, preferredLayout: "NCHW" };
  return { name: "cuda", deviceId: Number(device.slice("cuda:".length)) };
}

/** What to do where ONNX Runtime cannot use a device. */
export function deviceRemedy(device: Device): string {
  if (device === "webgpu") return "WebGPU needs a graphics driver (on Linux with Vulkan); without one use cpu";
  return 'CUDA needs an NVIDIA driver, CUDA 12 with cuDNN 9, and the libraries that onnxruntime-node downloads when "onnxruntime-node": true stands under allowScripts in package.json (then npm rebuild onnxruntime-node); without them use cpu';
}
