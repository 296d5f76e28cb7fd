/** From an experiment to the runs that the database is to hold. */
import { readClassSource } from "../config/class-source.ts";
import { type ClassSource, type Experiment, generateRuns, processTexts } from "../config/index.ts";
import type { FileDigests } from "../modules/user-files.ts";
import { describePipeline, type Pipeline } from "../pipelines/pipeline.ts";
import { runParams } from "../pipelines/run-params.ts";
import { repetitionSeed } from "../run/seed.ts";
import type { NewRun } from "../store/index.ts";
import { byMeaning, type IdentityParts, lossKey, type ModuleDigests, repetitionIdentities } from "./identity.ts";
import { type ClassesByName, readIdentityClasses } from "./identity-classes.ts";
import { moduleCode } from "./module-code.ts";

/** The users' code that an experiment consists of. */
export interface ExperimentCode {
  readonly digests: ModuleDigests;
  /** The same as earlier versions made them. */
  readonly earlierDigests: ModuleDigests;
  /** All files of it. */
  readonly files: FileDigests;
  readonly classes: ClassesByName;
}

/** @param sources of the modules by their names among the digests */
export async function readCode(
  sources: Iterable<readonly [string, ClassSource]>,
  folder: string,
): Promise<Omit<ExperimentCode, "classes">> {
  const digests = new Map<string, string>();
  const earlierDigests = new Map<string, string>();
  const files = new Map<string, string>();
  for (const [name, source] of sources) {
    if (digests.has(name)) continue;
    const code = await moduleCode(source, folder);
    digests.set(name, code.digest);
    earlierDigests.set(name, code.earlierDigest);
    for (const [path, digest] of code.files) files.set(path, digest);
  }
  return { digests, earlierDigests, files };
}

export async function readExperimentCode({ sections, process, folder }: Experiment): Promise<ExperimentCode> {
  const sources = sections.map(({ pathToClass, source }): [string, ClassSource] => [pathToClass, source]);
  if (process.ownLoss !== undefined) sources.push([lossKey, process.ownLoss.source]);
  for (const path of process.imports) {
    const found = await readClassSource(path, folder);
    if (found.ok) sources.push([path, found.source]);
  }
  const classes = sections.map(({ pathToClass: path, className, source }) => ({ path, className, source }));
  return { ...(await readCode(sources, folder)), classes: await readIdentityClasses(classes, folder) };
}

/** The experiment's runs in order, one at a time. */
export function* planRuns(
  experiment: Experiment,
  { digests, classes }: Pick<ExperimentCode, "digests" | "classes">,
  form = byMeaning(classes),
): Generator<NewRun, void, undefined> {
  const { process: section, monitor } = experiment;
  const identified: IdentityParts = { digests, ...form };
  const common = (pipeline: Pipeline) => {
    const process = processTexts(section, pipeline);
    return {
      pipeline,
      description: describePipeline(pipeline),
      params: runParams(pipeline, process),
      identityOf: repetitionIdentities(pipeline, process, identified),
    };
  };
  let last: ReturnType<typeof common> | undefined;
  for (const { pipeline, repetition } of generateRuns(experiment, monitor.multiplicity)) {
    if (last?.pipeline !== pipeline) last = common(pipeline);
    const { identityOf, ...run } = last;
    yield { ...run, repetition, identity: identityOf(repetition), seed: repetitionSeed(section.seed, repetition) };
  }
}
