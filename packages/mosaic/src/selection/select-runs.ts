import { nearestNames } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { findFigure, readFigures } from "../figures/known-figures.ts";
import type { StoreReader, ValueCondition } from "../store/index.ts";
import { runsWhere } from "./runs-where.ts";
import type { IdRange, Selector } from "./selector.ts";

/**
 * Ids of the runs that a selector names, each once: in the order written for ids and requests, else ascending.
 *
 * @throws MosaicError where no run matches, with what there is
 */
export async function selectRuns(reader: StoreReader, selector: Selector): Promise<readonly number[]> {
  switch (selector.kind) {
    case "all": {
      const ids = await reader.runIds();
      if (ids.length === 0) throw noMatch(`${reader.location} has no runs`);
      return ids;
    }
    case "ids":
      return selectIds(reader, selector.ranges);
    case "request": {
      const ids = new Set(await reader.request(selector.sql));
      if (ids.size === 0) throw noMatch("the request gives no run");
      await requireKnown(reader, [...ids], "the request gives ");
      return [...ids];
    }
    case "where": {
      const ids = await runsWhere(reader, selector.condition);
      if (ids.length === 0) throw noMatch("no run meets the condition of --where");
      return ids;
    }
    case "tag": {
      const ids = await reader.runsTagged(selector.tag);
      if (ids.length === 0) throw noMatch(noTag(selector.tag, [...(await reader.tagCounts()).keys()]));
      return ids;
    }
    case "value": {
      const condition = await resolveName(reader, selector.condition);
      const ids = await reader.runsWithValue(condition);
      if (ids.length === 0) throw noMatch(await explainNoMatch(reader, condition));
      return ids;
    }
    default:
      return selector satisfies never;
  }
}

/** `f1` means `test_f1`, unless there is an option of that name. */
async function resolveName(reader: StoreReader, condition: ValueCondition): Promise<ValueCondition> {
  const params = await reader.paramSummaries();
  if (params.some(({ name }) => name === condition.name)) return condition;
  const figure = findFigure(await readFigures(reader), condition.name);
  return figure === undefined ? condition : { ...condition, name: figure.name };
}

async function selectIds(reader: StoreReader, ranges: readonly IdRange[]): Promise<readonly number[]> {
  const known = await reader.runIds();
  const knownIds = new Set(known);
  const chosen = new Set<number>();
  const faults: string[] = [];
  const strange: IdRange[] = [];
  for (const range of ranges) {
    const { first, last } = range;
    const single = knownIds.has(first) ? [first] : [];
    const inside = first === last ? single : known.filter((id) => id >= first && id <= last);
    for (const id of inside) chosen.add(id);
    const missing = inside.length > last - first ? [] : await neverThere(reader, range, inside);
    strange.push(...missing);
    // A range goes on over removed runs.
    if (inside.length === 0 && missing.length === 0)
      faults.push(first === last ? `run ${first} was removed` : `runs ${first} to ${last} were removed`);
  }
  if (strange.length > 0) faults.unshift(`there is no run ${rangesText(strange)}`);
  if (faults.length > 0) throw noMatch(`${faults.join(", ")}${whatThereIs(known)}`);
  return [...chosen];
}

/** The ids of a range that no run has, and that none has had. */
async function neverThere(
  reader: StoreReader,
  { first, last }: IdRange,
  inside: readonly number[],
): Promise<readonly IdRange[]> {
  const there = [...inside];
  for await (const { runId } of reader.removedRuns()) if (runId >= first && runId <= last) there.push(runId);
  const gaps: IdRange[] = [];
  let next = first;
  for (const id of there.sort((one, other) => one - other)) {
    if (id > next) gaps.push({ first: next, last: id - 1 });
    next = Math.max(next, id + 1);
  }
  return next > last ? gaps : [...gaps, { first: next, last }];
}

function rangesText(ranges: readonly IdRange[]): string {
  return ranges.map(({ first, last }) => (first === last ? first : `from ${first} to ${last}`)).join(", ");
}

async function requireKnown(reader: StoreReader, ids: readonly number[], start: string): Promise<void> {
  const known = await reader.runIds();
  const knownIds = new Set(known);
  const unknown = ids.filter((id) => !knownIds.has(id));
  if (unknown.length === 0) return;
  const shown = unknown.slice(0, 5).join(", ") + (unknown.length > 5 ? "…" : "");
  throw noMatch(`${start}${shown}, which is no run's id${whatThereIs(known)}`);
}

function whatThereIs(ids: readonly number[]): string {
  return ids.length === 0 ? "; the database has no runs" : `; the database has runs ${ids[0]} to ${ids.at(-1)}`;
}

async function explainNoMatch(reader: StoreReader, { name, comparison, value }: ValueCondition): Promise<string> {
  const figures = (await readFigures(reader)).map((figure) => figure.name);
  const params = (await reader.paramSummaries()).map((param) => param.name);
  const names = [...new Set([...params, ...figures])];
  if (!names.includes(name))
    return `no run has a "${name}". Known names, the nearest first: ${nearestNames(name, names).join(", ")}`;
  const relation = { equal: "equal to", "at-most": "at or below", "at-least": "at or above" }[comparison];
  return `no run has a ${name} ${relation} ${value}`;
}

function noTag(tag: string, known: readonly string[]): string {
  return known.length === 0
    ? `no run is tagged ${tag}: no run has a tag yet; mosaic tag gives one`
    : `no run is tagged ${tag}. Tags, the nearest first: ${nearestNames(tag, known).join(", ")}`;
}

function noMatch(message: string): MosaicError {
  return new MosaicError("NO_RUN_SELECTED", message);
}
