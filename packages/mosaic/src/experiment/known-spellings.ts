/** How the runs of a database write the options of modules that mean the same. */
import { hash } from "node:crypto";
import {
  codeName,
  describePipeline,
  type ModuleSpec,
  type Pipeline,
  sortedTexts,
  type Texts,
} from "../pipelines/pipeline.ts";
import { processParams, runParams } from "../pipelines/run-params.ts";
import type { NewRun, StoreReader } from "../store/index.ts";
import { type ExperimentOrigin, readExperimentOrigins } from "./experiment-origin.ts";
import { byMeaning } from "./identity.ts";
import type { ExperimentCode } from "./plan.ts";

/** A run whose modules have their options as the database has them. */
export type Respell = (run: NewRun) => NewRun;

type Spelling = Pick<ModuleSpec, "options" | "order">;

/**
 * Writing out what a class says by default makes no other run, so it is to make no other model and no other data either: where a
 * module of the same text is known that means the same, new runs write its options as that one does.
 */
export async function knownSpellings(
  store: StoreReader,
  { classes, digests }: Pick<ExperimentCode, "classes" | "digests">,
): Promise<Respell> {
  const asIs: Respell = (run) => run;
  if (!classes.values().some(({ spell }) => spell !== undefined)) return asIs;
  const origins = new Map<number, ExperimentOrigin>();
  for (const origin of await readExperimentOrigins(store)) origins.set(origin.experimentId, origin);
  const { optionsOf } = byMeaning(classes);
  const meaning = ({ modules }: Pipeline, index: number): string => {
    const { type, className, path } = modules[index] ?? {};
    const options = sortedTexts(optionsOf(modules.slice(0, index + 1)));
    return hash("sha256", JSON.stringify([type, className, path, options]), "base64");
  };
  const known = new Map<string, Spelling>();
  let seen: Pipeline | undefined;
  await store.readPipelines((_, pipeline, experimentId) => {
    if (pipeline === seen) return;
    seen = pipeline;
    const texts = origins.get(experimentId ?? 0)?.modules;
    for (const [index, module] of pipeline.modules.entries()) {
      const { options, order } = module;
      const name = codeName(module);
      const digest = digests.get(name);
      if (digest === undefined || texts?.get(name) !== digest) continue;
      const key = meaning(pipeline, index);
      if (!known.has(key)) known.set(key, { options, ...(order === undefined ? {} : { order }) });
    }
  });
  if (known.size === 0) return asIs;
  const respelt = new WeakMap<Pipeline, Pipeline>();
  const withKnown = (pipeline: Pipeline): Pipeline => {
    const modules = pipeline.modules.map((module, index) => {
      const spelling = known.get(meaning(pipeline, index));
      if (spelling === undefined || sameTexts(spelling.options, module.options)) return module;
      const { order: _, ...rest } = module;
      return { ...rest, ...spelling };
    });
    return modules.every((module, index) => module === pipeline.modules[index]) ? pipeline : { ...pipeline, modules };
  };
  return (run) => {
    const pipeline = respelt.get(run.pipeline) ?? withKnown(run.pipeline);
    respelt.set(run.pipeline, pipeline);
    if (pipeline === run.pipeline) return run;
    const params = runParams(pipeline, processParams(run.pipeline, run.params));
    return { ...run, pipeline, description: describePipeline(pipeline), params };
  };
}

function sameTexts(one: Texts, other: Texts): boolean {
  return JSON.stringify(sortedTexts(one)) === JSON.stringify(sortedTexts(other));
}
