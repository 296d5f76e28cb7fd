import { nearestName } from "@ml-mosaic/base";
import type { DType, TypedArray } from "../../dtype.ts";
import { TensorError } from "../../errors.ts";
import type { Shape } from "../../shape.ts";
import type { CsvColumn } from "../csv-column.ts";
import type { Blocks } from "./blocks.ts";

/** A named array or column of a file, one row for each sample; of its values only what is asked for is in memory. */
export interface FileColumn {
  readonly name: string;
  /** Number of samples. */
  readonly length: number;
  /** Of one sample. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** The names that numbers stand for, where the file has texts. */
  readonly classes: readonly string[];
  /** Where rows are stored so that several are read together; without them any rows are read as quickly as others. */
  readonly blocks?: Blocks | undefined;
  /** Rows from `start` to before `end`, which lie in one block. */
  read(start: number, end: number): Promise<TypedArray>;
}

export interface ColumnOptions {
  /** What columns hold, where the file does not say it, or it is to be read as something else. */
  readonly types?: Readonly<Record<string, CsvColumn>>;
  /** Between the fields of a line of a CSV file: "," unless told otherwise, a tab in .tsv files. */
  readonly delimiter?: string | undefined;
  /** Whether missing numbers of tables are refused, or become NaN. */
  readonly missing?: "refuse" | "nan";
}

/** An open file. */
export interface DataFile {
  /** @throws TensorError that names all columns that are not there, or cannot be read */
  columns(names: readonly string[]): Promise<readonly FileColumn[]>;
  close(): Promise<void>;
}

/** All columns that somebody names: those that are read, and those of which the types are told. */
export function namedColumns(names: readonly string[], types: NonNullable<ColumnOptions["types"]>): readonly string[] {
  return [...new Set([...names, ...Object.keys(types)])];
}

/** What a message says of a column that cannot be had. */
export function missingColumns(path: string, noun: string, wanted: readonly string[], known: readonly string[]) {
  const lines = wanted.map((name) => {
    const nearest = nearestName(name, known);
    return `there is no ${noun} ${JSON.stringify(name)}${nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`}`;
  });
  const shown = known.slice(0, maxShown).map((name) => JSON.stringify(name));
  const more = known.length > maxShown ? ` and ${known.length - maxShown} more` : "";
  const have = known.length === 0 ? `it has none` : `it has ${shown.join(", ")}${more}`;
  return new TensorError("TENSOR_FILE", `${path}: ${lines.join("; ")}; ${have}`);
}

const maxShown = 20;
/** Positions of samples are of 32 bits. */
const maxRows = 2 ** 31 - 1;

/** @throws TensorError if there are more rows than can be numbered */
export function checkRows(what: string, rows: number): void {
  if (rows > maxRows)
    throw new TensorError("TENSOR_FILE", `${what} has ${rows} samples; at most ${maxRows} can be read`);
}
