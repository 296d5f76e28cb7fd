/**
 * Looks at the pages of a column before they are decoded: the library takes numbers of repetitions as they stand, so that a
 * damaged one would fill the memory.
 */
import type { ColumnMetaData, Compressors, PageHeader, SchemaTree } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/src/schema.js";

export interface PagedColumn {
  readonly metadata: ColumnMetaData;
  /** From the root to the values. */
  readonly schemaPath: SchemaTree[];
  readonly compressors: Compressors;
}

/**
 * @param bytes the whole chunk, from its first page on
 * @throws Error that says what of a page is damaged
 */
export function checkPages(bytes: Uint8Array<ArrayBuffer>, column: PagedColumn): void {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  let left = Number(column.metadata.num_values);
  while (left > 0 && reader.offset < bytes.length - 1) {
    const header = parquetHeader(reader);
    const page = bytes.subarray(reader.offset, reader.offset + header.compressed_page_size);
    if (header.compressed_page_size < 0 || page.length < header.compressed_page_size) throw damaged("is cut off");
    reader.offset += header.compressed_page_size;
    const values = header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values;
    const entries = header.dictionary_page_header?.num_values ?? 0;
    // Every entry takes a bit or more.
    if (entries < 0 || entries > 8 * header.uncompressed_page_size + 8) throw damaged(`claims ${entries} entries`);
    if (values === undefined) continue;
    if (values < 0 || values > left) throw damaged(`claims ${values} values, where ${left} are left`);
    left -= values;
    checkRuns(page, header, values, column);
  }
}

function checkRuns(page: Uint8Array, header: PageHeader, values: number, column: PagedColumn): void {
  const { metadata, schemaPath, compressors } = column;
  const widths = [getMaxRepetitionLevel(schemaPath), getMaxDefinitionLevel(schemaPath)].map(bitsOf);
  const second = header.data_page_header_v2;
  if (second !== undefined) {
    const lengths = [second.repetition_levels_byte_length, second.definition_levels_byte_length];
    let start = 0;
    for (const [index, length] of lengths.entries()) {
      if (length < 0 || start + length > page.length) throw damaged("claims more levels than it has");
      walkRuns(page.subarray(start, start + length), widths[index] ?? 0, values);
      start += length;
    }
    const nulls = second.num_nulls;
    if (nulls < 0 || nulls > values) throw damaged(`claims ${nulls} missing values of ${values}`);
    const size = header.uncompressed_page_size - start;
    if (size <= 0) return;
    const data =
      second.is_compressed === false
        ? page.subarray(start)
        : decompressPage(page.subarray(start), size, metadata.codec, compressors);
    checkValues(data, second.encoding, values - nulls, metadata);
    return;
  }
  const encoding = header.data_page_header?.encoding;
  let data = decompressPage(page, header.uncompressed_page_size, metadata.codec, compressors);
  for (const width of widths) {
    if (width === 0) continue;
    const { part, rest } = prefixed(data);
    walkRuns(part, width, values);
    data = rest;
  }
  if (encoding !== undefined) checkValues(data, encoding, values, metadata);
}

/** Numbers of entries of a dictionary, and booleans, are stored in runs as levels are. */
function checkValues(data: Uint8Array, encoding: string, values: number, { type }: ColumnMetaData): void {
  if (encoding === "RLE" && type === "BOOLEAN") walkRuns(prefixed(data).part, 1, values);
  else if (encoding.endsWith("DICTIONARY") && data.length > 0) walkRuns(data.subarray(1), data[0] ?? 0, values);
}

/** Four bytes say how many follow. */
function prefixed(data: Uint8Array): { readonly part: Uint8Array; readonly rest: Uint8Array } {
  const length = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0, true);
  if (4 + length > data.length) throw damaged("claims more bytes than it has");
  return { part: data.subarray(4, 4 + length), rest: data.subarray(4 + length) };
}

/** Runs of one value repeated, or of eight at a time (https://parquet.apache.org/docs/file-format/data-pages/encodings). */
function walkRuns(data: Uint8Array, width: number, values: number): void {
  if (width > 32) throw damaged(`has numbers of ${width} bits`);
  let [seen, at] = [0, 0];
  while (width > 0 && seen < values && at < data.length) {
    let [header, shift] = [0, 0];
    for (let byte = 0x80; byte & 0x80; shift += 7) {
      byte = data[at++] ?? 0;
      header += (byte & 0x7f) * 2 ** shift;
      if (shift > 28) throw damaged("has a run of no number");
    }
    const count = Math.floor(header / 2);
    if (header % 2 === 1) {
      at += count * width;
      seen += 8 * count;
    } else {
      if (count > values - seen) throw damaged(`repeats a value ${count} times, where ${values - seen} are left`);
      at += Math.ceil(width / 8);
      seen += count;
    }
    if (count === 0) throw damaged("has an empty run");
  }
}

function bitsOf(largest: number): number {
  return 32 - Math.clz32(largest);
}

function damaged(what: string): Error {
  return new Error(`the file is damaged: a page ${what}`);
}
