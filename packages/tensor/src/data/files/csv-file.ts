/**
 * CSV files that need not fit into memory: they are read once to look at every value and to note where lines are, and
 * from then on block by block.
 */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { messageOf } from "@ml-mosaic/base";
import { allocate, type DType } from "../../dtype.ts";
import { elementAt } from "../../element-at.ts";
import { TensorError } from "../../errors.ts";
import { type CsvColumn, CsvProblems, decimalOf, isMissingText, wholeOf } from "../csv-column.ts";
import { type Blocks, listedBlocks } from "./blocks.ts";
import { openBytes } from "./byte-source.ts";
import {
  type ColumnOptions,
  checkRows,
  type DataFile,
  type FileColumn,
  missingColumns,
  namedColumns,
} from "./data-file.ts";

const blockBytes = 2 ** 16;
/** A quotation mark without a second one would make one value of the rest of the file. */
const maxRecordBytes = 16 * 2 ** 20;
/** Texts of more different values are hardly names of classes. */
const maxClasses = 10_000;
/** So many missing values are told of. */
const maxKept = 1000;

/** @throws TensorError `TENSOR_FILE` */
export async function openCsv(path: string, options: ColumnOptions): Promise<DataFile> {
  const source = await openBytes(path);
  return {
    async columns(names) {
      const scan = await scanFile(path, names, options);
      const blocks = listedBlocks(scan.starts.map(({ row }) => row));
      let latest: { readonly block: number; readonly records: Promise<readonly string[][]> } | undefined;
      const recordsOf = (block: number) => {
        if (latest?.block !== block) latest = { block, records: readBlock(block) };
        return latest.records;
      };
      const readBlock = async (block: number): Promise<readonly string[][]> => {
        const [from, to] = [elementAt(scan.starts, block), elementAt(scan.starts, block + 1)];
        const { parse } = await import("csv-parse/sync");
        const bytes = Buffer.from(await source.read(from.byte, to.byte - from.byte));
        const records = parse(bytes, { ...parserOptions(path, options), ...(from.row === 0 ? { from: 2 } : {}) });
        if (records.length !== to.row - from.row)
          throw new TensorError("TENSOR_FILE", `${path} has changed since it was opened`);
        return records;
      };
      return scan.columns.map((column) => fileColumn(column, scan.length, blocks, recordsOf));
    },
    close: () => source.close(),
  };
}

interface ScannedColumn {
  readonly name: string;
  /** Its place in a line. */
  readonly place: number;
  readonly dtype: DType;
  readonly classes: readonly string[];
}

function fileColumn(
  { name, place, dtype, classes }: ScannedColumn,
  length: number,
  blocks: Blocks,
  recordsOf: (block: number) => Promise<readonly string[][]>,
): FileColumn {
  const numbers = new Map(classes.map((label, index) => [label, BigInt(index)]));
  return {
    name,
    length,
    shape: [],
    dtype,
    classes,
    blocks,
    async read(start, end) {
      const block = blocks.of(start);
      const [first] = blocks.range(block);
      const texts = (await recordsOf(block)).slice(start - first, end - first).map((record) => record[place] ?? "");
      const values = allocate(dtype, texts.length);
      for (const [index, text] of texts.entries()) {
        if (values instanceof BigInt64Array) values[index] = numbers.get(text) ?? wholeOf(text) ?? 0n;
        else values[index] = decimalOf(text) ?? Number.NaN;
      }
      return values;
    },
  };
}

interface Start {
  readonly byte: number;
  readonly row: number;
}

interface Scan {
  readonly length: number;
  readonly columns: readonly ScannedColumn[];
  /** Where each block begins, and where the last one ends. */
  readonly starts: readonly Start[];
}

function parserOptions(path: string, { delimiter = path.endsWith(".tsv") ? "\t" : "," }: ColumnOptions) {
  return {
    bom: true,
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: maxRecordBytes,
  } as const;
}

async function scanFile(path: string, names: readonly string[], options: ColumnOptions): Promise<Scan> {
  const { parse } = await import("csv-parse");
  const problems = new CsvProblems(path);
  const starts: Start[] = [{ byte: 0, row: 0 }];
  let [length, byte] = [0, 0];
  let header: readonly string[] | undefined;
  let looks: readonly ColumnLook[] = [];
  const parser = parse({
    ...parserOptions(path, options),
    on_record(record: readonly string[], { bytes, lines }) {
      // The line where a record ends: it began as many lines earlier as its fields hold.
      const line = lines - record.join("").split("\n").length + 1;
      if (header === undefined) {
        header = record;
        looks = lookAt(path, record, line, names, options, problems);
        return null;
      }
      if (record.length !== header.length)
        problems.add(line, `${record.length} fields, but the first line names ${header.length}`);
      else for (const look of looks) look.see(record[look.place] ?? "", line);
      length++;
      byte = bytes;
      if (byte - (starts.at(-1)?.byte ?? 0) >= blockBytes) starts.push({ byte, row: length });
      return null;
    },
  });
  try {
    parser.resume();
    await pipeline(createReadStream(path), parser);
  } catch (error) {
    if (error instanceof TensorError) throw error;
    throw new TensorError("TENSOR_FILE", `${path} is no CSV: ${messageOf(error)}`, { cause: error });
  }
  if (header === undefined)
    throw new TensorError("TENSOR_FILE", `${path} is empty; its first line must name the columns`);
  const columns = looks.map((look) => look.finish());
  problems.throwAny();
  if (length === 0) throw new TensorError("TENSOR_FILE", `${path} has no line besides the names of the columns`);
  checkRows(path, length);
  if (starts.at(-1)?.row !== length) starts.push({ byte, row: length });
  return { length, columns, starts };
}

function lookAt(
  path: string,
  header: readonly string[],
  line: number,
  names: readonly string[],
  { types = {}, missing = "refuse" }: ColumnOptions,
  problems: CsvProblems,
): readonly ColumnLook[] {
  const absent = namedColumns(names, types).filter((name) => !header.includes(name));
  if (absent.length > 0) throw missingColumns(path, "column", absent, header);
  for (const name of new Set(names.filter((each) => header.indexOf(each) !== header.lastIndexOf(each))))
    problems.add(line, `two columns are called ${JSON.stringify(name)}`);
  return names.map(
    (name) =>
      new ColumnLook({ name, place: header.indexOf(name), kind: types[name], mayMiss: missing === "nan", problems }),
  );
}

interface LookOptions {
  readonly name: string;
  readonly place: number;
  readonly kind: CsvColumn | undefined;
  readonly mayMiss: boolean;
  readonly problems: CsvProblems;
}

/** What is known of a column's values so far: the type is the narrowest that holds them, where none is given. */
class ColumnLook {
  readonly place: number;
  readonly #options: LookOptions;
  readonly #classes = new Set<string>();
  readonly #missing: { readonly line: number; readonly text: string }[] = [];
  #isWhole = true;
  #isNumber = true;

  constructor(options: LookOptions) {
    this.place = options.place;
    this.#options = options;
  }

  see(text: string, line: number): void {
    const { name, kind, mayMiss, problems } = this.#options;
    const isMissing = isMissingText(text);
    switch (kind) {
      case undefined:
        if (isMissing) {
          this.#isWhole = false;
          if (this.#missing.length < maxKept) this.#missing.push({ line, text });
          break;
        }
        this.#isWhole &&= wholeOf(text) !== undefined;
        this.#isNumber &&= decimalOf(text) !== undefined;
        this.#addClass(text, line);
        break;
      case "float32":
        if (isMissing && mayMiss) break;
        if (decimalOf(text) === undefined) problems.wrongCell(line, name, text, kind);
        break;
      case "int64":
        if (wholeOf(text) === undefined) problems.wrongCell(line, name, text, kind);
        break;
      case "class":
        if (text === "") problems.wrongCell(line, name, text, kind);
        else this.#addClass(text, line);
        break;
      default:
        if (!kind.includes(text)) problems.wrongCell(line, name, text, kind);
    }
  }

  #addClass(text: string, line: number): void {
    // Of numbers nobody asks for the names.
    if (this.#options.kind === undefined && this.#isNumber && this.#classes.size > maxClasses) return;
    this.#classes.add(text);
    if (this.#classes.size !== maxClasses + 1 || (this.#options.kind === undefined && this.#isNumber)) return;
    this.#options.problems.add(
      line,
      `${this.#options.name} has more than ${maxClasses} different texts; are they classes?`,
    );
  }

  finish(): ScannedColumn {
    const { name, place, kind, mayMiss, problems } = this.#options;
    const numbers = { name, place, classes: [] };
    switch (kind) {
      case undefined:
        for (const { line, text } of this.#isNumber && mayMiss ? [] : this.#missing) {
          const given = text === "" ? "missing" : JSON.stringify(text);
          problems.add(line, `${name} is ${given}${this.#isNumber ? "; missing: nan makes it NaN" : ""}`);
        }
        if (this.#isWhole) return { ...numbers, dtype: "int64" };
        if (this.#isNumber) return { ...numbers, dtype: "float32" };
        return { name, place, dtype: "int64", classes: [...this.#classes].sort() };
      case "float32":
      case "int64":
        return { ...numbers, dtype: kind };
      default:
        return { name, place, dtype: "int64", classes: kind === "class" ? [...this.#classes].sort() : kind };
    }
  }
}
