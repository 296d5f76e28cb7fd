/** The users' modules that runs of a database consist of: as they are now, and as they were. */
import { readModuleSource } from "../config/class-source.ts";
import { type ClassSource, type LanguageName, languageOfSource, type Project } from "../config/index.ts";
import { importsOf } from "../config/process-options.ts";
import { MosaicError } from "../errors.ts";
import type { SourcedClass } from "../languages/language.ts";
import { codeName, type ModuleSpec } from "../pipelines/pipeline.ts";
import { processParams } from "../pipelines/run-params.ts";
import { type RunRecord, requirePipeline } from "../store/index.ts";
import type { ExperimentOrigin } from "./experiment-origin.ts";
import { lossKey } from "./identity.ts";
import { readIdentityClasses } from "./identity-classes.ts";
import { type ExperimentCode, readCode } from "./plan.ts";

type CodedClass = Pick<ModuleSpec, "path" | "className" | "options">;

/** A run's classes by their names among the digests, which are their paths but for an own loss. */
function moduleClasses(run: RunRecord): ReadonlyMap<string, CodedClass> {
  const pipeline = requirePipeline(run);
  const classes = new Map<string, CodedClass>(pipeline.modules.map((module) => [codeName(module), module]));
  const process = processParams(pipeline, run.params);
  const { path_to_class_loss_function: path, class_loss_function: className = "" } = process;
  if (path !== undefined) classes.set(lossKey, { path, className, options: {} });
  for (const each of importsOf(process)) classes.set(each, { path: each, className: "", options: {} });
  return classes;
}

export interface RunModules extends ExperimentCode {
  /** Runs that were trained, or begun, with another text than a module has now, by `path_to_class`, or the files of a program. */
  readonly changed: ReadonlyMap<string, readonly number[]>;
  readonly languages: ReadonlySet<LanguageName>;
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
  project: Project,
): Promise<RunModules> {
  const sources = new Map<string, SourcedClass>();
  const missing = new Map<string, string>();
  for await (const run of runs()) {
    for (const [name, module] of moduleClasses(run)) {
      const { path, className, options } = module;
      if (missing.has(path) || sources.has(name)) continue;
      const valuesOf = (option: string) => (options[option] === undefined ? undefined : [options[option]]);
      const found = await readModuleSource(module, valuesOf, project);
      if (found.ok) sources.set(name, { className, source: found.source });
      else missing.set(path, found.fault.message);
    }
  }
  if (missing.size > 0)
    throw new MosaicError(
      "NO_MODULE",
      `the runs cannot go on without their modules: ${[...missing.values()].join(" ")}`,
    );
  const code = await readCode(sources, project);
  const before = new Map(origins.map(({ experimentId, modules }) => [experimentId, modules]));
  const changed = new Map<string, number[]>();
  const classes = new Map<string, { path: string; className: string; source: ClassSource }>();
  for await (const run of runs()) {
    for (const module of requirePipeline(run).modules) {
      const { path, className } = module;
      const source = sources.get(codeName(module))?.source;
      if (source !== undefined) classes.set(`${path}\n${className}`, { path, className, source });
    }
    for (const [name, { path }] of moduleClasses(run)) {
      const text = run.details === null ? undefined : before.get(run.details.experimentId)?.get(name);
      if (text === undefined || [code.digests.get(name), code.earlierDigests.get(name)].includes(text)) continue;
      const source = sources.get(name)?.source;
      const file = source?.kind === "program" ? source.files.join(" or ") : path;
      const runIds = changed.get(file) ?? [];
      changed.set(file, runIds);
      runIds.push(run.runId);
    }
  }
  return {
    ...code,
    classes: await readIdentityClasses(classes.values(), project),
    changed,
    languages: new Set(Array.from(sources.values(), ({ source }) => languageOfSource(source))),
  };
}
