/** Figures of each model over its repetitions, from its runs. Of each model no more is held than numbers. */
import {
  foldOf,
  foldOption,
  identityOf,
  isUnknown,
  OptionVariety,
  type PipelineParts,
  partsOf,
  varyingTexts,
} from "../compare/pipeline-parts.ts";
import { unifyData } from "../compare/same-data.ts";
import { spelling } from "../config/process-components.ts";
import {
  describeModules,
  describePipeline,
  type ModuleSpec,
  sortedValues,
  type Texts,
  withoutNames,
  withoutOptions,
} from "../pipelines/pipeline.ts";
import type { RunRecord, StoreReader } from "../store/index.ts";
import { type ModelFigures, ModelTally } from "./model-tally.ts";

export interface ModelSummary extends ModelFigures {
  readonly model: string;
  /** Of the data that it was trained on; "" where no module is the data. */
  readonly data: string;
}

/** Of the models of which a run has ended. */
export interface RunSummary {
  /** How many there are. */
  readonly count: number;
  /** Those that have a test loss. */
  readonly measured: number;
  /** Runs of all that do not count: another one has trained the same repetition. */
  readonly repeats: number;
  /** The smallest mean test loss first. What they are called is read as they are asked for. */
  readonly models: (most?: number) => AsyncIterable<ModelSummary>;
}

export async function summarizeModels(store: StoreReader, runIds: Iterable<number>): Promise<RunSummary> {
  const ids = [...runIds];
  const asWritten = await tallyRuns(store, ids, (parts) => parts);
  // Only when all are known is it known which count as one.
  const unify = asWritten.isUnited ? unifyData(await dataModules(store, ids)) : undefined;
  const { tally, names } = unify === undefined ? asWritten : await tallyRuns(store, ids, unify);
  const figuresOf = tally.figures();
  const ranks = new Float64Array(tally.count);
  let [measured, repeats] = [0, 0];
  for (const model of ranks.keys()) {
    const figures = figuresOf(model);
    ranks[model] = rank(figures);
    if (figures.testLoss !== null) measured++;
    repeats += figures.repeats;
  }
  const ranked = Uint32Array.from(ranks.keys()).sort((a, b) => compareRanks(ranks[a] ?? 0, ranks[b] ?? 0) || a - b);
  async function* models(most = tally.count): AsyncGenerator<ModelSummary, void, void> {
    for (let start = 0; start < Math.min(most, tally.count); start += pageSize) {
      const page = [...ranked.subarray(start, Math.min(most, start + pageSize))];
      const labels = await labelsOfRuns(
        store,
        page.map((model) => tally.firstRun(model)),
        names,
        unify,
      );
      for (const model of page) {
        const label = labels.get(tally.firstRun(model));
        if (label !== undefined) yield { ...label, ...figuresOf(model) };
      }
    }
  }
  return { count: tally.count, measured, repeats, models };
}

/** Models whose labels are read in one go. */
const pageSize = 200;

type Unify = (parts: PipelineParts) => PipelineParts;

async function tallyRuns(store: StoreReader, runIds: readonly number[], unify: Unify) {
  const tally = new ModelTally();
  const variety = new OptionVariety();
  const axisNames = new Set<string>();
  let isUnited = false;
  for await (const { run, parts: written } of endedRuns(store, runIds)) {
    const parts = written && unify(written);
    const axes = run.pipeline?.training ?? {};
    const isFirst = tally.add({
      runId: run.runId,
      model: parts === undefined ? run.description : modelIdentity(parts, axes),
      data: parts === undefined ? "" : identityOf(parts.data),
      repetition: run.details?.repetition,
      result: run.status === "done" ? run.result : null,
    });
    if (!isFirst) continue;
    for (const name of Object.keys(axes)) axisNames.add(name);
    if (parts === undefined) continue;
    const { model, training } = parts;
    if (!isUnknown(training)) variety.add({ model, training: withoutNames(training, ["epochs"]) });
    isUnited ||= [...parts.data, ...model].some(({ sameDataAs }) => sameDataAs !== undefined);
  }
  const { varying } = variety;
  return { tally, isUnited, names: { varying, all: [...new Set([...axisNames, ...varying])] } };
}

async function* endedRuns(store: StoreReader, runIds: readonly number[]) {
  const spelt = spelling();
  for await (const run of store.runs({ runIds }))
    if (run.status === "done" || run.status === "error") yield { run, parts: partsOf(run, spelt) };
}

/** All that there are. */
async function dataModules(store: StoreReader, runIds: readonly number[]): Promise<readonly (readonly ModuleSpec[])[]> {
  const modules = new Map<string, readonly ModuleSpec[]>();
  for await (const { parts } of endedRuns(store, runIds))
    for (const module of parts?.data ?? []) modules.set(JSON.stringify(module), [module]);
  return [...modules.values()];
}

/** Equal for runs that are repetitions of each other, however their options are spelt. Folds are repetitions. */
function modelIdentity({ data, model, training }: PipelineParts, axes: Texts): string {
  // How far a run has been trained since makes no other model of it.
  const epochs: Texts = axes.epochs === undefined ? {} : { epochs: axes.epochs };
  const values = sortedValues({ ...withoutNames(training, ["epochs"]), ...epochs });
  return JSON.stringify([identityOf(data, [foldOption]), identityOf(model), values]);
}

/** Of options of [PROCESS]. */
interface Names {
  /** Models differ in them, as after two experiments with different learning rates. */
  readonly varying: readonly string[];
  /** What models show, in one order for all. */
  readonly all: readonly string[];
}

type Label = Pick<ModelSummary, "model" | "data">;

/** What the models of these runs are called. */
async function labelsOfRuns(
  store: StoreReader,
  runIds: readonly number[],
  names: Names,
  unify: Unify = (parts) => parts,
): Promise<ReadonlyMap<number, Label>> {
  const labels = new Map<number, Label>();
  for await (const { run, parts } of endedRuns(store, runIds))
    labels.set(run.runId, labelOf(run, parts && unify(parts), names));
  return labels;
}

/** Its data count without their fold. */
function labelOf({ description, pipeline }: RunRecord, parts: PipelineParts | undefined, names: Names): Label {
  // It has no pipeline that can be read.
  if (parts === undefined) return { model: description, data: "" };
  const { model, training } = parts;
  const data = foldOf(parts) === undefined ? parts.data : withoutOptions(parts.data, [foldOption]);
  // The options of [PROCESS] in which the pipelines of its experiment differ.
  const axes = pipeline?.training ?? {};
  const shown = names.all.filter((name) => axes[name] !== undefined || names.varying.includes(name));
  const texts = varyingTexts({ model, training: { ...training, ...axes } }, shown);
  return {
    model: describePipeline({ modules: [...data, ...model], training: Object.fromEntries(texts) }),
    data: describeModules(data),
  };
}

function rank({ testLoss }: ModelFigures): number {
  return testLoss === null || Number.isNaN(testLoss) ? Number.POSITIVE_INFINITY : testLoss;
}

/** Infinities are equal, which their difference does not say. */
function compareRanks(one: number, other: number): number {
  return one === other ? 0 : one - other;
}
