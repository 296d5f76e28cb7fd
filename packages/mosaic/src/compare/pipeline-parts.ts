// What of a run's pipeline is the data set and what is the model.
import type { PipelineEntry } from "../config/index.ts";
import { describeModule, isModule } from "../experiment/plan.ts";
import { classOptions } from "../modules/construct.ts";
import type { RunRecord } from "../store/index.ts";

export interface PipelineParts {
  readonly data: readonly PipelineEntry[];
  readonly model: readonly PipelineEntry[];
  /** Texts of the PROCESS options that change the training. */
  readonly training: ReadonlyMap<string, string>;
}

/** They say where files lie, which classes take part (as the modules do) and which repetition it is (as the seed does). */
const notTraining = ["pipeline", "data_scheme", "pipeline_scheme", "run_files_path", "artifacts", "seed"];

/** An option of a data module with this name tells the folds of a cross-validation apart. */
export const foldOption = "fold";

/** undefined where the run has no pipeline that can be read. */
export function partsOf({ pipelineJson, params }: RunRecord): PipelineParts | undefined {
  const entries = entriesOf(pipelineJson);
  const modules = entries.filter(isModule);
  if (modules.length === 0) return undefined;
  const texts = new Map(params);
  const dataTypes = texts
    .get("data_scheme")
    ?.split(",")
    .map((type) => type.trim());
  // Where nobody says it, the first stage of several is the data.
  const isData = (entry: PipelineEntry, index: number) =>
    dataTypes === undefined ? index === 0 && modules.length > 1 : dataTypes.includes(entry.type ?? "");
  const ofModules = new Set(
    modules.flatMap((entry) => [
      `${entry.type}_key`,
      ...Object.keys(entry).map((option) => `${entry.class}_${option}`),
    ]),
  );
  return {
    data: modules.filter(isData),
    model: modules.filter((entry, index) => !isData(entry, index)),
    training: new Map(params.filter(([name]) => !ofModules.has(name) && !notTraining.includes(name))),
  };
}

/** The original wrote numbers where Mosaic writes texts. */
function entriesOf(pipelineJson: string | null): readonly PipelineEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(pipelineJson ?? "[]");
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const entries: readonly unknown[] = Array.isArray(json) ? json : [];
  return entries.map((entry) =>
    Object.fromEntries(Object.entries(Object(entry)).map(([name, value]) => [name, String(value)])),
  );
}

/** Equal for modules that compute the same: their key and the name of their section count for nothing. */
export function identityOf(entries: readonly PipelineEntry[], without: readonly string[] = []): string {
  return JSON.stringify(
    entries.map((entry) => [
      entry.type,
      entry.class,
      entry.path_to_class,
      Object.entries(classOptions(entry))
        .filter(([name]) => !without.includes(name))
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    ]),
  );
}

export function keyOf(entries: readonly PipelineEntry[]): string {
  return entries.map((entry) => entry.key ?? entry.class ?? "").join(" | ");
}

/** `Class(v1,v2) | Class(…)`, without an option if asked. */
export function describe(entries: readonly PipelineEntry[], without: readonly string[] = []): string {
  return entries
    .map((entry) =>
      describeModule(Object.fromEntries(Object.entries(entry).filter(([name]) => !without.includes(name)))),
    )
    .join(" | ");
}

/** `Class(name=value, …)`, for where the short form says two things. */
export function describeFully(entries: readonly PipelineEntry[]): string {
  return entries
    .map((entry) => {
      const options = Object.entries(classOptions(entry)).map(([name, value]) => `${name}=${value}`);
      return `${entry.class}(${options.join(", ")}) of ${entry.path_to_class}`;
    })
    .join(" | ");
}
