import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkValues, describeProblem } from "@ml-mosaic/configurable";
import { type ExecutorName, Generator, type nn, Tensor } from "@ml-mosaic/tensor";
import { BaseLoss, type EpochRecord, type TrainableModel, train } from "@ml-mosaic/training";
import { readClassSource } from "../config/class-source.ts";
import { type RunSettings, runSettings } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { resultOf } from "../figures/run-figures.ts";
import { loadClass, type UserClass } from "../modules/load-class.ts";
import { moduleSchema } from "../modules/module-schema.ts";
import { beginUserFiles, checkUserFiles } from "../modules/user-files.ts";
import type { ModuleSpec } from "../pipelines/pipeline.ts";
import { stagesOf } from "../pipelines/run-params.ts";
import type { Artifact, Completion, Observed } from "../store/index.ts";
import { buildChain, type Chain, chainModel, type Stage } from "./chain.ts";
import { codeText } from "./code-record.ts";
import { digestOfLoaders } from "./data-digest.ts";
import { engineDevice } from "./device.ts";
import { checkFence } from "./fence.ts";
import type { RunOrder } from "./order.ts";
import { openResumption } from "./resumption.ts";
import { openRunFiles } from "./run-files.ts";
import { runInfoText } from "./run-info.ts";
import { openRunSnapshots } from "./run-snapshots.ts";
import { saveChain, saveState } from "./save-run.ts";

export type RunOutcome =
  | ({ readonly kind: "done" } & Pick<Required<Completion>, "result" | "directions" | "artifacts"> & Observed)
  /** It was asked to pause: its snapshot holds `epochs` whole epochs and what it has of the next. */
  | ({ readonly kind: "paused"; readonly epochs: number; readonly artifacts: readonly Artifact[] } & Observed)
  /** It was asked to pause and has kept nothing to go on from: it starts again where it started. */
  | { readonly kind: "left" };

export interface RunProgress {
  /** Called when all modules are constructed and prepared. */
  onPrepared(): void;
  /** Called whenever the run has come forward, after a call into the runtime with the seconds that it took. */
  onWork(callSeconds?: number): void;
  /** Called after every epoch. */
  onEpoch(record: EpochRecord, epochs: number): void | Promise<void>;
  /** Aborted: leave the run where it is. */
  readonly pause: AbortSignal;
  /** A snapshot is to be there so many seconds after the last one. */
  readonly snapshotSeconds?: number | undefined;
  /** Called when one is there, after what is said of its epochs. */
  onSnapshot(snapshot: RunSnapshot): void;
}

/** What a run goes on from where its worker dies. */
export type RunSnapshot = Pick<Observed, "executor"> & {
  /** Whole ones. */
  readonly epochs: number;
  readonly artifacts: readonly Artifact[];
};

/** Carries out one run: prepare, train, save. Throws whatever the users' modules throw. */
export async function executeRun(order: RunOrder, progress: RunProgress): Promise<RunOutcome> {
  const start = performance.now();
  beginUserFiles(order.files && new Map(Object.entries(order.files)));
  const settings = await runSettings(order.process, order.folder);
  await using chain = await prepareRun(order);
  progress.onPrepared();
  const resumption = await openResumption(order, chain);
  const seconds = () => (resumption?.seconds ?? 0) + (performance.now() - start) / 1000;
  const notes = () => ({ seconds: seconds(), code: codeText(chain.files, order.folder) });
  const snapshots = openRunSnapshots(order, chain, notes, progress);
  for (const record of resumption?.unrecorded ?? []) await progress.onEpoch(record, settings.epochs);
  const trained = await train({
    ...(await trainingOf(order, settings, chain, resumption?.executor ?? order.executor)),
    epochs: settings.epochs,
    resumeFrom: resumption?.load,
    pause: progress.pause,
    onWork: progress.onWork,
    snapshots,
    onEpoch(record) {
      snapshots?.onEpoch(record);
      return progress.onEpoch(record, settings.epochs);
    },
  });
  checkUserFiles();
  const { executor = "onnx" } = trained.state;
  const observed = { executor, dataDigest: await digestOfLoaders(chain.loaders) };
  const { filesFolder, runId } = order;
  await using files = filesFolder === undefined ? undefined : await openRunFiles(filesFolder, () => checkFence(order));
  if (files !== undefined) await saveState(files, runId, chain, trained, notes(), progress.onWork);
  if (trained.paused) {
    return { kind: "paused", epochs: trained.state.epoch, artifacts: (await files?.publish()) ?? [], ...observed };
  }
  if (files !== undefined) await saveChain(files, runId, chain);
  const { parameters } = chainModel(chain.links);
  const parameterCount = parameters.reduce((sum, { numel, requiresGrad }) => sum + (requiresGrad ? numel : 0), 0);
  const history = [...(resumption?.earlierEpochs ?? []), ...trained.history];
  const result = resultOf({ history, parameterCount, durationSeconds: seconds() });
  const directions = Object.fromEntries(settings.metrics.map(({ name, direction = "higher" }) => [name, direction]));
  await files?.write("info", (folder) =>
    writeFileSync(
      join(folder, `run_info_${runId}.mdt`),
      runInfoText({ ...order, executor }, result, trained.stoppedEarly),
    ),
  );
  return { kind: "done", result, directions, artifacts: (await files?.publish()) ?? [], ...observed };
}

/** Builds a run up to its compiled training and the first loss of an evaluation, and trains nothing. */
export async function checkRun(order: RunOrder): Promise<void> {
  beginUserFiles(order.files && new Map(Object.entries(order.files)));
  const settings = await runSettings(order.process, order.folder);
  await using chain = await prepareRun(order);
  const training = await trainingOf(order, settings, chain);
  await train({ ...training, epochs: 0 });
  const { model, loss } = training;
  for await (const batch of training.evaluationLoader) {
    const target = batch.at(-1);
    const output = model.forward(...batch.slice(0, -1));
    const prediction = output instanceof Tensor ? output : output.at(-1);
    if (prediction !== undefined && target !== undefined) loss.forward(prediction, target);
    break;
  }
}

async function trainingOf(
  order: RunOrder,
  settings: RunSettings,
  { loaders, figures, links, refuseObjections, refuseUnread }: Chain,
  before?: ExecutorName,
) {
  refuseObjections(settings.asked);
  const [trainLoader, evaluationLoader] = loaders;
  const loss = await lossOf(settings, order.folder);
  const device = engineDevice(order.device);
  // On a graphics device there is nothing for them to share.
  const threads = device === "cpu" ? settings.threads : 1;
  // Elsewhere there is nothing to choose.
  const goesOn = settings.executor === "auto" && device === "cpu" && threads === 1;
  return {
    model: checkedOnce(chainModel(links), refuseUnread),
    loss,
    // What is right for a loss of another package, which may judge parts of a target, is not known here.
    accuracy: !(loss instanceof BaseLoss),
    optimizer: settings.optimizer,
    scheduler: settings.scheduler,
    clipNorm: settings.clipNorm,
    clipValue: settings.clipValue,
    accumulate: settings.accumulate,
    earlyStopping: settings.earlyStopping,
    monitor: settings.monitor,
    metrics: [
      ...settings.metrics,
      ...figures.filter(({ name }) => !settings.metrics.some((each) => each.name === name)),
    ],
    trainMetrics: true,
    trainLoader,
    evaluationLoader,
    generator: new Generator(order.seed).stream("training"),
    device,
    executor: goesOn ? (before ?? settings.executor) : settings.executor,
    threads,
  };
}

/** Calls `check` when the model has been computed for the first time, which is before anything is trained. */
function checkedOnce(model: TrainableModel, check: () => void): TrainableModel {
  let checked = false;
  return {
    ...model,
    forward(...features) {
      const output = model.forward(...features);
      if (!checked) check();
      checked = true;
      return output;
    },
  };
}

/** Loads, constructs and prepares the modules of a run, and trains nothing. */
export async function prepareRun({
  pipeline,
  process,
  folder,
  runId,
  device,
  seed,
  repetition,
}: RunOrder): Promise<Chain> {
  const { data, model } = stagesOf(pipeline, process);
  const found = (modules: readonly ModuleSpec[]) => Promise.all(modules.map((spec) => findStage(spec, folder)));
  return buildChain({
    dataStages: await found(data),
    pipelineStages: await found(model),
    folder,
    facts: { run_id: runId, device, seed, repetition },
  });
}

async function findStage(spec: ModuleSpec, folder: string): Promise<Stage> {
  const source = await readClassSource(spec.path, { folder, start: folder });
  if (!source.ok)
    throw new MosaicError("BAD_MODULE_SOURCE", `${spec.className}: ${source.fault.message} ${source.fault.remedy}`);
  return { spec, source: source.source };
}

async function lossOf({ loss }: RunSettings, folder: string): Promise<nn.Loss> {
  if (loss.kind === "registered") return loss.loss;
  const userClass = await loadClass(loss.source, loss.className, folder);
  const instance = new userClass(defaultsOf(userClass, loss.className));
  if (!isLoss(instance))
    throw new MosaicError(
      "BREACH_OF_CONTRACT",
      `${loss.className}: a loss needs the method forward(prediction, target)`,
    );
  return instance;
}

/** A loss of one's own takes no options from the configuration. */
function defaultsOf(userClass: UserClass, name: string): Readonly<Record<string, unknown>> {
  const schema = moduleSchema(userClass);
  if (schema === undefined || schema === "unusable") return {};
  const checked = checkValues(schema.all, {});
  if (checked.ok) return checked.values;
  throw new MosaicError("MISSING_OPTION", `${name}: ${checked.problems.map(describeProblem).join("; ")}`);
}

function isLoss(instance: object): instance is nn.Loss {
  return typeof Reflect.get(instance, "forward") === "function";
}
