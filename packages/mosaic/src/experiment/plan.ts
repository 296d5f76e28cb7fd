/** From an experiment to the runs that the database is to hold. */
import { createHash } from "node:crypto";
import { readClassSource } from "../config/class-source.ts";
import { type ClassSource, type Experiment, generateRuns, processTexts } from "../config/index.ts";
import { importsOf } from "../config/process-options.ts";
import type { FileDigests } from "../modules/user-files.ts";
import { describePipeline, type Pipeline, sortedTexts, type Texts } from "../pipelines/pipeline.ts";
import { identifyingTexts, runParams } from "../pipelines/run-params.ts";
import { repetitionSeed } from "../run/seed.ts";
import type { NewRun } from "../store/index.ts";
import { moduleCode } from "./module-code.ts";

/**
 * Digest of each class's text, by the `path_to_class` that the pipelines carry; of an own loss function by `loss`; of
 * imports by their texts.
 */
export type ModuleDigests = ReadonlyMap<string, string>;

/** The key of the own loss function among the digests. */
export const lossKey = "loss";

/** The users' code that an experiment consists of. */
export interface ExperimentCode {
  readonly digests: ModuleDigests;
  /** All files of it. */
  readonly files: FileDigests;
}

/** @param sources of the modules by their names among the digests */
export async function readCode(
  sources: Iterable<readonly [string, ClassSource]>,
  folder: string,
): Promise<ExperimentCode> {
  const digests = new Map<string, string>();
  const files = new Map<string, string>();
  for (const [name, source] of sources) {
    if (digests.has(name)) continue;
    const code = await moduleCode(source, folder);
    digests.set(name, code.digest);
    for (const [path, digest] of code.files) files.set(path, digest);
  }
  return { digests, files };
}

export async function readExperimentCode({ sections, process, folder }: Experiment): Promise<ExperimentCode> {
  const sources = sections.map(({ pathToClass, source }): [string, ClassSource] => [pathToClass, source]);
  if (process.ownLoss !== undefined) sources.push([lossKey, process.ownLoss.source]);
  for (const path of process.imports) {
    const found = await readClassSource(path, folder);
    if (found.ok) sources.push([path, found.source]);
  }
  return readCode(sources, folder);
}

/** The experiment's runs in order, one at a time. */
export function* planRuns(experiment: Experiment, digests: ModuleDigests): Generator<NewRun, void, undefined> {
  const { process: section, monitor } = experiment;
  for (const { pipeline, repetition } of generateRuns(experiment, monitor.multiplicity)) {
    const process = processTexts(section, pipeline);
    yield {
      pipeline,
      description: describePipeline(pipeline),
      params: runParams(pipeline, process),
      repetition,
      identity: runIdentity(pipeline, process, repetition, digests),
      seed: repetitionSeed(section.seed, repetition),
    };
  }
}

/**
 * What makes two runs the same run: the modules with their options and texts, the options of PROCESS that change the
 * training (not how far it goes nor where its files lie), and the repetition. In which order options are written counts
 * for nothing.
 */
export function runIdentity(pipeline: Pipeline, process: Texts, repetition: number, digests: ModuleDigests): string {
  const modules = pipeline.modules.map(({ type, className, path, options }) => ({
    type,
    class: className,
    options: sortedTexts(options),
    text: digests.get(path),
  }));
  const training = sortedTexts(identifyingTexts(process));
  const imports = process.imports === undefined ? undefined : importsOf(process).map((path) => digests.get(path));
  // Where numbers of epochs are compared with each other, they do make a difference.
  const epochsAxis = pipeline.training.epochs;
  return createHash("sha256")
    .update(JSON.stringify({ modules, training, epochsAxis, loss: digests.get(lossKey), imports, repetition }))
    .digest("hex");
}
