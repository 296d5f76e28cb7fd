/** Decides which of the planned runs are to be carried out, and puts them into the store. */
import { take } from "@ml-mosaic/base";
import { countPipelines, type Experiment } from "../config/index.ts";
import { textsFor } from "../pipelines/applying-options.ts";
import { codeName, type Pipeline } from "../pipelines/pipeline.ts";
import { processParams } from "../pipelines/run-params.ts";
import type { Continuation, FoundRun, NewRun, RunRecord, Store } from "../store/index.ts";
import { dataFilesRecord, readDataFiles } from "./data-files.ts";
import { earlierForms } from "./earlier-identities.ts";
import { commandGiven, engineVersion, machineFacts } from "./environment.ts";
import { type ExperimentOrigin, folderRecord, identitiesNow, readExperimentOrigins } from "./experiment-origin.ts";
import { gitRevision } from "./git-revision.ts";
import { byMeaning, type IdentityForm, runIdentity } from "./identity.ts";
import { knownSpellings } from "./known-spellings.ts";
import { recordFacts } from "./monitoring-facts.ts";
import { type ExperimentCode, type PlannedRun, planRuns } from "./plan.ts";
import type { Adding, Queued } from "./queued.ts";

export interface ExperimentQueue extends Queued {
  /** Runs that were not there before. */
  readonly added: number;
  /** Unfinished runs of earlier calls that are taken up. */
  readonly resumed: number;
  /** Runs that are done already. */
  readonly done: number;
  /** Runs that were removed and stay so. */
  readonly removed: number;
  /** Done runs that have fewer epochs than the configuration asks for. */
  readonly shorter: readonly ShorterRun[];
  /** Of those that are taken up, how many take the epochs that the configuration asks for now, and which keep another number. */
  readonly otherEpochs: { readonly taken: number; readonly kept: readonly number[] };
  /** Runs among the added that the database has with another text of their modules. */
  readonly changed: ChangedRuns;
}

export interface ShorterRun {
  readonly runId: number;
  /** Epochs that it lacks. */
  readonly missing: number;
}

export interface ChangedRuns {
  readonly count: number;
  /** `path_to_class` of the modules whose text is another one. */
  readonly modules: readonly string[];
}

const noneChanged: ChangedRuns = { count: 0, modules: [] };

/** So many are in the database before any is carried out: what is killed early has left all of most experiments there. */
const addedFirst = 1000;
/** Of the others so many at a time, which takes as long as a worker has orders for. */
const addedTogether = 100;

export interface QueueOptions {
  /** Carry out only what is missing, instead of everything anew. */
  readonly continued: boolean;
  readonly retryErrors: boolean;
  /** Carry out anew what was removed. */
  readonly restoreRemoved: boolean;
}

export async function enqueueRuns(
  store: Store,
  experiment: Experiment,
  code: ExperimentCode,
  { continued, ...wanted }: QueueOptions,
): Promise<ExperimentQueue> {
  const earlier = continued ? await readExperimentOrigins(store) : [];
  await countByMeaning(store, earlier, code);
  const { files } = code;
  const experimentId = await recordExperiment(store, experiment, code, {
    identities: identitiesNow,
    ...dataFilesRecord(readDataFiles(experiment)),
  });
  const planned = () => planRuns(experiment, code);
  const known = continued ? await sortKnown(store, planned(), wanted) : undefined;
  const requeued = known?.requeued ?? [];
  await store.requeueRuns(experimentId, requeued);
  const reordered = known?.reordered ?? [];
  const taken = new Set(await store.orderEpochs(reordered));
  const respell = await knownSpellings(store, code);
  const missing = (known === undefined ? planned() : missingRuns(planned(), known)).map(respell);
  const { firstRunId } = await store.addRuns(experimentId, take(missing, addedFirst));
  const added = known === undefined ? countRuns(experiment) : countTrue(known.isMissing);
  const changed =
    added === 0 ? noneChanged : await findChanged(store, experiment, code, known?.isMissing ?? [], earlier);
  const { monitor, folder, start, file: configuration, overrides } = experiment;
  return {
    experimentId,
    count: requeued.length + added,
    runIds: [...(known?.done ?? []), ...(known?.failed ?? []), ...requeued, ...countedFrom(firstRunId, added)],
    failedBefore: known?.failed.length ?? 0,
    monitor,
    folder,
    start,
    configuration,
    overrides,
    files,
    acceptsCode: false,
    adding: added > addedFirst ? addOthers(store, experimentId, missing, added - addedFirst) : undefined,
    added,
    resumed: requeued.length,
    done: known?.done.length ?? 0,
    removed: known?.removed ?? 0,
    shorter: known?.shorter ?? [],
    otherEpochs: {
      taken: taken.size,
      kept: reordered.map(({ runId }) => runId).filter((runId) => !taken.has(runId)),
    },
    changed,
  };
}

/** Their ids follow those of the first ones. */
function addOthers(store: Store, experimentId: number, runs: Iterator<NewRun>, count: number): Adding {
  const stopped = new AbortController();
  const wanted = function* () {
    for (let next = runs.next(); next.done !== true && !stopped.signal.aborted; next = runs.next()) yield next.value;
  };
  const done = store.addRuns(experimentId, wanted(), addedTogether).then((added) => count - added.count);
  // Whoever carries runs out asks for it when there is time.
  done.catch(() => undefined);
  return { done, stop: () => stopped.abort() };
}

function countRuns(experiment: Experiment): number {
  return countPipelines(experiment) * experiment.monitor.multiplicity;
}

function countTrue(flags: readonly boolean[]): number {
  return flags.reduce((count, flag) => count + Number(flag), 0);
}

/** Runs whose identity is of what was written, as it was before, get that of what it means. */
async function countByMeaning(store: Store, earlier: readonly ExperimentOrigin[], code: ExperimentCode): Promise<void> {
  const now = byMeaning(code.classes);
  const before = earlierForms(code.classes);
  for (const { experimentId, modules: digests, isByMeaning } of earlier) {
    if (isByMeaning) continue;
    const textNow = ([path, digest]: readonly [string, string]): [string, string] => {
      const isSame = digest === code.earlierDigests.get(path);
      return [path, (isSame ? code.digests.get(path) : undefined) ?? digest];
    };
    const digestsNow = new Map(Array.from(digests, textNow));
    const identities: [runId: number, identity: string][] = [];
    const add = (
      { runId, pipeline, params }: Pick<RunRecord, "runId" | "pipeline" | "params">,
      known: KnownIdentity,
    ) => {
      // What the types of other classes say of their values is not known now.
      if (pipeline?.modules.every((module) => code.digests.has(codeName(module))) !== true) return;
      const process = processParams(pipeline, params);
      const identity = (form: IdentityForm) =>
        runIdentity(pipeline, process, known.repetition ?? 0, { ...form, digests });
      if (before.some((form) => identity(form) === known.identity))
        identities.push([
          runId,
          runIdentity(pipeline, textsFor(pipeline.modules, process), known.repetition ?? 0, {
            ...now,
            digests: digestsNow,
          }),
        ]);
    };
    for await (const run of store.runs({ experimentId })) if (run.details !== null) add(run, run.details);
    for await (const run of store.removedRuns()) if (run.experimentId === experimentId) add(run, run);
    await store.updateIdentities(identities);
  }
}

interface KnownIdentity {
  readonly identity: string | undefined;
  readonly repetition: number | undefined;
}

interface KnownRuns {
  readonly done: readonly number[];
  readonly shorter: readonly ShorterRun[];
  /** Unfinished runs, and failed ones that are tried again. */
  readonly requeued: readonly number[];
  /** Those of them that were asked for another number of epochs than they would be now. */
  readonly reordered: readonly Pick<Continuation, "runId" | "epochs">[];
  /** Failed runs that stay as they are. */
  readonly failed: readonly number[];
  /** How many were removed and stay so. */
  readonly removed: number;
  /** Of each planned run, by its place in the plan: the runs themselves may be too many to hold. */
  readonly isMissing: readonly boolean[];
  /** Of missing runs, by their place, what has computed another repetition of theirs. */
  readonly executors: ReadonlyMap<number, string>;
}

/** Runs that are looked up in one go. */
const lookedUp = 1000;

/** What of the planned runs the database has, and how they stand there. */
async function sortKnown(
  store: Store,
  planned: Iterable<PlannedRun>,
  { retryErrors, restoreRemoved }: Omit<QueueOptions, "continued">,
): Promise<KnownRuns> {
  const isMissing: boolean[] = [];
  const requeued: number[] = [];
  const reordered: Pick<Continuation, "runId" | "epochs">[] = [];
  const done: number[] = [];
  const failed: number[] = [];
  const shorter: ShorterRun[] = [];
  const executors = new Map<number, string>();
  const executorOf = new WeakMap<Pipeline, string>();
  let removed = 0;
  for (const runs of chunksOf(planned, lookedUp)) {
    const firstPlace = isMissing.length;
    const identities = runs.map(({ identity }) => identity);
    const unnamed = runs.flatMap(({ named }) => (named === undefined ? [] : [named.unnamed]));
    const known = await store.findRuns([...identities, ...unnamed]);
    const foundFor = ({ identity, named }: PlannedRun) => [
      ...(known.get(identity) ?? []),
      ...(known.get(named?.unnamed ?? "") ?? []).filter(({ executor }) => executor === named?.executor),
    ];
    const gone = restoreRemoved ? new Set<string>() : await store.findRemoved(identities);
    for (const run of runs) {
      const found = foundFor(run);
      const finished = longest(found.filter(({ status }) => status === "done"));
      const waiting = found.find(({ status }) => status === "pending" || status === "paused");
      const broken = found.find(({ status }) => status === "error");
      const isUnknown = finished === undefined && waiting === undefined && broken === undefined;
      const isRemoved = isUnknown && gone.has(run.identity);
      if (isRemoved) removed++;
      isMissing.push(isUnknown && !isRemoved);
      if (finished !== undefined) {
        done.push(finished.runId);
        // What stopped early has fewer epochs than it was asked for, and is as long as it was to be.
        if ((finished.epochsAsked ?? 0) < epochsOf(run))
          shorter.push({ runId: finished.runId, missing: epochsOf(run) - (finished.epochs ?? 0) });
        continue;
      }
      const again = waiting ?? (retryErrors ? broken : undefined);
      if (again !== undefined) {
        requeued.push(again.runId);
        if (again.epochsAsked !== epochsOf(run)) reordered.push({ runId: again.runId, epochs: epochsOf(run) });
      } else if (broken !== undefined) failed.push(broken.runId);
    }
    for (const run of runs) {
      const executor = foundFor(run).find((found) => found.executor !== null)?.executor;
      if (executor && !executorOf.has(run.pipeline)) executorOf.set(run.pipeline, executor);
    }
    for (const [index, { pipeline }] of runs.entries()) {
      const executor = executorOf.get(pipeline);
      if (executor !== undefined && isMissing[firstPlace + index] === true) executors.set(firstPlace + index, executor);
    }
  }
  return { done, shorter, requeued, reordered, failed, removed, isMissing, executors };
}

/** Further repetitions are computed by what has computed those before them. */
function* missingRuns(
  planned: Iterable<NewRun>,
  { isMissing, executors }: KnownRuns,
): Generator<NewRun, void, undefined> {
  let place = 0;
  for (const run of planned) {
    const executor = executors.get(place);
    if (isMissing[place++] === true) yield executor === undefined ? run : { ...run, executor };
  }
}

function* only<Item>(items: Iterable<Item>, isWanted: readonly boolean[]): Generator<Item, void, undefined> {
  let place = 0;
  for (const item of items) if (isWanted[place++] === true) yield item;
}

function* chunksOf<Item>(items: Iterable<Item>, size: number): Generator<readonly Item[], void, undefined> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Of the runs that were missing those that an earlier experiment had with other texts of the same modules. */
async function findChanged(
  store: Store,
  experiment: Experiment,
  { digests, classes }: ExperimentCode,
  isMissing: readonly boolean[],
  earlier: readonly ExperimentOrigin[],
): Promise<ChangedRuns> {
  const texts = new Map(earlier.map(({ modules }) => [JSON.stringify([...modules].sort()), modules]));
  /** Places in the plan. */
  const found = new Set<number>();
  const changedModules = new Set<string>();
  for (const modules of texts.values()) {
    const before = [...modules].filter(([path, digest]) => digests.has(path) && digests.get(path) !== digest);
    if (before.length === 0) continue;
    // With the texts of then, the runs of now have the identities of then.
    const then = new Map([...digests, ...before]);
    const places = isMissing.keys().filter((place) => isMissing[place] === true);
    for (const identities of chunksOf(
      only(identitiesOf(experiment, { digests: then, classes }), isMissing),
      lookedUp,
    )) {
      const known = await store.findRuns(identities);
      for (const identity of identities) {
        const { value: place } = places.next();
        if (place !== undefined && known.has(identity)) found.add(place);
      }
      if (known.size > 0) for (const [path] of before) changedModules.add(path);
    }
  }
  return { count: found.size, modules: [...changedModules] };
}

/** What was read of a configuration, from which file. */
type ConfigurationRead = Pick<Experiment, "file" | "folder" | "start" | "text" | "overrides"> &
  Partial<Pick<Experiment, "included">>;

/** Where the runs of a call come from, and what they are carried out on. */
export async function recordExperiment(
  store: Store,
  { file, folder, start, text, included, overrides }: ConfigurationRead,
  { digests, versions: others }: Pick<ExperimentCode, "digests" | "versions">,
  /** More to be recorded. */
  more: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const versions = others === "" ? engineVersion() : `${engineVersion()}, ${others}`;
  const machine = machineFacts();
  const experimentId = await store.createExperiment({
    configuration: JSON.stringify({
      file,
      ...folderRecord({ folder, start }, store.location),
      text,
      ...(Object.keys(included ?? {}).length === 0 ? {} : { included }),
      ...(overrides.length === 0 ? {} : { overrides }),
      modules: Object.fromEntries(digests),
      ...more,
    }),
    engineVersion: versions,
    machineJson: JSON.stringify({ ...machine, git: (await gitRevision(folder)) ?? "" }),
  });
  await recordFacts(store, experimentId, { command: commandGiven(), versions, ...machine });
  return experimentId;
}

function countedFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function* identitiesOf(
  experiment: Experiment,
  parts: Parameters<typeof planRuns>[1],
): Generator<string, undefined, undefined> {
  for (const { identity } of planRuns(experiment, parts)) yield identity;
  return undefined;
}

function longest(runs: readonly FoundRun[]): FoundRun | undefined {
  return runs.toSorted((a, b) => (b.epochs ?? 0) - (a.epochs ?? 0))[0];
}

function epochsOf({ pipeline, params }: NewRun): number {
  return Number(processParams(pipeline, params).epochs);
}
