import { pathExists } from "@ml-mosaic/base";
import { TrainingError } from "../errors.ts";
import type { TrainInfo } from "../snapshot.ts";
import { readTrainerSnapshot } from "./model-state.ts";
import type { TrainerSettings } from "./settings.ts";

/** The snapshot that a run goes on from. */
export interface StartingPoint {
  readonly path: string;
  readonly trainInfo: TrainInfo;
}

/**
 * @param path a snapshot that may be there
 * @returns undefined where it is not: the run begins
 * @throws TrainingError if the run cannot go on from it
 */
export async function startingPoint(
  path: string,
  split: number,
  { batch_size }: TrainerSettings,
): Promise<StartingPoint | undefined> {
  if (!pathExists(path)) return undefined;
  const { trainInfo, split: ofSplit, globalConfig } = await readTrainerSnapshot(path);
  if (ofSplit !== split) {
    throw new TrainingError(
      "TRAINING_FOLDER",
      `${path} is of split ${ofSplit}, this run of split ${split}: take a folder of its own for each split`,
    );
  }
  const { batch_size: before }: { readonly batch_size?: unknown } = Object(globalConfig.trainer);
  if (trainInfo.within !== undefined && before !== batch_size) {
    throw new TrainingError(
      "TRAINING_SNAPSHOT",
      `${path} was made in the middle of an epoch of batches of ${String(before)}: go on from it with that batch_size, or with another from a snapshot of an epoch's end`,
    );
  }
  return { path, trainInfo };
}
