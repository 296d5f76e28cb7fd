// Looking through what runs have under a name: options in `params`, figures in `run_results`.
import type { DatabaseSync } from "node:sqlite";
import type { ParamSummary, ValueCondition } from "./records.ts";
import { resultColumns } from "./result-columns.ts";
import { pipelineParam } from "./run-queries.ts";
import { integerIn, numberIn, type Row, textIn, textOrNullIn } from "./stored-value.ts";

export function runsWithValueIn(database: DatabaseSync, condition: ValueCondition): readonly number[] {
  const meets = new Map<number, boolean>();
  const look = (rows: Iterable<Row>) => {
    // The first row of a run counts, which is its result where both have the name, as with `epochs`.
    for (const row of rows) {
      const runId = integerIn(row, "run_id");
      if (!meets.has(runId)) meets.set(runId, meetsCondition(row, condition));
    }
  };
  const { name } = condition;
  if (resultColumns.some(({ column }) => column === name))
    look(database.prepare(`SELECT run_id, "${name}" AS value FROM run_results`).iterate());
  look(database.prepare("SELECT run_id, param_value AS value FROM params WHERE param_name = ?").iterate(name));
  return [...meets.keys()].filter((runId) => meets.get(runId)).sort((a, b) => a - b);
}

/** @param row with the column `value` */
function meetsCondition(row: Row, { comparison, value }: ValueCondition): boolean {
  const stored = numberIn(row, "value");
  const wanted = numberIn({ value }, "value");
  if (stored !== null && wanted !== null) {
    switch (comparison) {
      case "equal":
        return stored === wanted || (Number.isNaN(stored) && Number.isNaN(wanted));
      case "at-most":
        return stored <= wanted;
      case "at-least":
        return stored >= wanted;
      default:
        return comparison satisfies never;
    }
  }
  return comparison === "equal" && textOrNullIn(row, "value") === value;
}

export function paramSummariesIn(database: DatabaseSync): readonly ParamSummary[] {
  const rows = database
    .prepare(
      `SELECT param_name, param_value, min(rowid) AS first FROM params WHERE param_name <> ?
       GROUP BY param_name, param_value ORDER BY first`,
    )
    .iterate(pipelineParam);
  const numeric = new Map<string, boolean>();
  for (const row of rows) {
    const name = textIn(row, "param_name");
    const value = textOrNullIn(row, "param_value");
    numeric.set(name, (numeric.get(name) ?? true) && (value === null || isPlainNumber(value)));
  }
  return Array.from(numeric, ([name, isNumeric]) => ({ name, isNumeric }));
}

/** Not `007`, which loses its zeros as a number, nor a whole number of more digits than a number keeps. */
function isPlainNumber(text: string): boolean {
  if (!/^[+-]?(?:0|[1-9]\d*|(?=\.))(?:\.\d*)?(?:e[+-]?\d+)?$/i.test(text)) return false;
  const number = Number(text);
  return Number.isFinite(number) && (!/^[+-]?\d+$/.test(text) || Number.isSafeInteger(number));
}
