/** Snapshots from outside of a training: what they say of themselves, and the model in them. */
import { isPlainObject } from "@ml-mosaic/base";
import { type ConfigObject, loadImports } from "@ml-mosaic/configurable";
import { readSafetensors, type StateDict, type StateEntry } from "@ml-mosaic/tensor";
import { BaseModel } from "../components/base-model.ts";
import { TrainingError } from "../errors.ts";
import { readHeaderText } from "../header-json.ts";
import { readInfo, type TrainInfo } from "../snapshot.ts";

/** A snapshot that a Trainer made. */
export interface TrainerSnapshot {
  readonly tensors: StateDict;
  /** The whole configuration of the run. */
  readonly globalConfig: ConfigObject;
  readonly modelConfig: ConfigObject;
  /** What the data said of itself. */
  readonly dataInfo: ConfigObject;
  readonly trainInfo: TrainInfo;
  /** Which split of the data the run was of, counted from 0. */
  readonly split: number;
  /** Metrics of the evaluated set after the last whole epoch before it, by name. */
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** @throws TrainingError if the file is no snapshot of a Trainer */
export async function readTrainerSnapshot(path: string): Promise<TrainerSnapshot> {
  const { tensors, metadata } = await readSafetensors(path);
  const { GLOBAL_CONFIG: globalText = "", MODEL_CONFIG: modelText = "", TRAIN_INFO: infoText = "" } = metadata;
  const [globalConfig, modelConfig] = [readHeaderText(globalText), readHeaderText(modelText)];
  if (!isPlainObject(globalConfig) || !isPlainObject(modelConfig)) {
    throw new TrainingError(
      "TRAINING_SNAPSHOT",
      `${path} has no GLOBAL_CONFIG and MODEL_CONFIG: it was not made by a Trainer`,
    );
  }
  const dataInfo = readHeaderText(metadata.DATA_INFO ?? "");
  const trainInfo = readInfo(path, infoText);
  const split: unknown = Reflect.get(trainInfo, "split");
  const metrics: unknown = Reflect.get(trainInfo, "metrics");
  return {
    tensors,
    globalConfig,
    modelConfig,
    dataInfo: isPlainObject(dataInfo) ? dataInfo : {},
    trainInfo,
    split: typeof split === "number" ? split : 0,
    metrics: isPlainObject(metrics) ? metrics : {},
  };
}

const modelPrefix = "MODEL_STATE/";
const averagePrefix = "OPTIMIZER_STATE/average/";

/**
 * The values of the model, by path: what was evaluated, which is the moving average of the weights where the optimizer
 * keeps one.
 */
export function modelState(tensors: StateDict): StateDict {
  const state = new Map<string, StateEntry>();
  for (const [name, entry] of tensors) {
    if (!name.startsWith(modelPrefix)) continue;
    const path = name.slice(modelPrefix.length);
    state.set(path, tensors.get(`${averagePrefix}${path}`) ?? entry);
  }
  return state;
}

/**
 * Builds the model of a snapshot, in evaluation mode, with the classes that its configuration imports.
 *
 * @throws TrainingError if the file is no snapshot of a Trainer, ConfigurationError if a class is not known
 */
export async function loadSnapshotModel(
  path: string,
): Promise<{ readonly model: BaseModel; readonly snapshot: TrainerSnapshot }> {
  const snapshot = await readTrainerSnapshot(path);
  await loadImports(snapshot.globalConfig.imports, process.cwd());
  const model = BaseModel.fromConfig(snapshot.modelConfig, { context: `${path}: MODEL_CONFIG` });
  model.loadStateDict(modelState(snapshot.tensors));
  model.eval();
  return { model, snapshot };
}
