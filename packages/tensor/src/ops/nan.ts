import type { Emitter, Value } from "./op.ts";

/**
 * The value with another in the place of NaN, which ONNX Runtime's kernels order differently from each other. Not on WebGPU,
 * where shaders may take it that there is none.
 */
export function emitNaNAs(emitter: Emitter, { name, dtype }: Value, value: number): string {
  if (dtype !== "float32" || emitter.device === "webgpu") return name;
  return emitter.nodeOnce(`${name} with ${value} for NaN`, "Where", () => [
    emitter.nodeOnce(name, "IsNaN", [name]),
    emitter.constant(Float32Array.of(value), []),
    name,
  ]);
}
