/** Which files in a folder of run files are one run's, those too that nobody has recorded because it was killed. */
import type { Pipeline } from "../pipelines/pipeline.ts";

/** Names in the folder by the id that they may be of: what stands behind the last `_` and before a dot. */
export function namesByRun(names: Iterable<string>): ReadonlyMap<number, readonly string[]> {
  const byRun = new Map<number, string[]>();
  for (const name of names)
    for (const [, id] of name.matchAll(/_(\d+)(?=\.|$)/g))
      byRun.set(Number(id), [...(byRun.get(Number(id)) ?? []), name]);
  return byRun;
}

/** Whether a run writes files of this name: its own, or those of its modules. */
export function isFileOf(name: string, runId: number, pipeline: Pipeline | undefined): boolean {
  const modules = (pipeline?.modules ?? []).flatMap(({ className, type }) => [className, `${className}_${type}`]);
  const starts = ["output", "snapshot", "run_info", "model", "program", ...modules.map((module) => `model_${module}`)];
  return starts.some((start) => name === `${start}_${runId}` || name.startsWith(`${start}_${runId}.`));
}
