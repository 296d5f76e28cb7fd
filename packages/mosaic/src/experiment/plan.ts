/** From an experiment to the runs that the database is to hold. */
import { createHash } from "node:crypto";
import { readClassSource } from "../config/class-source.ts";
import { type Experiment, generateRuns, processTexts } from "../config/index.ts";
import { importsOf } from "../config/process-options.ts";
import { describeModules, type Pipeline, sortedTexts, type Texts } from "../pipelines/pipeline.ts";
import { identifyingTexts, runParams } from "../pipelines/run-params.ts";
import { repetitionSeed } from "../run/seed.ts";
import type { NewRun } from "../store/index.ts";
import { moduleDigest } from "./module-digest.ts";

/**
 * Digest of each class's text, by the `path_to_class` that the pipelines carry; of an own loss function by `loss`; of
 * imports by their texts.
 */
export type ModuleDigests = ReadonlyMap<string, string>;

/** The key of the own loss function among the digests. */
export const lossKey = "loss";

export async function digestModules({ sections, process, folder }: Experiment): Promise<ModuleDigests> {
  const digests = new Map<string, string>();
  for (const { pathToClass, source } of sections) {
    if (!digests.has(pathToClass)) digests.set(pathToClass, await moduleDigest(source, folder));
  }
  if (process.ownLoss !== undefined) digests.set(lossKey, await moduleDigest(process.ownLoss.source, folder));
  for (const path of process.imports) {
    const found = await readClassSource(path, folder);
    if (found.ok) digests.set(path, await moduleDigest(found.source, folder));
  }
  return digests;
}

/** The experiment's runs in order, one at a time. */
export function* planRuns(experiment: Experiment, digests: ModuleDigests): Generator<NewRun, void, undefined> {
  const { process: section, monitor } = experiment;
  for (const { pipeline, repetition } of generateRuns(experiment, monitor.multiplicity)) {
    const process = processTexts(section, pipeline);
    yield {
      pipeline,
      description: describeModules(pipeline.modules),
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
function runIdentity(pipeline: Pipeline, process: Texts, repetition: number, digests: ModuleDigests): string {
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
