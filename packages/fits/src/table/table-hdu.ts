import { FitsError, type Place } from "../fits-error.ts";
import type { HduBase } from "../hdu.ts";
import { checkRegion, type Range } from "../image/region.ts";
import { allocate, type ByteSource, readBytes } from "../io/byte-source.ts";
import { type Column, columnBytes, type TableLayout } from "./column.ts";
import { type ColumnValues, decodeColumn } from "./column-values.ts";
import { checkDescriptor, type Descriptor, descriptorBytes, readDescriptor } from "./heap.ts";

/** A binary table. Rows are read when they are asked for, from the open file. */
export interface TableHdu extends HduBase {
  readonly kind: "table";
  readonly numRows: number;
  readonly columns: readonly Column[];
  /**
   * The values of a column, of all rows or of [start, stop) from 0; only one block of rows is held besides them.
   * @param which TTYPEn (upper and lower case do not matter) or the column's index from 0
   * @throws FitsError `NOT_FOUND`, `REGION_INVALID`, `DATA_INVALID` for arrays that do not lie in the heap
   */
  column(which: string | number, rows?: Range): Promise<ColumnValues>;
  /**
   * Blocks of rows from the first to the last, with some columns or all of them; memory is one block.
   * @param height rows per block; about 1 MiB by default
   */
  rows(options?: RowsOptions): AsyncGenerator<TableBlock>;
}

export interface RowsOptions {
  readonly columns?: readonly (string | number)[];
  readonly height?: number;
}

export interface TableBlock {
  readonly firstRow: number;
  readonly rowCount: number;
  /** By the column's name; its index where it has none. */
  readonly columns: ReadonlyMap<string, ColumnValues>;
}

export interface TableParts {
  readonly base: HduBase;
  readonly source: ByteSource;
  readonly layout: TableLayout;
}

const BLOCK_BYTES = 1024 * 1024;
/** Rows may point to the same arrays, but a small file must not ask for all memory that way. */
const MOST_SHARING = 64;

export function makeTable(parts: TableParts): TableHdu {
  const { base, layout } = parts;
  const { header } = base;
  const { columns, numRows, rowLength } = layout;
  const blockRows = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, rowLength)));

  function find(which: string | number): Column {
    const found =
      typeof which === "number"
        ? columns[which]
        : columns.find(({ name }) => name.toUpperCase() === which.toUpperCase());
    if (found !== undefined) return found;
    throw new FitsError({
      code: "NOT_FOUND",
      place: header.place,
      problem: `there is no column ${which}; there are ${columns
        .map(({ name }) => name)
        .join(", ")
        .slice(0, 500)}`,
      remedy: "Ask for one of these by name, or by index from 0",
    });
  }

  async function column(which: string | number, [start, stop]: Range = [0, numRows]): Promise<ColumnValues> {
    const wanted = find(which);
    checkRegion([[start, stop]], [numRows], header.place);
    const width = columnBytes(wanted);
    const bytes = allocate((stop - start) * width, parts.source.name);
    for (let first = start; first < stop; first += blockRows) {
      const count = Math.min(blockRows, stop - first);
      const block = await readBytes(parts.source, base.extent.dataOffset + first * rowLength, count * rowLength);
      gather(block, rowLength, wanted, bytes.subarray((first - start) * width));
    }
    return cells(parts, wanted, bytes, stop - start);
  }

  async function* rows({ columns: wanted = [...columns.keys()], height = blockRows }: RowsOptions = {}) {
    const found = wanted.map(find);
    if (!Number.isInteger(height) || height < 1) throw wrongHeight(header.place, height);
    for (let firstRow = 0; firstRow < numRows; firstRow += height) {
      const rowCount = Math.min(height, numRows - firstRow);
      const block = await readBytes(parts.source, base.extent.dataOffset + firstRow * rowLength, rowCount * rowLength);
      const values = new Map<string, ColumnValues>();
      for (const one of found) {
        const bytes = new Uint8Array(rowCount * columnBytes(one));
        gather(block, rowLength, one, bytes);
        values.set(one.name === "" ? String(columns.indexOf(one)) : one.name, await cells(parts, one, bytes, rowCount));
      }
      yield { firstRow, rowCount, columns: values };
    }
  }

  return { ...base, kind: "table", numRows, columns, column, rows };
}

function wrongHeight(place: Place | undefined, height: number): FitsError {
  const remedy = "Give a whole number from 1 on";
  return new FitsError({ code: "REGION_INVALID", place, problem: `a block cannot have ${height} rows`, remedy });
}

/** Copies one column's bytes out of whole rows. */
function gather(rows: Uint8Array, rowLength: number, column: Column, target: Uint8Array): void {
  const width = columnBytes(column);
  for (let at = column.offset, to = 0; width > 0 && at + width <= rows.length; at += rowLength, to += width) {
    target.set(rows.subarray(at, at + width), to);
  }
}

async function cells(parts: TableParts, column: Column, bytes: Uint8Array<ArrayBuffer>, count: number) {
  const { place } = parts.base.header;
  if (column.descriptor !== undefined) return arrays(parts, column, bytes, count);
  const { cellShape, element, repeat } = column;
  const elements = cellShape.reduce((product, length) => product * length, 1);
  const shape = [count, ...cellShape];
  if (element === "A" || elements === repeat) return decodeColumn(bytes, column, shape, place);
  // TDIM may use fewer elements than a row has; the others do not count.
  return decodeColumn(bytes, column, [count, repeat], place);
}

async function arrays(parts: TableParts, column: Column, bytes: Uint8Array<ArrayBuffer>, count: number) {
  const { base, source, layout } = parts;
  const { place } = base.header;
  const { descriptor, element } = column;
  const width = columnBytes(column);
  const view = new DataView(bytes.buffer);
  const found: Descriptor[] = [];
  let total = 0;
  for (let row = 0; row < count; row++) {
    const one =
      descriptor === undefined || width === 0 ? { count: 0, offset: 0 } : readDescriptor(view, row * width, descriptor);
    checkDescriptor(one, element, layout.heapLength, place);
    found.push(one);
    total += descriptorBytes(one, element);
  }
  if (total > MOST_SHARING * (layout.heapLength + 1)) throw absurdSharing(parts, total);
  const data: ColumnValues[] = [];
  for (const one of found) {
    const from = base.extent.dataOffset + layout.heapOffset + one.offset;
    const length = descriptorBytes(one, element);
    const held = length === 0 ? new Uint8Array(0) : await readBytes(source, from, length);
    const shape = element === "A" ? [one.count === 0 ? 0 : 1] : element === "X" ? [1, one.count] : [one.count];
    data.push(decodeColumn(held, column, shape, place));
  }
  return { kind: "arrays", shape: [count], data } as const;
}

function absurdSharing({ base, layout }: TableParts, total: number): FitsError {
  return new FitsError({
    code: "DATA_INVALID",
    place: base.header.place,
    problem: `the arrays take ${total} bytes together, the heap that they share has ${layout.heapLength}`,
    remedy: "Fetch the file again; if it is meant so, read fewer rows at a time",
  });
}
