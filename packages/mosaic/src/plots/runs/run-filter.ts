/** Which runs a section of a plot configuration takes: by the keys of their modules, and by the values of their options. */
import type { PlotRun } from "./plot-runs.ts";

export interface RunFilter {
  /** Of each type of module that has one of these keys, a run has one of them. */
  readonly includeKeys: readonly string[];
  /** Of each option or result named here, a run has one of the values. */
  readonly includeValues: readonly NamedValue[];
  /** A run that has any of them is left out. */
  readonly excludeKeys: readonly string[];
  readonly excludeValues: readonly NamedValue[];
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

export function filterRuns(runs: readonly PlotRun[], filter: RunFilter): readonly PlotRun[] {
  const known = keysByType(runs);
  const wantedKeys = [...known]
    .map(([option, keys]) => [option, filter.includeKeys.filter((key) => keys.has(key))] as const)
    .filter(([, keys]) => keys.length > 0);
  const wantedValues = [...Map.groupBy(filter.includeValues, ({ name }) => name).values()];
  return runs.filter(
    (run) =>
      wantedKeys.every(([option, keys]) => keys.includes(run.options.get(option) ?? "")) &&
      wantedValues.every((values) => values.some((value) => hasValue(run, value))) &&
      !filter.excludeKeys.some((key) => [...known.keys()].some((option) => run.options.get(option) === key)) &&
      !filter.excludeValues.some((value) => hasValue(run, value)),
  );
}

/** The keys that occur, by the option that holds them: `dataset_key`, `mlp_key`… */
export function keysByType(runs: readonly PlotRun[]): ReadonlyMap<string, ReadonlySet<string>> {
  const keys = new Map<string, Set<string>>();
  for (const { options } of runs)
    for (const [name, value] of options)
      if (name.endsWith("_key")) keys.set(name, (keys.get(name) ?? new Set()).add(value));
  return keys;
}

/** What a run has under a name: a result, else an option; numbers where it is one. */
export function valueNamed(run: PlotRun, name: string): number | string | undefined {
  if (run.results.has(name)) return run.results.get(name) ?? undefined;
  const text = run.options.get(name);
  return text === undefined || text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function hasValue(run: PlotRun, { name, value }: NamedValue): boolean {
  const has = valueNamed(run, name);
  return has === value || (typeof has === "number" && value.trim() !== "" && has === Number(value));
}
