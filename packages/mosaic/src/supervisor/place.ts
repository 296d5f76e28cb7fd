import type { WorkerEvents, WorkerProcess, WorkerProgram } from "./worker-process.ts";

/** Where workers are started, one at a time: on this machine, or by a pilot on another. */
export interface WorkerPlace {
  /** For messages, such as `worker 3`. */
  readonly name: string;
  readonly device: string;
  /** Where a run has taken no longer, the next order is sent before it has ended: longer where orders take their time. */
  readonly aheadSeconds: number;
  /** How late what is said may be heard. */
  readonly lateSeconds: number;
  /** Whether it takes further runs. Where it does not, a worker that ends has lost its run by no fault of that. */
  readonly isOpen: boolean;
  /** Runs that an earlier supervisor has left with the worker that `start` gives first. */
  readonly left?: LeftAtPlace | undefined;
  start(program: WorkerProgram, events: WorkerEvents): WorkerProcess;
  /**
   * Told when no worker can be started here.
   *
   * @throws the error where nothing can be done without this place
   */
  giveUp(error: Error): void;
}

export interface LeftAtPlace {
  /** Ids of those that have not been asked for. */
  readonly runIds: readonly number[];
  next(): number | undefined;
  /** It is not wanted any more, or somebody else's. */
  refuse(runId: number): void;
}
