import { open } from "node:fs/promises";
import { fileWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import type { OpenTable, TableColumn, TableValue } from "./table.ts";

/** Cells that wait in memory for their row group. */
const mostCells = 200_000;

export const openParquet: OpenTable = async (path, columns) => {
  const writer = new ParquetWriter({ writer: fileWriter(path), schema: schemaOf(columns), createdBy: "ml-mosaic" });
  const groupRows = Math.max(1, Math.floor(mostCells / columns.length));
  let waiting: (readonly TableValue[])[] = [];
  const flush = async () => {
    if (waiting.length === 0) return;
    const columnData = columns.map(({ name, type }, column) => ({
      name,
      data: waiting.map((row) => cellOf(row[column] ?? null, type)),
    }));
    waiting = [];
    await writer.write({ columnData, rowGroupSize: groupRows });
  };
  return {
    async write(values) {
      waiting.push(values);
      if (waiting.length >= groupRows) await flush();
    },
    async finish() {
      await flush();
      await writer.finish();
      const file = await open(path, "r+");
      await file.sync().finally(() => file.close());
    },
    // The library opens the file anew for each piece.
    close: async () => undefined,
  };
};

function schemaOf(columns: readonly TableColumn[]): SchemaElement[] {
  return [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, type }): SchemaElement => {
      switch (type) {
        case "whole":
          return { name, type: "INT64", repetition_type: "OPTIONAL" };
        case "number":
          return { name, type: "DOUBLE", repetition_type: "OPTIONAL" };
        case "text":
          return { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" };
        default:
          return type satisfies never;
      }
    }),
  ];
}

function cellOf(value: TableValue, type: TableColumn["type"]): bigint | number | string | null {
  if (type !== "whole") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : null;
}
