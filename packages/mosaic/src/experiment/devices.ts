import { messageOf } from "@ml-mosaic/base";
import { checkDevice } from "@ml-mosaic/tensor";
import type { MonitorSection } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { engineDevice } from "../run/device.ts";

/** The device of each worker: one run at a time goes to each. */
export function workerDevices(
  { needGpu, gpuAvailable, numProcesses }: MonitorSection,
  runs: number,
): readonly string[] {
  const devices = needGpu ? gpuAvailable.slice(0, numProcesses) : new Array<string>(numProcesses).fill("cpu");
  return devices.slice(0, Math.max(1, runs));
}

/**
 * Tries every device that is to be used, before anything runs.
 *
 * @throws MosaicError that says which cannot be used and why
 */
export async function checkDevices({ needGpu, gpuAvailable, place }: MonitorSection): Promise<void> {
  if (!needGpu) return;
  const problems: string[] = [];
  for (const name of gpuAvailable) {
    await Promise.try(() => checkDevice(engineDevice(name))).catch((error: unknown) =>
      problems.push(`${name}: ${messageOf(error)}`),
    );
  }
  if (problems.length === 0) return;
  throw new MosaicError("NO_SUCH_DEVICE", `${place}: [MONITOR] gpu_available:\n  ${problems.join("\n  ")}`);
}
