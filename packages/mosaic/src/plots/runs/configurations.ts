/** Runs gathered by what was configured: the options that differ between them, and the results of their repetitions. */
import { valueText } from "@ml-mosaic/configurable";
import { foldOption } from "../../compare/pipeline-parts.ts";
import { MosaicError } from "../../errors.ts";
import { describeModules, type ModuleSpec, shownName, shownOptions } from "../../pipelines/pipeline.ts";
import type { OptionValue, VaryingOption } from "../charts/parallel-axes.ts";
import { compareX } from "../charts/series.ts";
import { finiteResult, furtherNotes, leftOut, type PlotRun } from "./plot-runs.ts";
import { meanOfRuns, type RunMean, type RunValue } from "./run-mean.ts";

export interface ConfiguredValue {
  readonly runId: number;
  /** Equal for runs of one repetition (and fold), whatever their pipeline. */
  readonly repetition: string;
  readonly value: number;
}

/** One pipeline: all of its repetitions. */
export interface Configuration {
  /** `Class(v1,v2)`, with what else differs. */
  readonly label: string;
  readonly modelKey: string;
  /** By the name of the option. */
  readonly options: ReadonlyMap<string, OptionValue>;
  /** For each criterion the finite results, in the order of the ids. */
  readonly values: readonly (readonly ConfiguredValue[])[];
  readonly means: readonly RunMean[];
}

export interface Configurations {
  readonly dataKey: string;
  /** All runs on the data set. */
  readonly runs: readonly PlotRun[];
  /** Those that have a finite result in every criterion. */
  readonly configurations: readonly Configuration[];
  /** The options that differ between them. */
  readonly options: readonly VaryingOption[];
  /** What is left out, or counts otherwise than it ended, in words. */
  readonly leftOut: readonly string[];
}

/**
 * For each data set its configurations with their results in some criteria.
 *
 * @throws MosaicError where there is none at all, with the criteria that have results
 */
export function configurationsOf(runs: readonly PlotRun[], criteria: readonly string[]): readonly Configurations[] {
  const found = [...Map.groupBy(runs, ({ dataKey }) => dataKey)].map(([dataKey, ofData]) =>
    configurationsOn(dataKey, ofData, criteria),
  );
  if (found.some(({ configurations }) => configurations.length > 0)) return found;
  const columns = [...new Set(runs.flatMap(({ results }) => [...results.keys()]))];
  const have = columns.filter((column) => runs.some((run) => finiteResult(run, column) !== undefined));
  const left = found.flatMap((one) => one.leftOut).join(", ");
  const others = have.length === 0 ? "No run has any result" : `There are results in: ${have.join(", ")}`;
  throw new MosaicError("NOTHING_TO_PLOT", `no run has a finite ${criteria.join(" and ")} (${left}). ${others}`);
}

function configurationsOn(dataKey: string, runs: readonly PlotRun[], criteria: readonly string[]): Configurations {
  const isUsable = (run: PlotRun) =>
    !run.isRepeated && criteria.every((criterion) => finiteResult(run, criterion) !== undefined);
  const groups = [...Map.groupBy(runs.filter(isUsable), ({ configuration }) => configuration).values()];
  const written = groups.map((group) => (group[0] === undefined ? new Map<string, string>() : optionsOf(group[0])));
  const names = namesOf(written);
  const options = [...names].map(([id, name]): VaryingOption & { readonly id: string } => {
    const texts = written.map((one) => one.get(id));
    const isNumeric = texts.every((text) => text === undefined || (text.trim() !== "" && !Number.isNaN(Number(text))));
    const values = texts.map((text) => (text === undefined ? null : isNumeric ? Number(text) : text));
    return { id, name, levels: [...new Set(values)].sort(compareLevels) };
  });
  const varying = options.filter(({ levels }) => levels.length > 1);
  const levelOf = (index: number, { id, levels }: (typeof options)[number]): OptionValue => {
    const text = written[index]?.get(id);
    return text === undefined ? null : levels.some((level) => typeof level === "string") ? text : Number(text);
  };
  const beside = varying.filter(({ id }) => !id.startsWith("model"));
  const configurationOf = (group: readonly PlotRun[], index: number): Configuration => {
    const values = criteria.map((criterion) =>
      group.map((run) => ({ run, value: finiteResult(run, criterion) ?? Number.NaN })),
    );
    const more = beside.map((option) => ` · ${option.name} ${levelOf(index, option) ?? "none"}`).join("");
    return {
      label: `${describeModules(group[0]?.parts.model ?? [])}${more}`,
      modelKey: group[0]?.modelKey ?? "",
      options: new Map(varying.map((option) => [option.name, levelOf(index, option)])),
      values: values.map((ofCriterion) => ofCriterion.map(configuredValue)),
      means: values.map(meanOfRuns),
    };
  };
  return {
    dataKey,
    runs,
    options: varying.map(({ name, levels }) => ({ name, levels })),
    configurations: groups.map(configurationOf),
    leftOut: [...leftOutOf(runs, criteria), ...furtherNotes(runs)],
  };
}

function configuredValue({ run, value }: RunValue, place: number): ConfiguredValue {
  return { runId: run.runId, repetition: `${run.seed ?? `#${place}`} ${run.fold ?? ""}`, value };
}

function compareLevels(one: OptionValue, other: OptionValue): number {
  if (one === null || other === null) return Number(one !== null) - Number(other !== null);
  return compareX(one, other);
}

/** What a pipeline has written, by stage and option: `model mlp.width`, `training lr`; a stage's class is one of them. */
function optionsOf({ parts: { data, model, training } }: PlotRun): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [kind, modules] of Object.entries({ data, model }))
    for (const [stage, module] of named(modules)) {
      options.set(`${kind} ${stage}.class`, shownName(module));
      for (const [option, value] of Object.entries(shownOptions(module)))
        if (kind === "model" || option !== foldOption) options.set(`${kind} ${stage}.${option}`, valueText(value));
    }
  for (const [option, value] of Object.entries(training)) options.set(`training .${option}`, value);
  return options;
}

/** Stages by their type; the second of a type is `type 2`. */
function named(modules: readonly ModuleSpec[]): readonly (readonly [string, ModuleSpec])[] {
  const counts = new Map<string, number>();
  return modules.map((module) => {
    const { type } = module;
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    return [count === 1 ? type : `${type} ${count}`, module];
  });
}

/** For each id the shortest name that is no other's: the option's own, or with its stage. */
function namesOf(written: readonly ReadonlyMap<string, string>[]): ReadonlyMap<string, string> {
  const ids = [...new Set(written.flatMap((options) => [...options.keys()]))];
  const partsOf = (id: string) => {
    const dot = id.indexOf(".");
    return [id.slice(id.indexOf(" ") + 1, dot), id.slice(dot + 1)] as const;
  };
  const own = (id: string) => {
    const [stage, option] = partsOf(id);
    return option === "class" ? stage : option;
  };
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(own(id), (counts.get(own(id)) ?? 0) + 1);
  const full = (id: string) =>
    partsOf(id)
      .filter((part) => part !== "")
      .join(" ");
  return new Map(ids.map((id) => [id, counts.get(own(id)) === 1 ? own(id) : full(id)]));
}

function leftOutOf(runs: readonly PlotRun[], criteria: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return criteria.flatMap((criterion) =>
    leftOut(runs, { criterion, x: () => 0, xName: "" }).filter((text) => !seen.has(text) && seen.add(text)),
  );
}
