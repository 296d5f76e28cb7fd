/** The users' modules that runs of a database consist of: as they are now, and as they were. */
import { readClassSource } from "../config/class-source.ts";
import type { ClassSource } from "../config/index.ts";
import { importsOf } from "../config/process-options.ts";
import { MosaicError } from "../errors.ts";
import { processParams } from "../pipelines/run-params.ts";
import { type RunRecord, requirePipeline } from "../store/index.ts";
import type { ExperimentOrigin } from "./experiment-origin.ts";
import { lossKey } from "./identity.ts";
import { readIdentityClasses } from "./identity-classes.ts";
import { type ExperimentCode, readCode } from "./plan.ts";

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

export interface RunModules extends ExperimentCode {
  /** Runs that were trained, or begun, with another text than a module has now, by `path_to_class`. */
  readonly changed: ReadonlyMap<string, readonly number[]>;
}

/**
 * Reads the modules of these runs.
 *
 * @param runs each call gives them anew
 * @param origins of the runs' experiments
 * @throws MosaicError that names the modules that are not there
 */
export async function readRunModules(
  runs: () => AsyncIterable<RunRecord>,
  origins: readonly ExperimentOrigin[],
  folder: string,
): Promise<RunModules> {
  const sources = new Map<string, ClassSource>();
  const missing = new Map<string, string>();
  for await (const run of runs()) {
    for (const [name, path] of modulePaths(run)) {
      if (missing.has(path) || sources.has(name)) continue;
      const found = await readClassSource(path, folder);
      if (found.ok) sources.set(name, found.source);
      else missing.set(path, found.fault.message);
    }
  }
  if (missing.size > 0)
    throw new MosaicError(
      "NO_MODULE",
      `the runs cannot go on without their modules: ${[...missing.values()].join(" ")}`,
    );
  const code = await readCode(sources, folder);
  const before = new Map(origins.map(({ experimentId, modules }) => [experimentId, modules]));
  const changed = new Map<string, number[]>();
  const classes = new Map<string, { path: string; className: string; source: ClassSource }>();
  for await (const run of runs()) {
    for (const { path, className } of requirePipeline(run).modules) {
      const source = sources.get(path);
      if (source !== undefined) classes.set(`${path}\n${className}`, { path, className, source });
    }
    for (const [name, path] of modulePaths(run)) {
      const text = run.details === null ? undefined : before.get(run.details.experimentId)?.get(name);
      if (text === undefined || [code.digests.get(name), code.earlierDigests.get(name)].includes(text)) continue;
      const runIds = changed.get(path) ?? [];
      changed.set(path, runIds);
      runIds.push(run.runId);
    }
  }
  return { ...code, classes: await readIdentityClasses(classes.values(), folder), changed };
}
