/** Runs of a database that were trained on folds of patches, by what they were trained on and by their model. */
import { type Checked, ConfigurationError, checkValues, component, nestTexts, schema } from "@ml-mosaic/configurable";
import { BaseModel } from "@ml-mosaic/training";
import type { RunRecord, StoreReader } from "ml-mosaic/reading";
import { PatchesData } from "../datasets/patches-data.ts";

const packageName = "@ml-mosaic/bigsf";

/** What Mosaic itself asks of a data module. */
const ownOptions: ReadonlySet<string> = new Set(["fold", "batch_size"]);

type Module = NonNullable<RunRecord["pipeline"]>["modules"][number];

export interface FoldRun {
  readonly runId: number;
  readonly experimentId: number | undefined;
  /** Counted from 1. */
  readonly fold: number;
  /** As the clock's milliseconds; later where it was trained further. */
  readonly finished: number | undefined;
  readonly result: Readonly<Record<string, number | null>>;
}

export interface FoldedModel {
  readonly name: string;
  /** Its class and options, where one module of BigSF is the whole model. */
  readonly module: Module | undefined;
  readonly runs: readonly FoldRun[];
}

export interface FoldedData {
  readonly module: Module;
  /** Of the experiment, where its paths start. */
  readonly experimentId: number | undefined;
  readonly models: readonly FoldedModel[];
}

/** More runs are not looked through for maps. */
const mostRuns = 5000;

/** Whether the last run is one of these: a database of others is not read for it. */
export async function hasFoldRuns(reader: StoreReader): Promise<boolean> {
  for await (const run of reader.runs({ last: 1 })) if (dataModule(run) !== undefined) return true;
  return false;
}

/** Runs that are done. */
export async function foldRuns(reader: StoreReader): Promise<readonly FoldedData[]> {
  const found = new Map<
    string,
    { data: FoldedData; models: Map<string, FoldedModel & { readonly runs: FoldRun[] }> }
  >();
  for await (const run of reader.runs({ status: "done", last: mostRuns })) {
    const module = dataModule(run);
    if (module === undefined || run.pipeline === undefined) continue;
    const experimentId = run.details?.experimentId;
    const key = dataKey({ module, experimentId });
    const known = found.get(key) ?? { data: { module, experimentId, models: [] }, models: new Map() };
    found.set(key, known);
    const { models } = known;
    const others = run.pipeline.modules.filter((each) => each !== module);
    const dataOptions = new Set(Object.keys(module.options).map((name) => `${module.className}_${name}`));
    // Data have no part in the name of a model, and options of all modules are among the run's.
    const told = run.params.filter(
      ([name]) => !dataOptions.has(name) && name !== `${module.type}_key` && name !== "pipeline",
    );
    const name = JSON.stringify([others, told]);
    const model = models.get(name) ?? {
      name: others
        .map(({ key: own, className, options }) =>
          own === "" ? `${className}(${Object.values(options).join(",")})` : own,
        )
        .join(" + "),
      module: others.length === 1 && others[0]?.path === packageName ? others[0] : undefined,
      runs: [],
    };
    models.set(name, model);
    model.runs.push({
      runId: run.runId,
      experimentId,
      fold: Number(module.options.fold ?? 1),
      finished: run.details?.finishedAt?.getTime(),
      result: run.result ?? {},
    });
  }
  return Array.from(found.values(), ({ data, models }) => ({ ...data, models: [...models.values()] }));
}

/** The same for all folds, batch sizes and models of the same data. */
export function dataKey({ module, experimentId }: Pick<FoldedData, "module" | "experimentId">): string {
  return JSON.stringify([experimentId, module.className, sourceOptions(module)]);
}

/** Mean of a figure over runs; NaN where there is none. */
export function meanOfRuns({ runs }: Pick<FoldedModel, "runs">, name: string, ofFold?: number): number {
  const values = runs
    .filter(({ fold }) => ofFold === undefined || fold === ofFold)
    .map(({ result }) => result[name] ?? Number.NaN);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export interface Ranked {
  readonly model: FoldedModel;
  /** Whether its loss is the lowest of several. */
  readonly isBest: boolean;
}

/** Lowest loss first; behind them, as they came, those whose loss is not finite. */
export function rankedBy(lossName: string, models: readonly FoldedModel[]): readonly Ranked[] {
  const losses = models.map((model) => ({ model, loss: meanOfRuns(model, lossName) }));
  const finite = losses.filter(({ loss }) => Number.isFinite(loss)).toSorted((one, other) => one.loss - other.loss);
  const others = losses.filter(({ loss }) => !Number.isFinite(loss));
  return [...finite, ...others].map(({ model }, rank) => ({
    model,
    isBest: rank === 0 && finite.length > 0 && models.length > 1,
  }));
}

function dataModule({ pipeline }: RunRecord): Module | undefined {
  return pipeline?.modules.find(
    ({ path, className }) =>
      path === packageName && (className === PatchesData.name || PatchesData.aliases.includes(className)),
  );
}

function sourceOptions({ options }: Module): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !ownOptions.has(name)));
}

const dataSchema = { data: schema(component(PatchesData)) };
const modelSchema = { model: schema(component(BaseModel)) };

/** The data as the runs had them. Nothing is written, the table of folds neither. */
export function makeData(module: Module, folder: string): PatchesData {
  const options = { type: module.className, ...sourceOptions(module), "folds.save_indices": "false" };
  return madeOf(checkValues(dataSchema, nestTexts(under("data", options), dataSchema), { text: true, folder })).data;
}

/** Without what it has learnt. */
export function makeModel({ className, options }: Module): BaseModel {
  const given = under("model", { type: className, ...options });
  return madeOf(checkValues(modelSchema, nestTexts(given, modelSchema), { text: true })).model;
}

function under(name: string, options: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(options).map(([option, text]) => [`${name}.${option}`, text]));
}

function madeOf<Values>(checked: Checked<Values>): Values {
  if (!checked.ok) throw new ConfigurationError(checked.problems);
  return checked.values;
}
