/** What Mosaic asks of the users' classes. */
import type { metrics, Parameter, Tensor } from "@ml-mosaic/tensor";
import type { AnyLoader, DataObjection, DataUse } from "@ml-mosaic/training";

/** Facts that a module hands to those after it: constructor values by name, `batch_size` among them. */
export type Info = Readonly<Record<string, unknown>>;

/** What is known of the run, with everything that `info()` of the earlier modules returned. */
export interface RunInfo extends Info {
  readonly run_id: number;
  readonly device: string;
  /** The same for every pipeline of one repetition: what is drawn from it pairs up. */
  readonly seed: number;
  /** From 0. */
  readonly repetition: number;
}

/** The module's own options in the configuration file, typed by its `configSchema`. */
export type ModuleInfo = Info;

/** A stage of `data_scheme`. The last one returns the loaders of the training and the test set. */
export interface DataModule {
  /** @param data what the stage before returned; undefined for the first */
  prepare(data: unknown, runInfo: RunInfo, moduleInfo: ModuleInfo): Promise<unknown> | unknown;
  info(): Info;
  /** Called when the run has ended, however it has: gives back what the loaders hold, such as open files. */
  close?(): Promise<void> | void;
}

/** What the last stage of `data_scheme` returns: the training set and the test set. */
export type Loaders = readonly [train: AnyLoader, test: AnyLoader];

/** What the data of a Trainer know besides their loaders. */
export interface KnowingData {
  /** What scores say nothing of, such as the share that they are of; of the loaders that `prepare` has returned last. */
  readonly figures: readonly metrics.Metric[];
  /** Which of the losses and metrics cannot be had of the data. */
  objections(asked: DataUse): Iterable<DataObjection>;
}

/** A stage of `pipeline_scheme`: usually an `nn.Module` with these methods. */
export interface PipelineModule {
  forward(data: Tensor, runInfo: RunInfo, moduleInfo: ModuleInfo): Tensor;
  info(): Info;
  /** Saves to `path`, a name without extension, to which the module adds its own. */
  saveModel(path: string): Promise<void> | void;
  loadModel(path: string): Promise<void> | void;
  parameters(): readonly Parameter[];
}
