/** Repetitions of one pipeline that different executors have computed: their bits would differ even with one seed. */
import type { ReadRuns } from "./read-runs.ts";

/** The models of such pipelines. What the original wrote says nothing of it. */
export function mixedExecutors({ table, pipelines }: ReadRuns): readonly string[] {
  const mixed = pipelines.filter(({ rows }) => {
    const executors = rows.map((row) => table.run(row).executor).filter((executor) => executor !== undefined);
    return new Set(executors).size > 1;
  });
  return [...new Set(mixed.map(({ model }) => model))];
}
