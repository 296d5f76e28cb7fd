import type { MonitorSection } from "../config/index.ts";
import { MosaicError } from "../errors.ts";

/** The device of each worker: one run at a time goes to each. */
export function workerDevices(
  { needGpu, gpuAvailable, numProcesses }: MonitorSection,
  runs: number,
): readonly string[] {
  const devices = needGpu ? gpuAvailable.slice(0, numProcesses) : new Array<string>(numProcesses).fill("cpu");
  return devices.slice(0, Math.max(1, runs));
}

/** `cpu` and `cpu:0`, `cpu:1`… are shares of the processor; other devices this version does not compute on. */
export function checkDevices({ needGpu, gpuAvailable, line }: MonitorSection, file: string): void {
  if (!needGpu) return;
  const bad = gpuAvailable.filter((device) => !/^cpu(:\d+)?$/.test(device));
  if (bad.length === 0) return;
  throw new MosaicError(
    "no-such-device",
    `${file}:${line}: [MONITOR] gpu_available: this version computes on the processor only, not on ${bad.join(", ")}. Write need_gpu = False.`,
  );
}
