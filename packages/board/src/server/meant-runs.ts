/** Which runs a question is about: those that a condition lets through and that are selected. */
import { parseCondition, runsWhere } from "ml-mosaic/reading";
import { matchingRows, namesOf } from "../wire/matching-rows.ts";
import type { BoardColumns } from "./board-columns.ts";
import type { BoardDatabase } from "./board-database.ts";
import { Refused } from "./refused.ts";

/**
 * Ascending ids; undefined: all.
 *
 * @param columns the state that is asked about; the last one where none is given
 */
export async function meantRuns(
  database: BoardDatabase,
  query: URLSearchParams,
  columns?: BoardColumns,
): Promise<readonly number[] | undefined> {
  const [where, ids] = [query.get("where")?.trim() ?? "", query.get("ids")?.trim() ?? ""];
  const matching = where === "" ? undefined : await runsThat(database, where, columns);
  if (ids === "") return matching;
  const ranges = readRanges(ids);
  return (matching ?? (await database.reader.runIds())).filter((id) => isIn(ranges, id));
}

/** By the page's columns, as the page itself does it; other names that a condition may have are the store's to know. */
async function runsThat(
  database: BoardDatabase,
  where: string,
  known: BoardColumns | undefined,
): Promise<readonly number[]> {
  const parsed = parseCondition(where);
  if (!parsed.ok) throw new Refused(400, { ...parsed.fault, ...placeIn(parsed.fault.message) });
  const columns = known ?? (await database.columns());
  if (namesOf(parsed.condition).every((name) => columns.column(name) !== undefined)) {
    const { runIds } = columns;
    return Array.from(matchingRows(columns, parsed.condition), (row) => runIds[row] ?? 0);
  }
  try {
    return await runsWhere(database.reader, parsed.condition);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "BAD_SELECTOR") throw error;
    const message = error.message.replaceAll("--where: ", "");
    throw new Refused(400, { message, ...placeIn(message) });
  }
}

/** Messages about conditions say where: "… at character 4". */
function placeIn(message: string): { readonly at?: number } {
  const [, place] = /at character (\d+)/.exec(message) ?? [];
  return place === undefined ? {} : { at: Number(place) };
}

type Range = readonly [first: number, last: number];

function readRanges(text: string): readonly Range[] {
  return text
    .split(",")
    .map((part): Range => {
      const [, first, last = first] = /^\s*(\d{1,15})(?:\s*-\s*(\d{1,15}))?\s*$/.exec(part) ?? [];
      if (first === undefined)
        throw new Refused(400, { message: `ids: "${part.slice(0, 40)}" is no id and no range such as 1-3` });
      return [Number(first), Number(last)];
    })
    .sort(([one], [other]) => one - other);
}

/** Ranges are in the order of their beginnings. */
function isIn(ranges: readonly Range[], id: number): boolean {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.[0] ?? Infinity) <= id) low = middle + 1;
    else high = middle;
  }
  // Ranges that overlap are written by people only, and few.
  for (let index = low - 1; index >= 0 && index >= low - 50; index--) if ((ranges[index]?.[1] ?? -1) >= id) return true;
  return false;
}
