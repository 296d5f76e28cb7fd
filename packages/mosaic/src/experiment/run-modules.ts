/** The users' modules that runs of a database consist of: as they are now, and as they were. */
import { readClassSource } from "../config/class-source.ts";
import { importsOf } from "../config/process-options.ts";
import { MosaicError } from "../errors.ts";
import { processParams } from "../pipelines/run-params.ts";
import { type RunRecord, requirePipeline } from "../store/index.ts";
import type { ExperimentOrigin } from "./experiment-origin.ts";
import { moduleDigest } from "./module-digest.ts";
import { lossKey, type ModuleDigests } from "./plan.ts";

/** `path_to_class` of a run's modules by their names among the digests, which are the paths but for an own loss. */
function modulePaths(run: RunRecord): ReadonlyMap<string, string> {
  const pipeline = requirePipeline(run);
  const paths = new Map(pipeline.modules.map(({ path }) => [path, path]));
  const process = processParams(pipeline, run.params);
  const { path_to_class_loss_function: loss } = process;
  if (loss !== undefined) paths.set(lossKey, loss);
  for (const path of importsOf(process)) paths.set(path, path);
  return paths;
}

export interface RunModules {
  readonly digests: ModuleDigests;
  /** Runs that were trained, or begun, with another text than a module has now, by `path_to_class`. */
  readonly changed: ReadonlyMap<string, readonly number[]>;
}

/**
 * Reads the modules of these runs.
 *
 * @param origins of the runs' experiments
 * @throws MosaicError that names the modules that are not there
 */
export async function readRunModules(
  runs: readonly RunRecord[],
  origins: readonly ExperimentOrigin[],
  folder: string,
): Promise<RunModules> {
  const digests = new Map<string, string>();
  const missing = new Map<string, string>();
  const changed = new Map<string, number[]>();
  const before = new Map(origins.map(({ experimentId, modules }) => [experimentId, modules]));
  for (const run of runs) {
    for (const [name, path] of modulePaths(run)) {
      if (missing.has(path)) continue;
      if (!digests.has(name)) {
        const found = await readClassSource(path, folder);
        if (!found.ok) {
          missing.set(path, found.fault.message);
          continue;
        }
        digests.set(name, await moduleDigest(found.source, folder));
      }
      const text = run.details === null ? undefined : before.get(run.details.experimentId)?.get(name);
      if (text !== undefined && text !== digests.get(name))
        changed.set(path, [...(changed.get(path) ?? []), run.runId]);
    }
  }
  if (missing.size > 0)
    throw new MosaicError(
      "NO_MODULE",
      `the runs cannot go on without their modules: ${[...missing.values()].join(" ")}`,
    );
  return { digests, changed };
}
