/** What a page may ask of a database, by address: one entry for each. */
import { countText } from "@ml-mosaic/base";
import { tInterval } from "@ml-mosaic/statistics";
import { defaultCriterion } from "ml-mosaic/reading";
import { encodeColumns, firstRows } from "../wire/columns.ts";
import { encodeCurves, mostLines } from "../wire/curves.ts";
import { groupRows, groupsOf, meanInterval } from "../wire/groups.ts";
import type { BoardColumns } from "./board-columns.ts";
import { type BoardDatabase, type BoardFacts, columnOf } from "./board-database.ts";
import { bandsOf, linesOf, type ReadCurves } from "./curves.ts";
import { failuresOf } from "./failures.ts";

import { meantRuns } from "./meant-runs.ts";
import { readModelFile } from "./model-file.ts";
import { Refused } from "./refused.ts";
import { runDetail } from "./run-detail.ts";
import { readLog } from "./run-files.ts";
import { importanceFor, paretoFor } from "./space.ts";
import { compareFor, pairDetail, verdictsOf } from "./verdicts.ts";

export interface Question {
  readonly database: BoardDatabase;
  readonly facts: BoardFacts;
  readonly query: URLSearchParams;
  /** What stands behind the address's name, as the run's id. */
  readonly rest: string;
}

/** JSON, or bytes. */
export type Answer = (question: Question) => Promise<unknown>;

/** Those that compare all runs with each other. */
export function isLengthy(name: string): boolean {
  return ["verdicts", "pair", "importance", "pareto"].includes(name);
}

const mostPixels = 4096;
const mostFirst = 10_000;

export const answers: Readonly<Record<string, Answer>> = {
  experiment: ({ database, facts }) => database.info(facts),
  columns: async ({ database, query }) => {
    const columns = await database.someColumns(namesIn(query, "names"));
    return encodeColumns(query.has("first") ? firstRows(columns, wholeNumber(query, "first", 0, mostFirst)) : columns);
  },
  groups: async ({ database, query }) => {
    const columns = await database.columns();
    const rows = await meantRows(database, query, columns);
    // At once: runs come and change while anything is waited for.
    const by = columnsNamed(columns, namesIn(query, "by"));
    const results = columnsNamed(columns, namesIn(query, "results"));
    const status = columnOf(columns, "status");
    const texts = results.find(({ kind }) => kind === "text");
    if (texts !== undefined)
      throw new Refused(400, {
        message: `${texts.name} has texts, of which there is no mean; choose a column of numbers`,
      });
    return groupsOf({ by, results, status }, rows, tInterval);
  },
  curves: async ({ database, query }) => {
    const columns = await database.columns();
    const rows = await meantRows(database, query, columns);
    const { runIds } = columns;
    const idOf = (row: number) => runIds[row] ?? 0;
    const known = new Set(await database.series());
    const series = namesIn(query, "series");
    for (const name of series)
      if (!known.has(name)) throw new Refused(404, { message: `there is no curve "${name.slice(0, 100)}"` });
    const wishes = {
      series,
      x: query.get("x") === "seconds" ? "seconds" : "epoch",
      pixels: wholeNumber(query, "pixels", 600, mostPixels),
    } as const;
    const by = namesIn(query, "by");
    const read: ReadCurves = (...asked) => database.curves(columns, ...asked);
    if (by.length > 0) {
      const groups = groupRows(columnsNamed(columns, by), rows);
      if (groups.length > mostLines)
        throw new Refused(400, {
          message: `these are ${countText(groups.length, "group")}, of which a picture shows nothing; group by less`,
        });
      const bands = await bandsOf(read, groups, idOf, wishes);
      return encodeCurves({ lines: [], bands, runs: rows.length, interval: meanInterval });
    }
    const most = wholeNumber(query, "most", mostLines, 10_000);
    const lines = await linesOf(read, Array.from(rows.slice(0, most), idOf), wishes);
    return encodeCurves({ lines, bands: [], runs: rows.length, interval: meanInterval });
  },
  verdicts: async (question) => verdictsOf(await comparison(question)),
  pair: async (question) => {
    const { query } = question;
    return pairDetail(await comparison(question), required(query, "one"), required(query, "other"));
  },
  importance: async ({ database, query }) =>
    importanceFor(database.reader, query.get("result") ?? defaultCriterion, await wishesOf(database, query)),
  pareto: async ({ database, query }) => {
    const names = [query.get("x") ?? "nb_params", query.get("y") ?? defaultCriterion] as const;
    return paretoFor(database.reader, [names[0], names[1]], await wishesOf(database, query));
  },
  failures: async ({ database, query }) => failuresOf(database.reader, await meantRuns(database, query)),
  run: ({ database, rest }) => runDetail(database.reader, runIdIn(rest)),
  log: ({ database, rest, query }) => {
    const from = query.has("from") ? wholeNumber(query, "from", 0, Number.MAX_SAFE_INTEGER) : undefined;
    return readLog(database.reader, runIdIn(rest), from);
  },
  model: async ({ database, rest }) => (await readModelFile(database.reader, runIdIn(rest))).layers,
};

async function wishesOf(database: BoardDatabase, query: URLSearchParams) {
  return { data: query.get("data") ?? undefined, runIds: await meantRuns(database, query) };
}

async function comparison({ database, query }: Question) {
  const criterion = query.get("result") ?? defaultCriterion;
  const by = query.get("by") ?? undefined;
  return compareFor(database.reader, { criterion, by, ...(await wishesOf(database, query)) });
}

/** Each once, however often it is said. */
function namesIn(query: URLSearchParams, parameter: string): readonly string[] {
  return [...new Set(query.getAll(parameter))];
}

function columnsNamed(columns: BoardColumns, names: readonly string[]) {
  return names.map((name) => columnOf(columns, name));
}

/** Rows of the columns, ascending. */
async function meantRows(database: BoardDatabase, query: URLSearchParams, columns: BoardColumns): Promise<Uint32Array> {
  const meant = await meantRuns(database, query, columns);
  const { runIds } = columns;
  // Plain loops: iterators of so many take five times as long.
  const rows = new Uint32Array(runIds.length);
  const wanted = meant === undefined ? undefined : new Set(meant);
  let count = 0;
  for (let row = 0; row < runIds.length; row++)
    if (wanted === undefined || wanted.has(runIds[row] ?? 0)) rows[count++] = row;
  return rows.slice(0, count);
}

function required(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null || value === "") throw new Refused(400, { message: `${name}=… is missing` });
  return value;
}

function wholeNumber(query: URLSearchParams, name: string, standard: number, most: number): number {
  const text = query.get(name);
  if (text === null) return standard;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Refused(400, { message: `${name}: "${text.slice(0, 40)}" is no whole number` });
  return Math.min(value, most);
}

export function runIdIn(text: string): number {
  const id = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(id)) throw new Refused(404, { message: `"${text.slice(0, 40)}" is no id of a run` });
  return id;
}
