/** A table that is written row by row, whatever its format. */
export interface TableColumn {
  readonly name: string;
  readonly type: "whole" | "number" | "text";
}

export type TableValue = number | string | null;

export interface TableWriter {
  /** One value for each column, in their order. */
  write(row: readonly TableValue[]): Promise<void>;
  /** Completes the file. */
  finish(): Promise<void>;
  /** Lets the file go, complete or not; may be called twice. */
  close(): Promise<void>;
}

/** Makes the file at `path`, where nothing is yet. */
export type OpenTable = (path: string, columns: readonly TableColumn[]) => Promise<TableWriter>;
