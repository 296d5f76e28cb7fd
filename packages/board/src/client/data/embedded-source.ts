/** Data of an export: blocks that the page holds, compressed. What would need a server is refused with a reason. */
import { meanOf, standardErrorOf } from "@ml-mosaic/statistics/sample";
import { parseCondition } from "ml-mosaic/conditions";
import type {
  ExportedModels,
  Failures,
  Importance,
  LogPart,
  PairDetail,
  Pareto,
  RunDetail,
  Verdicts,
} from "../../wire/answers.ts";
import { bandsOfCells, decodeBandCells } from "../../wire/band-cells.ts";
import { decodeBlock } from "../../wire/block.ts";
import { decodeColumns } from "../../wire/columns.ts";
import { type Curves, decodeCurves } from "../../wire/curves.ts";
import { decodeEpochTimes, type EpochTimes, secondsAt } from "../../wire/epoch-times.ts";
import { groupRows, groupsOf } from "../../wire/groups.ts";
import { matchingRows } from "../../wire/matching-rows.ts";
import { RunTable } from "../../wire/run-table.ts";
import { idsOfRanges } from "../columns/id-ranges.ts";
import { type Chosen, RefusedError, type Source } from "./source.ts";

export function hasEmbeddedData(): boolean {
  return blockElement("experiment") !== null;
}

export function embeddedSource(): Source {
  const curves = once(async () => decodeCurves(await bytes("curves")));
  const runs = once(() => json<Readonly<Record<string, RunDetail>>>("runs"));
  const logs = once(() => json<Readonly<Record<string, LogPart>>>("logs"));
  const table = once(async () => {
    const all = new RunTable();
    all.add(decodeColumns(await bytes("columns")));
    return all;
  });
  const times = once(async () => decodeEpochTimes(await bytes("times")));
  const cells = once(async () => decodeBandCells(await bytes("cells")));
  const models = once(() => json<ExportedModels>("models"));
  const quantiles = once(async () => {
    const [known] = decodeBlock(await bytes("quantiles")).arrays;
    return (degreesOfFreedom: number) => known?.[degreesOfFreedom] ?? Number.NaN;
  });
  const intervalOf = once(async () => {
    const quantileOf = await quantiles();
    return (values: readonly number[]) => {
      const half = quantileOf(values.length - 1) * standardErrorOf(values);
      const mean = meanOf(values);
      return { low: mean - half, high: mean + half };
    };
  });
  return {
    experiment: () => json("experiment"),
    columns: async (names) => {
      const all = decodeColumns(await bytes("columns"));
      return { ...all, columns: all.columns.filter(({ name }) => names.includes(name)) };
    },
    curves: async ({ ids = "", by = [], series, x, most }) => {
      const all = await curves();
      if (by.length === 0) {
        const chosen = ids === "" ? undefined : idsOfRanges(ids);
        const lines = chosenCurves(all, chosen, series, most);
        return x === "epoch" ? lines : overSeconds(lines, await times());
      }
      const ofRuns = await table();
      const grouped = by.map((name) => columnIn(ofRuns, name));
      const rows = rowsOf(ofRuns, { where: "", ids });
      const quantileOf = await quantiles();
      const bands = bandsOfCells(await cells(), groupRows(grouped, rows), { series, x, quantileOf });
      if (bands === undefined) throw missing("Bands of some of the repetitions, or by what is no option");
      return { lines: [], bands, runs: rows.length, interval: all.interval };
    },
    groups: async (chosen, by, results) => {
      const all = await table();
      const column = (name: string) => columnIn(all, name);
      const grouped = { by: by.map(column), results: results.map(column), status: column("status") };
      return groupsOf(grouped, rowsOf(all, chosen), await intervalOf());
    },
    verdicts: (chosen, result, data) =>
      data === null
        ? ofAllRuns<Verdicts>(chosen, `verdicts:${result}`, "Verdicts")
        : refused("Verdicts on another data set than the first"),
    pair: async (chosen, result, data, one, other) => {
      if (data !== null) throw missing("Pairs on another data set than the first");
      const pairs = await ofAllRuns<Readonly<Record<string, PairDetail>>>(chosen, `pairs:${result}`, "Pairs");
      const found = pairs[JSON.stringify([one, other])];
      if (found === undefined) throw missing("This pair, which is not of the best models");
      return found;
    },
    importance: (chosen, result) => ofAllRuns<Importance>(chosen, `importance:${result}`, "The importance of options"),
    pareto: (chosen, x, y) => ofAllRuns<Pareto>(chosen, `pareto:${x}:${y}`, "This Pareto front"),
    failures: (chosen) => ofAllRuns<Failures>(chosen, "failures", "The failures"),
    run: async (id) => {
      const found = (await runs())[id];
      if (found === undefined) throw new RefusedError({ message: `The export has no details of run ${id}.` });
      return { ...found, logBytes: (await logs())[id]?.size ?? null, hasModel: (await models()).of[id] !== undefined };
    },
    log: async (id) => {
      const found = (await logs())[id];
      if (found === undefined) throw missing(`The log of run ${id}`);
      return { ...found, next: found.size };
    },
    model: async (id) => {
      const all = await models();
      const found = all.models[all.of[id] ?? -1];
      if (found === undefined) throw missing(`The model of run ${id}`);
      return found;
    },
    predict: () => refused("Running a model"),
    maps: () => refused("Maps"),
    map: () => refused("Maps"),
    fileAddress: () => undefined,
    plan: () => refused("Control"),
    control: () => refused("Control"),
    follow: () => () => undefined,
  };
}

function rowsOf(table: RunTable, { where, ids }: Chosen): readonly number[] {
  const parsed = where === "" ? undefined : parseCondition(where);
  const matching = matchingRows(table, parsed?.ok === true ? parsed.condition : undefined);
  const wanted = ids === "" ? undefined : idsOfRanges(ids);
  return Array.from(matching).filter((row) => wanted?.has(table.id(row)) ?? true);
}

function columnIn(table: RunTable, name: string) {
  const found = table.filled(name);
  if (found === undefined) throw missing(name);
  return found;
}

function overSeconds(curves: Curves, times: ReadonlyMap<number, EpochTimes>): Curves {
  return {
    ...curves,
    lines: curves.lines.flatMap((line) => {
      const ofRun = times.get(line.run);
      return ofRun === undefined ? [] : [{ ...line, x: secondsAt(ofRun, line.x) }];
    }),
  };
}

function chosenCurves(
  all: Curves,
  ids: ReadonlySet<number> | undefined,
  series: readonly string[],
  most = 1000,
): Curves {
  const matching = all.lines.filter(({ run }) => ids?.has(run) ?? true);
  const runs = [...new Set(matching.map(({ run }) => run))];
  const shown = new Set(runs.slice(0, most));
  return {
    ...all,
    runs: runs.length,
    bands: [],
    lines: matching.filter((line) => shown.has(line.run) && series.includes(line.series)),
  };
}

/** An export holds the answers about all runs. */
async function ofAllRuns<Answer>({ where, ids }: Chosen, name: string, what: string): Promise<Answer> {
  if (where !== "" || ids !== "")
    throw new RefusedError({
      message: `${what} of a part of the runs cannot be computed in an export.`,
      remedy: "Take away the filter and the selection, or open the database with mosaic board.",
    });
  if (blockElement(name) === null) throw missing(what);
  return json(name);
}

function missing(what: string): RefusedError {
  return new RefusedError({
    message: `${what}: not in this export.`,
    remedy: "Open the database with mosaic board.",
  });
}

async function refused(what: string): Promise<never> {
  throw missing(what);
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function blockElement(name: string): HTMLElement | null {
  return document.getElementById(`block:${name}`);
}

async function json<Answer>(name: string): Promise<Answer> {
  return JSON.parse(new TextDecoder().decode(await bytes(name)));
}

/** The text of a block is base64 of what deflate has made of its bytes. */
async function bytes(name: string): Promise<ArrayBuffer> {
  const element = blockElement(name);
  if (element === null) throw missing(name);
  const packed = Uint8Array.from(atob(element.textContent.trim()), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}
