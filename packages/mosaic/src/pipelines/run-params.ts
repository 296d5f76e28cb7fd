/** The rows of `params` that tell of a run: the options of its modules, their keys, then the options of [PROCESS]. */
import { numberFromText, parseValue } from "@ml-mosaic/configurable";
import { nameOfChosen, spelling } from "../config/process-components.ts";
import { defaultText, groups, isProcessOption, processDefaults } from "../config/process-options.ts";
import type { Param } from "../store/index.ts";
import { flatModule, keyParam } from "./flat-pipeline.ts";
import { type ModuleSpec, type Pipeline, type Texts, withoutNames } from "./pipeline.ts";

/** @param process texts of all [PROCESS] options of the run */
export function runParams({ modules }: Pipeline, process: Texts): readonly Param[] {
  return [...modules.flatMap(moduleParams), ...Object.entries(process)];
}

function moduleParams(module: ModuleSpec): readonly Param[] {
  const options = Object.entries(module.options);
  return [...options.map(([name, text]): Param => [`${module.className}_${name}`, text]), keyParam(module)];
}

/**
 * The texts of all [PROCESS] options of a run, found again among its rows: the first ones of a module's names are the
 * module's, whatever they are called. The original has rows for the module's class and path too, and some of its own.
 */
export function processParams(pipeline: Pipeline | undefined, params: readonly Param[]): Texts {
  const ofModules = new Map<string, number>();
  for (const module of pipeline?.modules ?? []) {
    const own = Object.keys(flatModule(module)).map((name) => `${module.className}_${name}`);
    for (const name of [...own, ...keyParam(module).slice(0, 1)]) ofModules.set(name, (ofModules.get(name) ?? 0) + 1);
  }
  return Object.fromEntries(
    params.filter(([name]) => {
      const left = ofModules.get(name) ?? 0;
      if (left > 0) ofModules.set(name, left - 1);
      return left === 0 && isProcessOption(name);
    }),
  );
}

const filePlaces = ["run_files_path", "artifacts"];

/** What of [PROCESS] makes two runs the same run: not how far it goes, nor where its files lie. */
export function identifyingTexts(process: Texts): Texts {
  return withoutNames(process, ["epochs", ...filePlaces]);
}

/**
 * What of [PROCESS] changes the training: not which modules take part, which they say, what is measured, nor which repetition it is. Components
 * are in one spelling. One that is not written, or has no text as the original's have, counts as its default. Empty where nothing is
 * said at all.
 */
export function trainingTexts(process: Texts, spelt = spelling()): Texts {
  const shown = seenTexts(process, spelt);
  return Object.keys(shown).length === 0 ? {} : { ...trainingDefaults, ...shown };
}

/** Those that are written. */
export function seenTexts(process: Texts, spelt = spelling()): Texts {
  const entries = Object.entries(withoutNames(process, notOfTraining)).filter(([, text]) => text !== "");
  if (entries.length === 0) return {};
  const written = Object.fromEntries(entries);
  const shown = Object.entries(spelt(written)).map(([name, text]) => {
    const before = written[name];
    const isValue = before !== undefined && numberFromText(before) !== undefined;
    return [name, isValue ? before : nameOfChosen(name, text)];
  });
  return Object.fromEntries(shown);
}

const notOfTraining = ["data_scheme", "pipeline_scheme", "imports", "metrics", "seed", ...filePlaces];

const trainingDefaults: Texts = {
  ...Object.fromEntries(groups.map((group) => [group, defaultText(group)])),
  executor: processDefaults.executor,
};

export interface Stages {
  readonly data: readonly ModuleSpec[];
  readonly model: readonly ModuleSpec[];
}

/** Which modules are the data set and which are the model; where nobody says it, the first of several is the data. */
export function stagesOf({ modules }: Pipeline, { data_scheme: scheme }: Texts): Stages {
  const types = scheme === undefined ? undefined : schemeTypes(scheme);
  const isData = (module: ModuleSpec, index: number) =>
    types === undefined ? index === 0 && modules.length > 1 : types.includes(module.type);
  return { data: modules.filter(isData), model: modules.filter((module, index) => !isData(module, index)) };
}

/** The types that `data_scheme` or `pipeline_scheme` lists. */
export function schemeTypes(text: string): readonly string[] {
  const parsed = parseValue(text);
  return parsed.ok ? parsed.value.values : [];
}
