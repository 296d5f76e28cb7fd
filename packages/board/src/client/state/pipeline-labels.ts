/** Pipelines without what all of them have in common: `DatasetOr(200) | Mlp(4)` is `Mlp(4)` where there is one data set. */

const separator = " | ";

const known = new WeakMap<readonly string[], ReadonlyMap<string, string>>();

/** Labels by pipeline; kept for a list of texts. */
export function pipelineLabels(pipelines: readonly string[]): ReadonlyMap<string, string> {
  const kept = known.get(pipelines);
  if (kept !== undefined) return kept;
  const parts = pipelines.map((pipeline) => pipeline.split(separator));
  const common = new Set(parts[0]?.filter((part) => parts.every((each) => each.includes(part))));
  const labels = new Map(
    pipelines.map((pipeline, place) => {
      const own = (parts[place] ?? []).filter((part) => !common.has(part));
      return [pipeline, own.length === 0 ? pipeline : own.join(separator)];
    }),
  );
  known.set(pipelines, labels);
  return labels;
}
