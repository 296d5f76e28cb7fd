import type { OpenTable } from "./table.ts";
import { openTextTable, type TextFormat } from "./text-table.ts";

/** A list of objects, one a line. NaN and infinities, which JSON does not know, are the texts "NaN", "Infinity". */
const json: TextFormat = {
  start: () => "[",
  row: (columns, values, index) => {
    const fields = columns.map(({ name }, column) => [name, values[column] ?? null] as const);
    return `${index === 0 ? "" : ","}\n${JSON.stringify(Object.fromEntries(fields), nameNumber)}`;
  },
  end: "\n]\n",
};

function nameNumber(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

export const openJson: OpenTable = (path, columns) => openTextTable(path, columns, json);
