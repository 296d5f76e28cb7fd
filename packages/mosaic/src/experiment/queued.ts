import type { MonitorSection } from "../config/index.ts";
import type { FileDigests } from "../modules/user-files.ts";

/** Runs that wait in the queue of an experiment, and what carrying them out takes. */
export interface Queued {
  readonly experimentId: number;
  /** How many wait. */
  readonly count: number;
  /** All runs that were meant: those that wait, and those that have ended before. */
  readonly runIds: readonly number[];
  /** Failed runs that were meant too and stay as they are. */
  readonly failedBefore: number;
  readonly monitor: MonitorSection;
  /** The configuration file's, where its relative paths start. */
  readonly folder: string;
  /** Where the command was started with which they were queued first. */
  readonly start: string;
  readonly configuration: string;
  /** Arguments that changed values of it. */
  readonly overrides: readonly string[];
  /** The users' files, with the texts that the runs' identities stand for. */
  readonly files: FileDigests;
  /** Whether snapshots may be of other texts. */
  readonly acceptsCode: boolean;
  /** Those of them that are not in the database yet; all are where there is none. */
  readonly adding?: Adding | undefined;
}

/** Runs that are put into the database while those before them are carried out. */
export interface Adding {
  /** Settles when all are there, or when they are left out: with how many are. */
  readonly done: Promise<number>;
  /** Leaves out those that are not there yet. */
  stop(): void;
}
