import type { LeaseWishes } from "../store/index.ts";
import type { WorkerProgram } from "./spawned-worker.ts";
import type { WorkerEvents, WorkerProcess } from "./worker-process.ts";

/** Where workers are started, one at a time: on this machine, or by a pilot on another. */
export interface WorkerPlace {
  /** For messages, such as `worker 3`. */
  readonly name: string;
  readonly device: string;
  /** Where a run has taken no longer, the next order is sent before it has ended: longer where orders take their time. */
  readonly aheadSeconds: number;
  /** So many orders at most are sent before it has ended, as long as they take no longer together. */
  readonly mostAhead: number;
  /** How late what is said may be heard. */
  readonly lateSeconds: number;
  /** Which runs it takes, and its processor. */
  readonly wishes: LeaseWishes;
  /** Whether it is on another machine than the supervisor. */
  readonly isElsewhere: boolean;
  /** Whether it takes further runs. Where it does not, a worker that ends has lost its run by no fault of that. */
  readonly isOpen: boolean;
  /** Runs that an earlier supervisor has left with the worker that `start` gives first. */
  readonly left?: LeftAtPlace | undefined;
  /** Told that a run has used up the memory that there is. Returns whether another place has more. */
  outOfMemory?(runId: number): boolean;
  /** Why it takes no further run, where it says so itself. */
  readonly whyLeaving?: string | undefined;
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
