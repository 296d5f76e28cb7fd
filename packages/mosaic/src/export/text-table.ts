import { open } from "node:fs/promises";
import type { TableColumn, TableValue, TableWriter } from "./table.ts";

export interface TextFormat {
  readonly start: (columns: readonly TableColumn[]) => string;
  readonly row: (columns: readonly TableColumn[], values: readonly TableValue[], index: number) => string;
  readonly end: string;
}

/** Texts are gathered up to this many characters between writes. */
const chunkCharacters = 1 << 18;

export async function openTextTable(
  path: string,
  columns: readonly TableColumn[],
  format: TextFormat,
): Promise<TableWriter> {
  const file = await open(path, "wx");
  let chunk = format.start(columns);
  let rows = 0;
  const flush = async () => {
    const text = chunk;
    chunk = "";
    await file.writeFile(text);
  };
  return {
    async write(values) {
      chunk += format.row(columns, values, rows++);
      if (chunk.length > chunkCharacters) await flush();
    },
    async finish() {
      chunk += format.end;
      await flush();
      await file.sync();
    },
    close: () => file.close(),
  };
}
