import { countText } from "@ml-mosaic/base";
import { numberText, tableText } from "@ml-mosaic/command-line";
import { deviationOf, meanOf } from "@ml-mosaic/statistics/sample";
import {
  foldOf,
  foldOption,
  identityOf,
  isUnknown,
  type PipelineParts,
  partsOf,
  varyingOptions,
  varyingTexts,
} from "../compare/pipeline-parts.ts";
import { unifyData } from "../compare/same-data.ts";
import { spelling } from "../config/process-components.ts";
import { figureOf, type RunFigureName } from "../figures/run-figures.ts";
import {
  describeModules,
  describePipeline,
  type ModuleSpec,
  sortedValues,
  type Texts,
  withoutNames,
  withoutOptions,
} from "../pipelines/pipeline.ts";
import type { RunRecord, RunResult, StoreReader } from "../store/index.ts";

/** Figures of one model over its repetitions. */
export interface ModelSummary {
  readonly model: string;
  /** Of the data that it was trained on; "" where no module is the data. */
  readonly data: string;
  readonly parameterCount: number | null;
  readonly runs: number;
  readonly failed: number;
  /** Runs beside them that have trained one of these repetitions once more, and do not count. */
  readonly repeats: number;
  /** Mean over the repetitions; NaN if one of them diverged. */
  readonly testLoss: number | null;
  /** Standard deviation over the repetitions; null for fewer than two. */
  readonly testLossDeviation: number | null;
  readonly testAccuracy: number | null;
  readonly durationSeconds: number | null;
}

/** One line a model, the smallest mean test loss first. Ranking is by the mean, never by the best run. */
export async function summarizeModels(store: StoreReader, runIds: Iterable<number>): Promise<readonly ModelSummary[]> {
  const ids = [...runIds];
  const asWritten = await groupRuns(store, ids, (parts) => parts);
  const isUnited = asWritten.groups.some(({ modules }) => modules?.some(({ sameDataAs }) => sameDataAs !== undefined));
  // Only when all are known is it known which count as one.
  const { groups } = isUnited ? await groupRuns(store, ids, unifyData(asWritten.data)) : asWritten;
  const names = namesOf(groups);
  return groups
    .map((group) => ({
      ...summarize(modelText(group, names), group.data, [...group.results.values()]),
      repeats: group.repeats,
    }))
    .toSorted((a, b) => compareRanks(rank(a), rank(b)));
}

/** With all the data modules that there are. */
async function groupRuns(store: StoreReader, runIds: readonly number[], unify: ReturnType<typeof unifyData>) {
  // Results only: of thousands of runs the pipelines and stacks are too much to hold.
  const groups = new Map<string, Labels & { readonly results: Map<string, RunResult | null>; repeats: number }>();
  const dataNumbers = new Map<string, number>();
  const modules = new Map<string, readonly ModuleSpec[]>();
  const spelt = spelling();
  for await (const run of store.runs({ runIds })) {
    if (run.status !== "done" && run.status !== "error") continue;
    const written = partsOf(run, spelt);
    const parts = written && unify(written);
    const identity = parts === undefined ? run.description : modelIdentity(parts, run.pipeline?.training ?? {});
    const group = groups.get(identity) ?? { ...labelsOf(run, parts), results: new Map(), repeats: 0 };
    groups.set(identity, group);
    const { repetition } = run.details ?? {};
    // Folds are other repetitions.
    const data = parts === undefined ? "" : identityOf(parts.data);
    const number = dataNumbers.get(data) ?? dataNumbers.size;
    dataNumbers.set(data, number);
    for (const module of parts?.data ?? []) modules.set(JSON.stringify(module), [module]);
    const key = repetition === undefined ? `run ${run.runId}` : `${number} ${repetition}`;
    const earlier = group.results.get(key);
    if (earlier !== undefined) group.repeats++;
    // As in comparisons: what is done counts before what failed, then the last.
    if (run.status === "done" || earlier === undefined || earlier === null)
      group.results.set(key, run.status === "done" ? run.result : null);
  }
  return { groups: [...groups.values()], data: [...modules.values()] };
}

/** Equal for runs that are repetitions of each other, however their options are spelt. Folds are repetitions. */
function modelIdentity({ data, model, training }: PipelineParts, axes: Texts): string {
  // How far a run has been trained since makes no other model of it.
  const epochs: Texts = axes.epochs === undefined ? {} : { epochs: axes.epochs };
  const values = sortedValues({ ...withoutNames(training, ["epochs"]), ...epochs });
  return JSON.stringify([identityOf(data, [foldOption]), identityOf(model), values]);
}

/** Infinities are equal, which their difference does not say. */
function compareRanks(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/** Of a run, whose data count without their fold. */
interface Labels {
  /** Undefined where the run has no pipeline that can be read. */
  readonly modules: readonly ModuleSpec[] | undefined;
  readonly description: string;
  readonly data: string;
  /** The options of [PROCESS] in which the pipelines of its experiment differ, and all that change the training. */
  readonly axes: Texts;
  readonly training: Texts;
  readonly model: readonly ModuleSpec[];
}

function labelsOf({ description, pipeline }: RunRecord, parts: PipelineParts | undefined): Labels {
  const axes = pipeline?.training ?? {};
  if (parts === undefined) return { modules: undefined, description, data: "", axes, training: {}, model: [] };
  const data = foldOf(parts) === undefined ? parts.data : withoutOptions(parts.data, [foldOption]);
  const modules = [...data, ...parts.model];
  return { modules, description, data: describeModules(data), axes, training: parts.training, model: parts.model };
}

function modelText({ modules, description, axes, training, model }: Labels, names: Names): string {
  if (modules === undefined) return description;
  const shown = names.all.filter((name) => axes[name] !== undefined || names.varying.includes(name));
  const texts = varyingTexts({ model, training: { ...training, ...axes } }, shown);
  return describePipeline({ modules, training: Object.fromEntries(texts) });
}

/** Of options of [PROCESS]. */
interface Names {
  /** Models differ in them, as after two experiments with different learning rates. */
  readonly varying: readonly string[];
  /** What models show, in one order for all. */
  readonly all: readonly string[];
}

function namesOf(groups: readonly Labels[]): Names {
  const known = groups.filter(({ training }) => !isUnknown(training));
  const varying = varyingOptions(
    known.map(({ model, training }) => ({ model, training: withoutNames(training, ["epochs"]) })),
  );
  return { varying, all: [...new Set([...groups.flatMap(({ axes }) => Object.keys(axes)), ...varying])] };
}

function rank({ testLoss }: ModelSummary): number {
  return testLoss === null || Number.isNaN(testLoss) ? Number.POSITIVE_INFINITY : testLoss;
}

function summarize(model: string, data: string, runs: readonly (RunResult | null)[]): Omit<ModelSummary, "repeats"> {
  const results = runs.filter((result) => result !== null);
  const losses = valuesOf(results, "test_loss");
  return {
    model,
    data,
    parameterCount: figureOf(results[0] ?? null, "nb_params"),
    runs: results.length,
    failed: runs.length - results.length,
    testLoss: meanOrNull(losses),
    testLossDeviation: losses.length < 2 ? null : deviationOf(losses),
    testAccuracy: meanOrNull(valuesOf(results, "test_acc")),
    durationSeconds: meanOrNull(valuesOf(results, "duration(s)")),
  };
}

function valuesOf(results: readonly RunResult[], name: RunFigureName): readonly number[] {
  return results.map((result) => figureOf(result, name)).filter((value) => value !== null);
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : meanOf(values);
}

/** A screen is no place for thousands of lines: `mosaic export` has all. */
const mostModels = 200;

/** A table for each data set: what was trained on other data is no rival. */
export function summaryText(models: readonly ModelSummary[]): string {
  if (models.length === 0) return "No run has ended.";
  const tables = [...Map.groupBy(models.slice(0, mostModels), ({ data }) => data).values()].map(dataText);
  const more = models.length > mostModels ? [`… and ${models.length - mostModels} more; mosaic export writes all`] : [];
  const repeats = models.reduce((sum, model) => sum + model.repeats, 0);
  const uncounted =
    repeats === 0
      ? []
      : [
          `${countText(repeats, "run")} not counted: of a repetition that was trained more than once, the last result counts`,
        ];
  return [tables.join("\n\n"), ...more, ...uncounted].join("\n");
}

function dataText(models: readonly ModelSummary[]): string {
  const common = commonStages(models);
  const table = modelTable(models.map((model) => ({ ...model, model: model.model.slice(common.length) })));
  return common === "" ? table : `All with ${common.slice(0, -separator.length)}\n${table}`;
}

/** The database's own names. */
export function summaryJson(models: readonly ModelSummary[], database: string): unknown {
  return {
    database,
    models: models.map((model) => ({
      model: model.model,
      data: model.data,
      nb_params: model.parameterCount,
      runs: model.runs,
      failed: model.failed,
      repeats: model.repeats,
      test_loss: model.testLoss,
      test_loss_sd: model.testLossDeviation,
      test_acc: model.testAccuracy,
      "duration(s)": model.durationSeconds,
    })),
  };
}

const separator = " | ";

/** The leading stages that all models share, usually the data: said once instead of on every line. */
function commonStages(models: readonly ModelSummary[]): string {
  const [first = [], ...others] = models.map(({ model }) => model.split(separator).slice(0, -1));
  const shared = first.findIndex((stage, index) => others.some((stages) => stages[index] !== stage));
  const stages = shared < 0 ? first : first.slice(0, shared);
  return stages.map((stage) => stage + separator).join("");
}

function modelTable(models: readonly ModelSummary[]): string {
  const rows = models.map((model) => [
    model.model,
    String(model.parameterCount ?? ""),
    `${model.runs}${model.failed > 0 ? ` (+${model.failed} failed)` : ""}`,
    numberText(model.testLoss),
    Number.isFinite(model.testLossDeviation ?? Number.NaN) ? `± ${numberText(model.testLossDeviation)}` : "",
    model.testAccuracy === null ? "" : `${numberText(model.testAccuracy)} %`,
    model.durationSeconds === null ? "" : `${numberText(model.durationSeconds)} s`,
  ]);
  return tableText(["model", "parameters", "runs", "test loss", "sd", "test acc", "time"], rows, [1, 2, 3, 4, 5, 6]);
}
