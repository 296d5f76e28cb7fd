import type { Device } from "../runtime/device.ts";
import type { LoopParts, LoopProgram } from "./loop.ts";
import { compileScan } from "./scan.ts";
import { compileSteps } from "./steps.ts";

/** The processor runs loops; a graphics device gets its steps one after the other. */
export function compileLoop(parts: LoopParts, device: Device): Promise<LoopProgram> {
  return device === "cpu" ? compileScan(parts) : compileSteps(parts, device);
}
