/** A table as CSV (RFC 4180), its numbers in full. */
import type { Cell } from "../../wire/run-table.ts";

export function csvText(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  const lines = [header.map(field).join(",")];
  for (const row of rows) lines.push(row.map((cell) => (cell === null ? "" : field(String(cell)))).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text;
}
