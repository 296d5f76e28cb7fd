import type { ExecutorName } from "@ml-mosaic/tensor";
import type { EpochRecord } from "@ml-mosaic/training";
import type { Pipeline, Texts } from "../pipelines/pipeline.ts";

/** All that a worker needs to carry out one run, as plain data. */
export interface RunOrder {
  readonly runId: number;
  readonly pipeline: Pipeline;
  /** The texts of the PROCESS options. */
  readonly process: Texts;
  readonly repetition: number;
  /** Of the repetition: the same for every pipeline. */
  readonly seed: number;
  readonly device: string;
  /** Absolute; relative paths of the configuration start here. */
  readonly folder: string;
  /** The users' files by absolute path, with the digests of the only texts that they may have; undefined: whatever they say. */
  readonly files: Readonly<Record<string, string>> | undefined;
  /** Whether its snapshot may be of another text of its modules. */
  readonly acceptsCode: boolean;
  /** Where the run's files go; undefined: none are written. */
  readonly filesFolder: string | undefined;
  /** Greater than of any earlier order for this run; undefined where no worker elsewhere can have one. */
  readonly fence?: number | undefined;
  /** What has computed the run, or other repetitions of its pipeline, where nobody asks for another; undefined: not known yet. */
  readonly executor: ExecutorName | undefined;
  /** History of the epochs that are kept, where the run goes on from its snapshot; undefined: it starts anew. */
  readonly earlierEpochs: readonly EpochRecord[] | undefined;
}
