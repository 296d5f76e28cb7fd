import type { Device } from "../runtime/device.ts";
import type { Executor } from "./loop.ts";
import { compileScan } from "./scan.ts";
import { compileSteps } from "./steps.ts";

/** The processor runs loops; a graphics device gets its steps one after the other. */
export function executorOf(device: Device): Executor {
  return device === "cpu" ? compileScan : (graph) => compileSteps(graph, device);
}
