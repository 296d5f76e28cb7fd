import type { SchemaMap } from "../schema.ts";
import { typeName } from "../types/form.ts";

/** One option, as a table shows it. */
export interface OptionDescription {
  readonly name: string;
  readonly aliases: readonly string[];
  /** In a few letters: `int`, `list of float`, `"sum" | "mean"`, `BaseModel`. */
  readonly type: string;
  /** In words, as messages say it: `an integer above 0`. */
  readonly expected: string;
  /** Whether a configuration has to have it. */
  readonly required: boolean;
  /** Whether null may be given. */
  readonly optional: boolean;
  /** As a file would have it; `undefined` where there is none. */
  readonly default: unknown;
  readonly help: string;
}

/** The options in the order of their declaration. */
export function describeOptions(schemas: SchemaMap): readonly OptionDescription[] {
  return Object.entries(schemas).map(([name, { type, default: value, optional, aliases, help }]) => ({
    name,
    aliases,
    type: typeName(type),
    expected: type.expected,
    required: !optional && value === undefined,
    optional,
    default: value,
    help,
  }));
}

export interface TableOptions {
  /** What each line starts with. */
  readonly indent?: string;
  /** How a default is written; as in JSON where this is not given. */
  readonly show?: (value: unknown) => string;
}

/** A table in aligned columns: name (aliases), type, default, help (`meaning`). */
export function optionTable(schemas: SchemaMap, { indent = "", show = showJson }: TableOptions = {}): string {
  const rows = describeOptions(schemas).map(({ name, aliases, type, required, default: value, help }) => [
    aliases.length === 0 ? name : `${name} (${aliases.join(", ")})`,
    type,
    required ? "required" : value === undefined ? "none" : show(value),
    help,
  ]);
  const hasHelp = rows.some(([, , , help]) => help !== "");
  const table = [["option", "type", "default", hasHelp ? "meaning" : ""], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  return table
    .map((row) => `${indent}${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}

function showJson(value: unknown): string {
  // JSON has no infinities.
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
