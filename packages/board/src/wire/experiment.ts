/** What the page has to know before it shows anything: `api/experiment`. */

export type Direction = "lower" | "higher";

/** Who works on the database, as `mosaic status` says it. */
export interface Standing {
  readonly state: "running" | "crashed" | "stopped" | "finished" | "unknown";
  /** In words, such as "crashed: process 4711, which began 14:02, is dead". */
  readonly text: string;
  /** The command that does what is left; null where nothing is, or somebody does it. */
  readonly goOn: string | null;
}

export interface ExperimentInfo {
  /** Such as "or.db" or "or.db and 2 more". */
  readonly title: string;
  readonly databases: readonly string[];
  /** What the user should be told about the databases. */
  readonly notices: readonly string[];
  /** How many runs have each status that occurs. */
  readonly counts: Readonly<Record<string, number>>;
  readonly runs: number;
  readonly standing: Standing;
  /** In the order in which a table shows them: of every run, options, results, labels. */
  readonly columns: readonly ColumnInfo[];
  readonly series: readonly SeriesInfo[];
  /** The result by which verdicts are given where none is asked for. */
  readonly criterion: string;
  readonly mayControl: boolean;
  /** False in an export, of which nothing changes any more. */
  readonly isLive: boolean;
  /** Expected until all runs have ended; null where that is not known. */
  readonly secondsLeft: number | null;
  /** In an export: what was left out or thinned. */
  readonly exportNote: string | null;
  /** Whether there are runs to look at, maps of another program, or both. */
  readonly shows: readonly ("runs" | "maps")[];
  /** Where changes begin. */
  readonly cursor: string;
}

export interface ColumnInfo {
  /** As conditions name it. */
  readonly name: string;
  readonly title: string;
  /** What it is of: the run itself, an option, a result, a tag or note. */
  readonly role: "run" | "option" | "result" | "label";
  readonly type: "number" | "text";
  readonly unit?: string;
  readonly direction?: Direction;
  readonly scale?: "log";
  readonly whole?: boolean;
  /** Whether more than one value occurs. */
  readonly varies: boolean;
}

/** What there is a value of for every epoch. */
export interface SeriesInfo {
  readonly name: string;
  readonly title: string;
  readonly unit?: string;
  readonly direction?: Direction;
  readonly scale?: "log";
}
