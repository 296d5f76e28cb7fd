/** Repetitions of one pipeline that different executors have computed: their bits would differ even with one seed. */
import type { ReadRuns } from "./read-runs.ts";

/** Runs that several models of processor have computed in turn. */
export function mixedProcessors({ table, pipelines }: ReadRuns): readonly number[] {
  return pipelines
    .flatMap(({ rows }) => rows.map((row) => table.run(row)))
    .filter(({ isOfSeveralProcessors }) => isOfSeveralProcessors)
    .map(({ runId }) => runId)
    .sort((a, b) => a - b);
}

/** The models of such pipelines. What the original wrote says nothing of it. */
export function mixedExecutors({ table, pipelines }: ReadRuns): readonly string[] {
  const mixed = pipelines.filter(({ rows }) => {
    const executors = rows.map((row) => table.run(row).executor).filter((executor) => executor !== undefined);
    return new Set(executors).size > 1;
  });
  return [...new Set(mixed.map(({ model }) => model))];
}
