/** From an experiment to the runs that the database is to hold. */
import { createHash } from "node:crypto";
import { type Experiment, generateRuns, type Pipeline, type PipelineEntry, processTexts } from "../config/index.ts";
import { classOptions } from "../modules/construct.ts";
import { repetitionSeed } from "../run/seed.ts";
import type { NewRun, Param } from "../store/index.ts";
import { moduleDigest } from "./module-digest.ts";

/** Digest of each class's text, by the `path_to_class` that the pipelines carry; of an own loss function by `loss`. */
export type ModuleDigests = ReadonlyMap<string, string>;

/** The key of the own loss function among the digests. */
export const lossKey = "loss";

export async function digestModules({ sections, process, folder }: Experiment): Promise<ModuleDigests> {
  const digests = new Map<string, string>();
  for (const { pathToClass, source } of sections) {
    if (!digests.has(pathToClass)) digests.set(pathToClass, await moduleDigest(source, folder));
  }
  if (process.ownLoss !== undefined) digests.set(lossKey, await moduleDigest(process.ownLoss.source, folder));
  return digests;
}

/** The experiment's runs in order, one at a time. */
export function* planRuns(experiment: Experiment, digests: ModuleDigests): Generator<NewRun, void, undefined> {
  const { process, monitor } = experiment;
  for (const { pipeline, repetition } of generateRuns(experiment, monitor.multiplicity)) {
    const texts = processTexts(process, pipeline);
    yield {
      pipelineJson: JSON.stringify(pipeline),
      description: describePipeline(pipeline),
      params: runParams(pipeline, texts),
      repetition,
      identity: runIdentity(pipeline, texts, repetition, digests),
      seed: repetitionSeed(process.seed, repetition),
    };
  }
}

/** `Class(v1,v2) | Class(...)` */
export function describePipeline(pipeline: Pipeline): string {
  return pipeline.filter(isModule).map(describeModule).join(" | ");
}

export function describeModule(entry: PipelineEntry): string {
  return `${entry.class}(${Object.values(classOptions(entry)).join(",")})`;
}

export function isModule(entry: PipelineEntry): boolean {
  return entry.type !== "process";
}

function runParams(pipeline: Pipeline, texts: Readonly<Record<string, string>>): readonly Param[] {
  const params: Param[] = [];
  for (const entry of pipeline.filter(isModule)) {
    for (const [name, value] of Object.entries(classOptions(entry))) params.push([`${entry.class}_${name}`, value]);
    params.push([`${entry.type}_key`, entry.key ?? ""]);
  }
  return [...params, ...Object.entries(texts)];
}

/**
 * What makes two runs the same run: the modules with their options and texts, the options of PROCESS that change the
 * training (not how far it goes nor where its files lie), and the repetition. In which order options are written counts
 * for nothing.
 */
function runIdentity(
  pipeline: Pipeline,
  texts: Readonly<Record<string, string>>,
  repetition: number,
  digests: ModuleDigests,
): string {
  const modules = pipeline.filter(isModule).map((entry) => ({
    type: entry.type,
    class: entry.class,
    options: sorted(classOptions(entry)),
    text: digests.get(entry.path_to_class ?? ""),
  }));
  const { epochs, run_files_path, artifacts, ...training } = texts;
  // Where numbers of epochs are compared with each other, they do make a difference.
  const epochsAxis = pipeline.find((entry) => !isModule(entry))?.epochs;
  return createHash("sha256")
    .update(JSON.stringify({ modules, training: sorted(training), epochsAxis, loss: digests.get(lossKey), repetition }))
    .digest("hex");
}

function sorted(options: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1));
}
