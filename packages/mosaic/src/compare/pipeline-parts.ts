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
  const only = (parts: readonly PipelineParts[]) => {
    const trainings = new Map(parts.map(({ training }) => [JSON.stringify(sortedValues(training)), training]));
    return trainings.size === 1 ? parts[0]?.training : undefined;
  };
  // Made when the first one asks for it: most databases have nothing of the original.
  let lent:
    | { readonly byModules: ReadonlyMap<string, Texts | undefined>; readonly ofAll: Texts | undefined }
    | undefined;
  const make = () => {
    const known = all.filter(({ model, training }) => !isUnknown(training) && !model.some(isProgram));
    const byModules = [...Map.groupBy(known, modulesOf)].map(([modules, parts]) => [modules, only(parts)] as const);
    return { byModules: new Map(byModules), ofAll: only(known) };
  };
  return (asked) => {
    if (!isUnknown(asked.training)) return asked.training;
    lent ??= make();
    return lent.byModules.get(modulesOf(asked)) ?? lent.ofAll ?? asked.training;
  };
}

export function isUnknown(training: Texts): boolean {
  return Object.keys(training).length === 0;
}

/** Options of PROCESS that are not the same for all, as after two experiments with different learning rates. */
export function varyingOptions(all: Iterable<Trained>): readonly string[] {
  const variety = new OptionVariety();
  for (const each of all) variety.add(each);
  return variety.varying;
}

type Trained = Pick<PipelineParts, "model" | "training">;

/** Finds those options among pipelines that come one after the other, and keeps none of them but some that are of other kinds. */
export class OptionVariety {
  /** What each option says where it is written; undefined where that is not the same for all. */
  readonly #values = new Map<string, string | undefined>();
  /** One of all that have the same options written out, and take the others from the same defaults. */
  readonly #kinds = new Map<string, Trained>();

  add({ model, training }: Trained): void {
    for (const [name, text] of Object.entries(training)) {
      const value = valueText(text);
      this.#values.set(name, !this.#values.has(name) || this.#values.get(name) === value ? value : undefined);
    }
    const kind = JSON.stringify([Object.keys(training), model.map(({ path, className }) => [path, className])]);
    if (!this.#kinds.has(kind)) this.#kinds.set(kind, { model, training });
  }

  get varying(): readonly string[] {
    const isLeftToDefault = (name: string) =>
      this.#kinds.values().some(({ model, training }) => training[name] === undefined && hasDefault(model, name));
    return [...this.#values]
      .filter(([name, value]) => value === undefined || isLeftToDefault(name))
      .map(([name]) => name);
  }
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
