/** Looking through what runs have under a name: options in `params`, figures in `run_results` and `run_metrics`. */
import type { DatabaseSync } from "node:sqlite";
import type { Direction } from "@ml-mosaic/statistics";
import { readPipeline } from "../pipelines/flat-pipeline.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { MetricSummary, ParamSummary, ValueCondition } from "./records.ts";
import { pipelineParam } from "./run-queries.ts";
import { seedColumns } from "./seed-columns.ts";
import type { VisitPipeline } from "./store.ts";
import { integerIn, numberIn, type Row, textIn, textOrNullIn } from "./stored-value.ts";

export function valuesIn(database: DatabaseSync, name: string): ReadonlyMap<number, string | number | null> {
  const values = new Map<number, string | number | null>();
  const look = (rows: Iterable<Row>) => {
    // The first row of a run counts, which is its result where both have the name, as with `epochs`.
    for (const row of rows) {
      const runId = integerIn(row, "run_id");
      if (!values.has(runId)) values.set(runId, typeof row.value === "number" ? row.value : textOrNullIn(row, "value"));
    }
  };
  if (seedColumns.some((column) => column.name === name))
    look(database.prepare(`SELECT run_id, "${name}" AS value FROM run_results`).iterate());
  look(database.prepare("SELECT run_id, value FROM run_metrics WHERE name = ?").iterate(name));
  look(database.prepare("SELECT run_id, param_value AS value FROM params WHERE param_name = ?").iterate(name));
  return values;
}

export function optionsIn(database: DatabaseSync, name: string): ReadonlyMap<number, string | null> {
  const options = new Map<number, string | null>();
  const rows = database.prepare("SELECT run_id, param_value FROM params WHERE param_name = ? ORDER BY rowid");
  for (const row of rows.iterate(name)) {
    const runId = integerIn(row, "run_id");
    if (!options.has(runId)) options.set(runId, textOrNullIn(row, "param_value"));
  }
  return options;
}

export function runsWithValueIn(database: DatabaseSync, condition: ValueCondition): readonly number[] {
  const values = valuesIn(database, condition.name);
  return [...values.keys()]
    .filter((runId) => meetsCondition(values.get(runId) ?? null, condition))
    .sort((a, b) => a - b);
}

function meetsCondition(actual: string | number | null, { comparison, value }: ValueCondition): boolean {
  const stored = numberIn({ actual }, "actual");
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
  return comparison === "equal" && textOrNullIn({ actual }, "actual") === value;
}

/** Equal texts in a row, as of repetitions, are read once. */
export function readPipelinesIn(database: DatabaseSync, visit: VisitPipeline): void {
  let last: { readonly text: string; readonly pipeline: Pipeline | undefined } | undefined;
  const rows = database
    .prepare(
      `SELECT params.run_id, param_value, experiment_id
       FROM params LEFT JOIN run_details ON run_details.run_id = params.run_id
       WHERE param_name = ? ORDER BY params.rowid`,
    )
    .iterate(pipelineParam);
  for (const row of rows) {
    const text = textIn(row, "param_value");
    if (last?.text !== text) last = { text, pipeline: readPipeline(text) };
    if (last.pipeline !== undefined)
      visit(integerIn(row, "run_id"), last.pipeline, numberIn(row, "experiment_id") ?? undefined);
  }
}

export function metricSummariesIn(database: DatabaseSync): readonly MetricSummary[] {
  const directions = new Map(
    database
      .prepare("SELECT name, direction FROM metrics")
      .all()
      .map((row) => [textIn(row, "name"), textIn(row, "direction") === "lower" ? "lower" : "higher"] as const),
  );
  return database
    .prepare(
      // Runs that are not done have epochs only, of which the last tells what all have.
      `SELECT DISTINCT name FROM run_metrics
       UNION
       SELECT DISTINCT key
       FROM (
         SELECT (SELECT metrics FROM history WHERE history.run_id = runs.run_id ORDER BY epoch DESC LIMIT 1) AS metrics
         FROM runs WHERE status <> 'done'
       ) AS last_epochs, json_each(last_epochs.metrics)
       ORDER BY name`,
    )
    .all()
    .map((row) => ({ name: textIn(row, "name"), direction: directionOf(textIn(row, "name"), directions) }));
}

/** `test_f1` has the direction of `f1`; so has `test_f1_0`, a part of a metric that is several numbers. */
function directionOf(name: string, directions: ReadonlyMap<string, Direction>): Direction | undefined {
  const own = name.replace(/^(train|test)_/, "");
  const metric = [...directions.keys()]
    .filter((known) => own === known || own.startsWith(`${known}_`))
    .reduce((longest, known) => (known.length > longest.length ? known : longest), "");
  return directions.get(metric);
}

/** Rows of `params` that are no options; all but the pipeline are books that the original Mosaic kept there. */
const noOptions = [pipelineParam, "status", "database_path", "traceback"];

export function paramSummariesIn(database: DatabaseSync): readonly ParamSummary[] {
  const rows = database
    .prepare(
      `SELECT param_name, param_value, min(rowid) AS first FROM params
       WHERE param_name NOT IN (${noOptions.map(() => "?").join(", ")})
       GROUP BY param_name, param_value ORDER BY first`,
    )
    .iterate(...noOptions);
  const numeric = new Map<string, boolean>();
  for (const row of rows) {
    const name = textIn(row, "param_name");
    const value = textOrNullIn(row, "param_value");
    numeric.set(name, (numeric.get(name) ?? true) && (value === null || isPlainNumber(value)));
  }
  return Array.from(numeric, ([name, isNumeric]) => ({ name, isNumeric }));
}

/** Goes from one name to the next in the index, so that it takes as long as there are names. */
export function optionNamesIn(database: DatabaseSync): readonly string[] {
  return database
    .prepare(
      `WITH RECURSIVE names (name) AS (
         SELECT min(param_name) FROM params
         UNION ALL
         SELECT (SELECT min(param_name) FROM params WHERE param_name > names.name) FROM names WHERE names.name IS NOT NULL
       )
       SELECT name FROM names WHERE name IS NOT NULL AND name NOT IN (${noOptions.map(() => "?").join(", ")})
       ORDER BY (SELECT min(rowid) FROM params WHERE param_name = names.name)`,
    )
    .all(...noOptions)
    .map((row) => textIn(row, "name"));
}

/** Not `007`, which loses its zeros as a number, nor a whole number of more digits than a number keeps. */
export function isPlainNumber(text: string): boolean {
  if (!/^[+-]?(?:0|[1-9]\d*|(?=\.))(?:\.\d*)?(?:e[+-]?\d+)?$/i.test(text)) return false;
  const number = Number(text);
  return Number.isFinite(number) && (!/^[+-]?\d+$/.test(text) || Number.isSafeInteger(number));
}
