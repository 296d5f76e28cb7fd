import type { OpenTable, TableValue } from "./table.ts";
import { openTextTable, type TextFormat } from "./text-table.ts";

/** RFC 4180 with line feeds. Nothing stands for no value, `""` for an empty text. */
const csv: TextFormat = {
  start: (columns) => lineOf(columns.map(({ name }) => name)),
  row: (_, values) => lineOf(values),
  end: "",
};

export const openCsv: OpenTable = (path, columns) => openTextTable(path, columns, csv);

function lineOf(values: readonly TableValue[]): string {
  return `${values.map(cellOf).join(",")}\n`;
}

function cellOf(value: TableValue): string {
  if (value === null) return "";
  if (typeof value === "number") return numberOf(value);
  if (isFormula(value)) return `"'${value.replaceAll('"', '""')}"`;
  return value === "" || /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** A spreadsheet would carry it out; it takes what has an apostrophe before it for text. */
function isFormula(text: string): boolean {
  return /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text));
}

/** As pandas, Polars, R and DuckDB all read them. */
function numberOf(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? "inf" : "-inf";
}
