import type { LanguageName, MonitorSection, Project } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { languages } from "../languages/languages.ts";

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
 * @param names of the languages whose modules are to run there
 * @throws MosaicError that says which cannot be used and why
 */
export async function checkDevices(
  { needGpu, gpuAvailable, place }: MonitorSection,
  names: Iterable<LanguageName>,
  project: Project,
): Promise<void> {
  if (!needGpu) return;
  const problems: string[] = [];
  for (const name of names) problems.push(...(await languages[name].deviceProblems(gpuAvailable, project)));
  if (problems.length === 0) return;
  throw new MosaicError("NO_SUCH_DEVICE", `${place}: [MONITOR] gpu_available:\n  ${problems.join("\n  ")}`);
}
