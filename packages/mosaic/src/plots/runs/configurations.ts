/** Runs gathered by what was configured: the options that differ between them, and the results of their repetitions. */
import { MosaicError } from "../../errors.ts";
import { describeModules } from "../../pipelines/pipeline.ts";
import type { OptionValue, VaryingOption } from "../charts/parallel-axes.ts";
import { finiteResult, furtherNotes, leftOut, type PlotRun } from "./plot-runs.ts";
import { meanOfRuns, type RunMean, type RunValue } from "./run-mean.ts";
import { type PlacedOption, WrittenOptions } from "./written-options.ts";

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
  /** For each criterion how many those are. */
  readonly counts: readonly number[];
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
  /** For each of these the place that each configuration's value has among the levels. */
  readonly levels: readonly Uint32Array[];
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
  const columns = [...new Set(Iterator.from(runs).flatMap(({ results }) => results.keys()))];
  const have = columns.filter((column) => runs.some((run) => finiteResult(run, column) !== undefined));
  const left = found.flatMap((one) => one.leftOut).join(", ");
  const others = have.length === 0 ? "No run has any result" : `There are results in: ${have.join(", ")}`;
  const wanted = `${criteria.join(" and ")}${left === "" ? "" : ` (${left})`}`;
  throw new MosaicError("NOTHING_TO_PLOT", `no run has a finite ${wanted}. ${others}`);
}

function configurationsOn(dataKey: string, runs: readonly PlotRun[], criteria: readonly string[]): Configurations {
  const isUsable = (run: PlotRun) =>
    !run.isRepeated && criteria.every((criterion) => finiteResult(run, criterion) !== undefined);
  const usable = runs.filter(isUsable);
  const groups = [...Map.groupBy(usable, ({ configuration }) => configuration).values()].map((group) => group.slice());
  const written = new WrittenOptions(groups.length);
  for (const [index, [run]] of groups.entries()) if (run !== undefined) written.add(index, run);
  const varying = written.varying();
  const context = { criteria, varying, means: groups.map((group) => meansOf(group, criteria)) };
  return {
    dataKey,
    runs,
    options: varying.map(({ name, levels }) => ({ name, levels })),
    levels: varying.map(({ places }) => places),
    configurations: groups.map((group, index) => new GroupConfiguration(group, index, context)),
    leftOut: [...leftOutOf(runs, criteria), ...furtherNotes(runs)],
  };
}

interface Grouped {
  readonly criteria: readonly string[];
  readonly varying: readonly PlacedOption[];
  readonly means: readonly (readonly RunMean[])[];
}

/** What is asked for seldom is made then: a million of them are held. */
class GroupConfiguration implements Configuration {
  readonly #runs: readonly PlotRun[];
  readonly #index: number;
  readonly #grouped: Grouped;

  constructor(runs: readonly PlotRun[], index: number, grouped: Grouped) {
    this.#runs = runs;
    this.#index = index;
    this.#grouped = grouped;
  }

  get label(): string {
    const beside = this.#grouped.varying.filter(({ id }) => !id.startsWith("model"));
    const more = beside.map((option) => ` · ${option.name} ${levelOf(option, this.#index) ?? "none"}`).join("");
    return `${describeModules(this.#runs[0]?.parts.model ?? [])}${more}`;
  }

  get modelKey(): string {
    return this.#runs[0]?.modelKey ?? "";
  }

  get options(): ReadonlyMap<string, OptionValue> {
    return new Map(this.#grouped.varying.map((option) => [option.name, levelOf(option, this.#index)]));
  }

  get values(): readonly (readonly ConfiguredValue[])[] {
    return this.#grouped.criteria.map((criterion) => valuesOf(this.#runs, criterion).map(configuredValue));
  }

  get counts(): readonly number[] {
    return this.#grouped.criteria.map(() => this.#runs.length);
  }

  get means(): readonly RunMean[] {
    return this.#grouped.means[this.#index] ?? [];
  }
}

function levelOf({ levels, places }: PlacedOption, index: number): OptionValue {
  return levels[places[index] ?? 0] ?? null;
}

function meansOf(runs: readonly PlotRun[], criteria: readonly string[]): readonly RunMean[] {
  return criteria.map((criterion) => meanOfRuns(valuesOf(runs, criterion)));
}

function valuesOf(runs: readonly PlotRun[], criterion: string): readonly RunValue[] {
  return runs.map((run) => ({ run, value: finiteResult(run, criterion) ?? Number.NaN }));
}

function configuredValue({ run, value }: RunValue, place: number): ConfiguredValue {
  return { runId: run.runId, repetition: `${run.seed ?? `#${place}`} ${run.fold ?? ""}`, value };
}

function leftOutOf(runs: readonly PlotRun[], criteria: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return criteria.flatMap((criterion) =>
    leftOut(runs, { criterion, x: () => 0, xName: "" }).filter((text) => !seen.has(text) && seen.add(text)),
  );
}
