import { readFile } from "node:fs/promises";
import { fromArray } from "../creation.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";

import { stack } from "../methods/movement.ts";
import type { Tensor } from "../tensor.ts";
import { type CsvColumn, CsvProblems, decimalOf, wholeOf } from "./csv-column.ts";
import { TensorDataset } from "./dataset.ts";

export interface CsvOptions<Name extends string> {
  /** The columns to read, by their names in the first line; others are passed over. */
  readonly columns: Readonly<Record<Name, CsvColumn>>;
  /** Between the fields of a line. */
  readonly delimiter?: string;
}

export interface CsvTable<Name extends string> {
  /** Number of samples. */
  readonly length: number;
  /** The values of a column: [samples]; float32, or int64 for whole numbers and classes. */
  column(name: Name): Tensor;
  /** The names of a column's classes, by their numbers; none for numbers. */
  classes(name: Name): readonly string[];
  /**
   * Features [samples, columns] of float32 and a target: [samples] for one column of whole numbers or classes, as losses
   * of classes take it, else [samples, columns].
   */
  dataset(parts: { readonly features: readonly Name[]; readonly target: Name | readonly Name[] }): TensorDataset;
}

/**
 * Reads a file of comma-separated values (RFC 4180) whose first line names the columns.
 *
 * @throws TensorError that names every line with a missing or wrong value, up to 20 of them
 * @example
 * const table = await readCsv("iris.csv", { columns: { length: "float32", width: "float32", species: "class" } });
 * const dataset = table.dataset({ features: ["length", "width"], target: "species" });
 */
export async function readCsv<const Name extends string>(
  path: string,
  options: CsvOptions<Name>,
): Promise<CsvTable<Name>> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new TensorError("TENSOR_FILE", `${path} cannot be read`, { cause: error });
  });
  return parseCsv(text, { ...options, name: path });
}

/** The same for text that is there already. */
export async function parseCsv<const Name extends string>(
  text: string,
  { columns, delimiter = ",", name = "the text" }: CsvOptions<Name> & { readonly name?: string },
): Promise<CsvTable<Name>> {
  const [header, ...lines] = await parseLines(text, delimiter, name);
  if (header === undefined)
    throw new TensorError("TENSOR_FILE", `${name} is empty; its first line must name the columns`);
  const problems = new CsvProblems(name);
  const wanted = columnNames(columns);
  const duplicates = header.fields.filter((field, index) => header.fields.indexOf(field) < index);
  for (const field of duplicates) problems.add(header.line, `two columns are called ${JSON.stringify(field)}`);
  for (const column of wanted) {
    if (!header.fields.includes(column)) {
      const known = header.fields.map((field) => JSON.stringify(field)).join(", ");
      problems.add(header.line, `there is no column ${JSON.stringify(column)}; there are ${known}`);
    }
  }
  problems.throwAny();
  const samples = lines.filter(({ line, fields }) => {
    if (fields.length === header.fields.length) return true;
    problems.add(line, `${fields.length} fields, but the first line names ${header.fields.length}`);
    return false;
  });
  const read = wanted.map((column) => {
    const index = header.fields.indexOf(column);
    const cells = samples.map(({ line, fields }): Cell => ({ line, text: elementAt(fields, index) }));
    return [column, readColumn(column, columns[column], cells, problems)] as const;
  });
  problems.throwAny();
  if (samples.length === 0)
    throw new TensorError("TENSOR_FILE", `${name} has no line besides the names of the columns`);
  const find = (column: string): ReadColumn => {
    const found = read.find(([other]) => other === column);
    if (found === undefined) throw new TensorError("TENSOR_VALUE", `the column ${JSON.stringify(column)} was not read`);
    return found[1];
  };
  return {
    length: samples.length,
    column: (column) => find(column).tensor,
    classes: (column) => find(column).classes,
    dataset({ features, target }) {
      const joined = (names: readonly string[]) =>
        stack(
          names.map((each) => find(each).tensor.to("float32")),
          1,
        );
      const single = typeof target === "string" ? find(target).tensor : undefined;
      const labels = single?.dtype === "int64" ? single : joined(typeof target === "string" ? [target] : target);
      return new TensorDataset(joined(features), labels);
    },
  };
}

interface Line {
  /** Counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

interface Cell {
  readonly line: number;
  readonly text: string;
}

async function parseLines(text: string, delimiter: string, name: string): Promise<readonly Line[]> {
  // Loaded when first needed: most programs read no CSV.
  const { parse } = await import("csv-parse/sync");
  try {
    const options = { bom: true, delimiter, relax_column_count: true, skip_empty_lines: true, trim: true };
    // The line where a record ends: it began as many lines earlier as its fields hold.
    const withLine = (fields: readonly string[], { lines }: { readonly lines: number }) => [String(lines), ...fields];
    return parse(text, { ...options, on_record: withLine }).map(([end, ...fields]) => ({
      fields,
      line: Number(end) - fields.join("").split("\n").length + 1,
    }));
  } catch (error) {
    throw new TensorError("TENSOR_FILE", `${name} is no CSV: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

interface ReadColumn {
  readonly tensor: Tensor;
  readonly classes: readonly string[];
}

function readColumn(column: string, kind: CsvColumn, cells: readonly Cell[], problems: CsvProblems): ReadColumn {
  const wrong = ({ line, text }: Cell) => problems.wrongCell(line, column, text, kind);
  switch (kind) {
    case "float32": {
      const values = cells.map((cell) => {
        const value = decimalOf(cell.text);
        if (value === undefined) wrong(cell);
        return value ?? 0;
      });
      return { tensor: fromArray(Float32Array.from(values), [cells.length]), classes: [] };
    }
    case "int64": {
      const values = cells.map((cell) => {
        const value = wholeOf(cell.text);
        if (value === undefined) wrong(cell);
        return value ?? 0n;
      });
      return { tensor: fromArray(BigInt64Array.from(values), [cells.length]), classes: [] };
    }
    default: {
      const present = cells.filter(({ text }) => text !== "").map(({ text }) => text);
      const classes = kind === "class" ? [...new Set(present)].sort() : kind;
      const numbers = new Map(classes.map((label, index) => [label, BigInt(index)]));
      const values = cells.map((cell) => {
        const value = numbers.get(cell.text);
        if (value === undefined) wrong(cell);
        return value ?? 0n;
      });
      return { tensor: fromArray(BigInt64Array.from(values), [cells.length]), classes };
    }
  }
}

function columnNames<Name extends string>(columns: Readonly<Record<Name, CsvColumn>>): Name[] {
  return Object.keys(columns).filter((name): name is Name => Object.hasOwn(columns, name));
}
