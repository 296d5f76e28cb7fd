import { dirname, resolve } from "node:path";
import type { ConfigObject } from "@ml-mosaic/configurable";
import { checkDevice, Generator, manualSeed, type metrics, parseDevice } from "@ml-mosaic/tensor";
import type { BaseData } from "../components/base-data.ts";
import type { BaseModel } from "../components/base-model.ts";
import type { EpochRecord } from "../history.ts";
import { logName } from "../trackers/csv.ts";
import type { TrainerState } from "../train.ts";
import { configIn, type Experiment, type ReadExperimentOptions, readExperiment } from "./experiment.ts";
import { readTrainerSnapshot } from "./model-state.ts";
import { fit, type RunOptions, type RunParts, test } from "./run.ts";
import { type Existing, RunFolder } from "./run-folder.ts";
import type { TrainerSettings } from "./settings.ts";
import { RunSnapshots } from "./snapshots.ts";
import { startingPoint } from "./starting-point.ts";
import type { TestResult } from "./test-result.ts";
import { RunTrackers } from "./trackers.ts";
import { TrainingLog } from "./training-log.ts";

export interface TrainerOptions extends ReadExperimentOptions {
  /** Which split of the data, counted from 0. */
  readonly split?: number | undefined;
  /** What to do where the run's folder holds this run already: go on with it (the default), refuse, or begin anew. */
  readonly existing?: Existing | undefined;
}

export type SnapshotOptions = Pick<ReadExperimentOptions, "overrides">;

export interface RunResult {
  /** The run's folder. */
  readonly folder: string;
  /** Epochs done, those before a resumption included. */
  readonly epochsDone: number;
  /** The epochs of this call. */
  readonly epochs: readonly EpochRecord[];
  /** Epoch and loss of the smallest validation loss; absent where there is none. */
  readonly best: TrainerState["best"];
  readonly stoppedEarly: boolean;
  readonly paused: boolean;
  /** Absent where there is no test set, or the run was paused. */
  readonly test: TestResult | undefined;
  readonly warnings: readonly string[];
}

/** A trainer that is being made; it may be told to train at once. */
export type LoadingTrainer = Promise<Trainer> & Pick<Trainer, "train">;

/**
 * Trains what a configuration describes: `imports`, `data` and `trainer`. Everything about a run is in its folder,
 * `<output_dir>/<run_name>`, from which it goes on after a pause or a kill, bit for bit.
 *
 * @example
 * const trainer = await Trainer.fromConfig("training.yaml");
 * const { best, test } = await trainer.train();
 */
export class Trainer {
  /** The whole configuration, every default written out. */
  readonly config: ConfigObject;
  readonly settings: TrainerSettings;
  readonly data: BaseData;
  readonly model: BaseModel;
  /** Which split of the data, counted from 0. */
  readonly split: number;
  /** The run's folder. */
  readonly folder: string;
  readonly #metrics: readonly metrics.Metric[];
  #existing: Existing;
  /** The snapshot that this trainer was made of. */
  #snapshot: string | undefined;

  private constructor(
    experiment: Experiment,
    folder: string,
    { split, existing, snapshot }: { split: number; existing: Existing; snapshot?: string },
  ) {
    const { data, trainer } = experiment;
    this.config = configIn(experiment, folder);
    this.settings = trainer;
    this.data = data;
    this.split = split;
    this.folder = folder;
    this.#existing = existing;
    this.#snapshot = snapshot;
    this.#metrics = trainer.namedMetrics();
    // For models that draw from the generator that is used where none is given.
    manualSeed(trainer.seed);
    this.model = trainer.model();
    this.model.initialize(new Generator(trainer.seed).stream("initialization"));
  }

  /**
   * @param config an object, or the path of a YAML file
   * @throws ConfigurationError with every problem there is
   */
  static fromConfig(config: string | ConfigObject, options: TrainerOptions = {}): LoadingTrainer {
    return loading(Trainer.#read(config, options));
  }

  /**
   * Goes on from a snapshot of a run with all that it says of itself, in the folder where it lies.
   *
   * @throws TrainingError if the file is no snapshot of a Trainer, ConfigurationError if its configuration is not usable
   */
  static fromSnapshot(path: string, options: SnapshotOptions = {}): LoadingTrainer {
    return loading(Trainer.#readSnapshot(path, options));
  }

  static async #read(
    config: string | ConfigObject,
    { split = 0, existing = "resume", ...options }: TrainerOptions,
  ): Promise<Trainer> {
    const experiment = await readExperiment(config, options);
    const { output_dir, run_name } = experiment.trainer;
    return new Trainer(experiment, resolve(output_dir, run_name), { split, existing });
  }

  static async #readSnapshot(path: string, { overrides }: SnapshotOptions): Promise<Trainer> {
    const { globalConfig, split } = await readTrainerSnapshot(path);
    const folder = dirname(resolve(path));
    const experiment = await readExperiment(globalConfig, { overrides, folder });
    return new Trainer(experiment, folder, { split, existing: "resume", snapshot: resolve(path) });
  }

  /**
   * Trains to the last epoch, or to where early stopping ends it; then the test set is evaluated with the best epoch's
   * values, which the model has afterwards. A run that was begun before goes on where it stopped.
   *
   * @throws TrainingError where the run's folder belongs to another run, or the data cannot be trained on
   */
  async train(options: RunOptions = {}): Promise<RunResult> {
    const folder = new RunFolder(this.folder);
    const unlock = await folder.lock();
    try {
      if (this.#snapshot === undefined) await folder.claim(this.config, this.#existing);
      await checkDevice(parseDevice(this.settings.device));
      const from = await startingPoint(this.#snapshot ?? folder.snapshot("last"), this.split, this.settings);
      await folder.writeConfig(this.config);
      const result = await this.#run(folder, from, options);
      // Told to train once more, it goes on from there.
      this.#snapshot = undefined;
      this.#existing = "resume";
      return result;
    } finally {
      await this.data.close();
      await unlock();
    }
  }

  async #run(folder: RunFolder, from: RunParts["from"], options: RunOptions): Promise<RunResult> {
    const { settings, model, split } = this;
    const warnings: string[] = [];
    const warn = (message: string) => {
      warnings.push(message);
      options.onWarning?.(message);
    };
    const generator = new Generator(settings.seed).stream("data", split);
    const loaders = await this.data.loaders({ split, batchSize: settings.batch_size, generator });
    const snapshots = new RunSnapshots({
      folder,
      model,
      config: this.config,
      settings,
      split,
      dataInfo: loaders.info ?? {},
    });
    const trackers = new RunTrackers(settings.trackers, warn);
    const parts = { settings, model, metrics: this.#metrics, loaders, snapshots, trackers, from, options, warn };
    const epochsDone = from?.trainInfo.epoch ?? 0;
    const { epochs: earlier } = await TrainingLog.open(folder.file(logName), epochsDone);
    await trackers.start({ runName: folder.name, folder: folder.path, config: this.config, epochsDone, earlier });
    try {
      const trained = await fit(parts);
      const tested = trained.paused ? "paused" : await test(parts, trained);
      const paused = tested === "paused";
      if (paused) await snapshots.saveLast(trained);
      const result = paused ? undefined : tested;
      await trackers.end({ status: paused ? "paused" : "finished", test: result });
      const { state, epochs, stoppedEarly } = trained;
      return {
        folder: folder.path,
        epochsDone: state.epoch,
        epochs,
        best: state.best,
        stoppedEarly,
        paused,
        test: result,
        warnings,
      };
    } catch (error) {
      await trackers.end({ status: "failed" });
      throw error;
    }
  }
}

function loading(trainer: Promise<Trainer>): LoadingTrainer {
  return Object.assign(trainer, { train: async (options?: RunOptions) => (await trainer).train(options) });
}
