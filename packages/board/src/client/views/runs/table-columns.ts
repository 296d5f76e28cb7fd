/** Which columns the table of runs has, and how wide they are. */
import type { ColumnInfo, ExperimentInfo } from "../../../wire/experiment.ts";
import type { RunTable } from "../../../wire/run-table.ts";
import { columnText, timeUnit } from "../../parts/number-text.ts";
import type { PageState } from "../../state/page-state.ts";

export interface ShownColumn extends ColumnInfo {
  readonly width: number;
}

const always: ReadonlySet<string> = new Set(["id", "status"]);
/** Of every run, but seldom looked for. */
const seldom: ReadonlySet<string> = new Set(["seed", "data_digest", "started", "finished"]);

/** Those chosen, or those that tell runs apart. */
export function columnNames({ columns: chosen }: PageState, { columns }: ExperimentInfo): readonly string[] {
  const known = new Set(columns.map(({ name }) => name));
  if (chosen !== null) return chosen.filter((name) => known.has(name));
  const isTelling = ({ name, role, varies }: ColumnInfo) =>
    always.has(name) || role === "result" || (varies && !seldom.has(name));
  // What runs have reached comes before what they were given, which there may be much of.
  const ordered = ["run", "result", "option", "label"].flatMap((role) =>
    columns.filter((column) => column.role === role),
  );
  const telling = ordered.filter(isTelling).map(({ name }) => name);
  return telling.length > always.size ? telling : columns.map(({ name }) => name);
}

const [characterWidth, leastWidth, mostWidth] = [8.3, 64, 340];
const looked = 40;

/** Widths by the first rows, or by all texts where they are few, so that they do not move under the reader. */
export function columnWidth({ title, name, unit }: ColumnInfo, table: RunTable, rows: Uint32Array): number {
  let longest = Math.min(26, title.length + (unit === undefined || unit === timeUnit ? 0 : unit.length + 1)) + 2;
  const column = table.column(name);
  const isFew = column?.kind === "text" && column.texts.length <= looked;
  const cells = isFew ? column.texts : Array.from(rows.subarray(0, looked), (row) => table.cell(name, row));
  // A status has a mark before it.
  const before = name === "status" ? 2 : 0;
  for (const cell of cells) longest = Math.max(longest, before + columnText(cell, unit).length);
  return Math.round(Math.min(mostWidth, Math.max(leastWidth, longest * characterWidth + 20)));
}
