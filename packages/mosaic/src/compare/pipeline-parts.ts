/** What of a run's pipeline is the data set and what is the model. */
import { normalize } from "node:path";
import { valueText } from "@ml-mosaic/configurable";
import { spelling } from "../config/process-components.ts";
import { meansAnything, textsFor } from "../pipelines/applying-options.ts";
import { type ModuleSpec, shownName, sortedValues, type Texts, withoutOptions } from "../pipelines/pipeline.ts";
import { processParams, type Stages, seenTexts, stagesOf, trainingTexts } from "../pipelines/run-params.ts";
import { isProgram } from "../program/options.ts";
import type { RunRecord } from "../store/index.ts";

export interface PipelineParts extends Stages {
  /** Texts of the PROCESS options that change the training; none where the database does not say them. */
  readonly training: Texts;
  /** `epochs` where pipelines differ in it: what the run was to be trained at first. */
  readonly comparedEpochs: string | undefined;
}

/** An option of a data module with this name tells the folds of a cross-validation apart. */
export const foldOption = "fold";

/**
 * undefined where the run has no pipeline that can be read.
 *
 * @param spelt for many runs the same
 */
export function partsOf(
  { pipeline, params }: Pick<RunRecord, "pipeline" | "params">,
  spelt = spelling(),
): PipelineParts | undefined {
  if (pipeline === undefined || pipeline.modules.length === 0) return undefined;
  const process = textsFor(pipeline.modules, processParams(pipeline, params));
  const { epochs: comparedEpochs } = pipeline.training;
  const stages = stagesOf(pipeline, process);
  // To a program what is not written is no default: it does not have it.
  const training = stages.model.some(isProgram)
    ? seenTexts(process, spelt)
    : textsFor(pipeline.modules, trainingTexts(process, spelt));
  return { ...stages, training, comparedEpochs };
}

/**
 * Runs of the original that failed say nothing of their training. What the others with the same modules were all trained
 * with is theirs, else what all others were; it stays unknown where those differ.
 */
export function lentTraining(all: readonly PipelineParts[]): (parts: PipelineParts) => Texts {
  const known = all.filter(({ model, training }) => !isUnknown(training) && !model.some(isProgram));
  const only = (parts: readonly PipelineParts[]) => {
    const trainings = new Map(parts.map(({ training }) => [JSON.stringify(sortedValues(training)), training]));
    return trainings.size === 1 ? parts[0]?.training : undefined;
  };
  return (asked) => {
    if (!isUnknown(asked.training)) return asked.training;
    const wanted = modulesOf(asked);
    return only(known.filter((parts) => modulesOf(parts) === wanted)) ?? only(known) ?? asked.training;
  };
}

export function isUnknown(training: Texts): boolean {
  return Object.keys(training).length === 0;
}

/** Options of PROCESS that are not the same for all, as after two experiments with different learning rates. */
export function varyingOptions(all: readonly Pick<PipelineParts, "model" | "training">[]): readonly string[] {
  const values = new Map<string, Set<string | undefined>>();
  for (const name of new Set(all.flatMap(({ training }) => Object.keys(training)))) values.set(name, new Set());
  for (const { model, training } of all)
    for (const [name, seen] of values) {
      const text = training[name];
      if (text !== undefined) seen.add(valueText(text));
      else if (hasDefault(model, name)) seen.add(undefined);
    }
  return [...values].filter(([, seen]) => seen.size > 1).map(([name]) => name);
}

/** Whether an option that is not written has its default there; to a program it is not there, and none is where it means nothing. */
function hasDefault(model: readonly ModuleSpec[], name: string): boolean {
  return !model.some(isProgram) && meansAnything(model, name);
}

/** Texts of the options in which models differ, as far as they have them. */
export function varyingTexts(
  { model, training }: Pick<PipelineParts, "model" | "training">,
  varying: readonly string[],
): readonly (readonly [name: string, text: string])[] {
  return varying.flatMap((name) => {
    const text = training[name] ?? (hasDefault(model, name) ? "default" : undefined);
    return text === undefined ? [] : [[name, text] as const];
  });
}

function modulesOf({ data, model }: PipelineParts): string {
  return identityOf([...data, ...model], [foldOption]);
}

/** The fold of a cross-validation that the data are. */
export function foldOf({ data }: PipelineParts): string | undefined {
  return data.map(({ options }) => options[foldOption]).find((fold) => fold !== undefined);
}

/** Equal for modules that compute the same: their key and the name of their section count for nothing. */
export function identityOf(modules: readonly ModuleSpec[], without: readonly string[] = []): string {
  return JSON.stringify(
    withoutOptions(modules, without).map(({ type, className, path, options }) => [
      type,
      className,
      normalize(path),
      sortedValues(options),
    ]),
  );
}

export function keyOf(modules: readonly ModuleSpec[]): string {
  return modules.map(({ key }) => key).join(" | ");
}

/** `Class(name=value, …)`, for where the short form says two things. */
export function describeFully(modules: readonly ModuleSpec[]): string {
  return modules
    .map((module) => {
      const texts = Object.entries(module.options).map(([name, text]) => `${name}=${text}`);
      return `${shownName(module)}(${texts.join(", ")}) of ${module.path}`;
    })
    .join(" | ");
}
