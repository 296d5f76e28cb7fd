/** Repetitions of one model that were trained with different texts of a module: they are not of one model. */
import { readExperimentOrigins } from "../experiment/experiment-origin.ts";
import { lossKey } from "../experiment/identity.ts";
import type { StoreReader } from "../store/index.ts";
import type { DataResults } from "./results.ts";

export interface ChangedCode {
  /** As `path_to_class` says it. */
  readonly file: string;
  readonly models: readonly string[];
}

/** By file. What the original wrote says nothing of its texts. */
export async function changedCode(
  reader: StoreReader,
  dataSets: readonly DataResults[],
): Promise<readonly ChangedCode[]> {
  const models = dataSets.flatMap((data) => data.models).filter(({ experimentIds }) => experimentIds.length > 1);
  if (models.length === 0) return [];
  const origins = await readExperimentOrigins(reader);
  const modulesOf = new Map(origins.map(({ experimentId, modules }) => [experimentId, modules]));
  const found = new Map<string, Set<string>>();
  for (const { model, experimentIds, paths } of models)
    for (const file of [...paths, lossKey]) {
      const digests = experimentIds.map((id) => modulesOf.get(id)?.get(file)).filter((digest) => digest !== undefined);
      if (new Set(digests).size > 1) found.set(file, (found.get(file) ?? new Set()).add(model));
    }
  return Array.from(found, ([file, names]) => ({ file, models: [...names] }));
}
