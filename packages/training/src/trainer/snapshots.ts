import { pathExists } from "@ml-mosaic/base";
import { type ConfigObject, resolvedConfig } from "@ml-mosaic/configurable";
import type { BaseModel } from "../components/base-model.ts";
import { headerText } from "../header-json.ts";
import type { Figures } from "../history.ts";
import type { VariablePaths } from "../snapshot.ts";
import { saveSnapshot } from "../snapshot-file.ts";
import type { Checkpoint } from "../train.ts";
import { modelState, readTrainerSnapshot } from "./model-state.ts";
import type { RunFolder } from "./run-folder.ts";
import type { TrainerSettings } from "./settings.ts";

export interface RunSnapshotsOptions {
  readonly folder: RunFolder;
  readonly model: BaseModel;
  readonly config: ConfigObject;
  readonly settings: Pick<TrainerSettings, "seed" | "save_interval">;
  readonly split: number;
  readonly dataInfo: ConfigObject;
}

/** The snapshots of a run: `last`, `best` and those that are kept. */
export class RunSnapshots {
  readonly #options: RunSnapshotsOptions;
  #lastSaved = performance.now();
  /** Of the evaluation after the epoch that is saved. */
  #metrics: Figures = {};

  constructor(options: RunSnapshotsOptions) {
    this.#options = options;
  }

  get paths(): VariablePaths {
    return new Map(Array.from(this.#options.model.namedVariables(), ([path, variable]) => [variable, path]));
  }

  /** `last`, where there is one. */
  lastGood(): string | undefined {
    const path = this.#options.folder.snapshot("last");
    return pathExists(path) ? path : undefined;
  }

  /** `last` in the middle of an epoch, if the one before is older than this. */
  async saveOnTheWay(checkpoint: Checkpoint, everySeconds: number): Promise<void> {
    if (performance.now() - this.#lastSaved >= 1000 * everySeconds) await this.saveLast(checkpoint);
  }

  async saveLast(checkpoint: Checkpoint): Promise<void> {
    await this.#save("last", checkpoint);
    this.#lastSaved = performance.now();
  }

  /** After an epoch. `last` comes last: where it is new, all files of the epoch are there. */
  async saveEpoch(checkpoint: Checkpoint, metrics: Figures): Promise<void> {
    this.#metrics = metrics;
    const { epoch, best } = checkpoint.state;
    const { save_interval: interval } = this.#options.settings;
    if (best?.epoch === epoch) await this.#save("best", checkpoint);
    if (interval !== undefined && epoch % interval === 0) await this.#save(`save_${epoch}`, checkpoint);
    await this.saveLast(checkpoint);
  }

  /**
   * Gives the model the values of its best epoch.
   *
   * @returns false where there is no file of that epoch: the model has the last one's values
   */
  async loadBest({ state: { best } }: Checkpoint): Promise<boolean> {
    const { folder, model } = this.#options;
    const path = folder.snapshot("best");
    if (best === undefined || !pathExists(path)) return false;
    const { trainInfo, tensors } = await readTrainerSnapshot(path);
    if (trainInfo.epoch !== best.epoch || trainInfo.best?.loss !== best.loss) return false;
    model.loadStateDict(modelState(tensors));
    return true;
  }

  #save(name: string, checkpoint: Checkpoint): Promise<void> {
    const { folder, model, config, settings, split, dataInfo } = this.#options;
    return saveSnapshot(folder.snapshot(name), checkpoint, this.paths, {
      metadata: {
        MODEL_CONFIG: headerText(resolvedConfig(model)),
        GLOBAL_CONFIG: headerText(config),
        DATA_INFO: headerText(dataInfo),
      },
      // Random numbers are drawn from streams named by epoch and step, so that the seed is all of their state.
      info: { random: { seed: settings.seed }, split, metrics: this.#metrics },
    });
  }
}
