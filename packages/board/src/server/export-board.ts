/** All that is not live in one file: the page's program and the answers that it would ask for. */
import { createHash } from "node:crypto";
import { stat, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { deflateRaw } from "node:zlib";
import { bytesText, countText, pendingFile } from "@ml-mosaic/base";
import { tQuantile } from "@ml-mosaic/statistics";
import { MosaicError, readExperimentOrigins, readFigures, type StoreReader } from "ml-mosaic/reading";
import type { ExportedModels, LogPart, ModelLayers, PairDetail, RunDetail } from "../wire/answers.ts";
import { encodeBlock } from "../wire/block.ts";
import { encodeColumns } from "../wire/columns.ts";
import { answers } from "./answers.ts";
import { BoardDatabase } from "./board-database.ts";
import { clientFile, clientStyles } from "./client-files.ts";
import { exportedCurves } from "./export-curves.ts";
import { readModelFile } from "./model-file.ts";
import { packModules } from "./modules-as-data.ts";
import { Refused } from "./refused.ts";
import { detailOfRecord, environmentOf, nearestRuns } from "./run-detail.ts";
import { logEnd } from "./run-files.ts";
import { compareFor, pairDetail } from "./verdicts.ts";

/** More runs than this have columns and curves, and no page of their own. */
const mostDetails = 2000;
/** Of so many of the best models by the criterion, and by any other result, each pair is explained. */
const [mostPairedModels, fewestPairedModels] = [10, 4];
/** Ends of logs: the part that says how it went. */
const [mostLogs, logBytes] = [300, 3000];
/** Each has a table of its layers. */
const mostModels = 100;
/** What curves may be grouped by besides options. */
const groupedBy = ["pipeline", "experiment", "status"];

const compress = promisify(deflateRaw);

export interface ExportedBoard {
  readonly bytes: number;
  readonly notes: readonly string[];
}

export async function exportBoard(path: string, file: string): Promise<ExportedBoard> {
  await using pending = await pendingFile(file);
  const database = await BoardDatabase.open(path);
  try {
    const { blocks, notes } = await blocksOf(database);
    await writeFile(pending.temporary, await pageOf(blocks));
    await pending.publish();
    return { bytes: (await stat(file)).size, notes };
  } finally {
    await database.close();
  }
}

type Blocks = ReadonlyMap<string, Uint8Array>;

async function blocksOf(
  database: BoardDatabase,
): Promise<{ readonly blocks: Blocks; readonly notes: readonly string[] }> {
  const { reader } = database;
  const facts = { databases: [database.location], mayControl: false };
  const info = await database.info(facts);
  const blocks = new Map<string, Uint8Array>();
  const bytesOf = (value: unknown) =>
    value instanceof Uint8Array ? value : new TextEncoder().encode(JSON.stringify(value));
  const put = async (name: string, value: unknown) => blocks.set(name, await compress(bytesOf(value)));
  /** What cannot be said of this database is not in the file, and the page says so. */
  const ask = async (name: string, address: keyof typeof answers, query: Readonly<Record<string, string>> = {}) => {
    const answer = answers[address];
    if (answer === undefined) throw new RangeError(`there is no answer ${address}`);
    try {
      await put(name, await answer({ database, facts, query: new URLSearchParams(query), rest: "" }));
    } catch (error) {
      if (!(error instanceof MosaicError || error instanceof Refused)) throw error;
    }
  };
  const table = await database.someColumns([]);
  // At once: runs come and change while anything is waited for.
  const columns = encodeColumns(table);
  const ids = table.columns.find(({ name }) => name === "id");
  const runIds = ids?.kind === "number" ? ids.values.slice() : new Float64Array();
  const series = info.series.map(({ name }) => name);
  const grouping = info.columns.filter(
    ({ name, role, varies }) => varies && (role === "option" || groupedBy.includes(name)),
  );
  const by = table.columns.filter(({ name }) => grouping.some((each) => each.name === name));
  const { curves, times, cells, note } = await exportedCurves(reader, runIds, { series, by });
  const logs = await logTails(database, await logged(database, runIds));
  const results = info.columns.filter(({ role, varies }) => role === "result" && varies).map(({ name }) => name);
  const notes = [
    `Written ${new Date().toISOString().slice(0, 10)} from ${info.title}: nothing here is live`,
    ...(note === undefined ? [] : [note]),
    ...(runIds.length > mostDetails
      ? [`of ${countText(runIds.length, "run")} the first ${mostDetails} have a page of their own`]
      : []),
    ...(logs.isCut
      ? [
          `of the logs there are the last ${bytesText(logBytes)} of ${countText(logs.texts.size, "run")}, failed ones first`,
        ]
      : []),
  ];
  await put("experiment", {
    ...info,
    runs: runIds.length,
    databases: [info.title],
    isLive: false,
    exportNote: `${notes.join("; ")}.`,
  });
  await put("columns", columns);
  await put("curves", curves);
  await put("times", times);
  await put("cells", cells);
  await put("quantiles", encodeBlock({ header: {}, arrays: [quantilesUpTo(runIds.length)] }));
  await put("logs", Object.fromEntries(logs.texts));
  for (const result of results) {
    await ask(`verdicts:${result}`, "verdicts", { result });
    const pairs = await pairsOf(database, result, result === info.criterion ? mostPairedModels : fewestPairedModels);
    if (pairs !== undefined) await put(`pairs:${result}`, pairs);
    await ask(`importance:${result}`, "importance", { result });
    for (const x of results)
      if (x !== result && (result === info.criterion || x === info.criterion))
        await ask(`pareto:${x}:${result}`, "pareto", { x, y: result });
  }
  await ask("failures", "failures");
  const detailed = Array.from(runIds.slice(0, mostDetails));
  await put("runs", await detailsOf(database, detailed));
  await put("models", await modelsOf(database, detailed));
  return { blocks, notes };
}

/** Half the width of a 95 % interval in standard errors, by degrees of freedom: from them the page has the intervals of groups. */
function quantilesUpTo(most: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: most }, (_, degrees) => (degrees === 0 ? Number.NaN : tQuantile(0.975, degrees)));
}

/** What is known of each pair of the best models, by their names; undefined where nothing can be compared. */
async function pairsOf(
  { reader }: BoardDatabase,
  criterion: string,
  most: number,
): Promise<Readonly<Record<string, PairDetail>> | undefined> {
  try {
    const report = await compareFor(reader, { criterion, data: undefined, by: undefined, runIds: undefined });
    const best = new Set(report.dataSets[0]?.models.slice(0, most).map(({ model }) => model));
    const pairs = report.dataSets[0]?.pairs.filter(({ a, b }) => best.has(a) && best.has(b)) ?? [];
    return Object.fromEntries(
      pairs.flatMap(({ a, b }) =>
        [
          [a, b],
          [b, a],
        ].map(([one = "", other = ""]) => [JSON.stringify([one, other]), rounded(pairDetail(report, one, other))]),
      ),
    );
  } catch (error) {
    if (!(error instanceof MosaicError || error instanceof Refused)) throw error;
    return undefined;
  }
}

/** As pictures show it; the sentences have their own digits. */
function rounded(pair: PairDetail): PairDetail {
  return JSON.parse(
    JSON.stringify(pair, (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(6)) : value)),
  );
}

/** Runs whose logs are taken, those that failed before the others. */
async function logged({ reader }: BoardDatabase, runIds: ArrayLike<number>): Promise<readonly number[]> {
  const failed = [...(await reader.statuses())].flatMap(([id, status]) => (status === "error" ? [id] : []));
  return [...new Set([...failed, ...Array.from(runIds)])].slice(0, mostLogs);
}

async function logTails({ reader }: BoardDatabase, runIds: readonly number[]) {
  const texts = new Map<number, LogPart>();
  let isCut = false;
  for (const runId of runIds) {
    const part = await logEnd(reader, runId, logBytes);
    if (part === undefined) continue;
    texts.set(runId, part);
    isCut ||= part.size > logBytes;
  }
  return { texts, isCut };
}

async function detailsOf(
  { reader }: BoardDatabase,
  runIds: readonly number[],
): Promise<Readonly<Record<string, RunDetail>>> {
  const figures = await readFigures(reader);
  const nearest = await nearestRuns(reader);
  const origins = await readExperimentOrigins(reader);
  const details: Record<string, RunDetail> = {};
  for await (const run of reader.runs({ runIds })) {
    const origin = origins.find(({ experimentId }) => experimentId === run.details?.experimentId);
    details[run.runId] = {
      ...detailOfRecord(run, figures),
      environment: environmentOf(origin).filter(({ name }) => name !== "host"),
      artifacts: [],
      nearest: nearest?.(run.runId) ?? null,
      logBytes: null,
      hasModel: false,
    };
  }
  return details;
}

/** Layers of the models of these runs: those of the same modules and options have the same ones, whatever they are called. */
async function modelsOf({ reader }: BoardDatabase, runIds: readonly number[]): Promise<ExportedModels> {
  const models: ModelLayers[] = [];
  const of: Record<string, number> = {};
  const known = new Map<string, number>();
  for await (const { runId, pipeline, params, description, status } of reader.runs({ runIds })) {
    if (status !== "done") continue;
    const made = JSON.stringify([pipeline?.modules ?? description, params]);
    if (!known.has(made) && models.length < mostModels) {
      const layers = await layersOf(reader, runId);
      // Another of its runs may have its files still.
      if (layers !== undefined) known.set(made, models.push(layers) - 1);
    }
    const place = known.get(made);
    if (place !== undefined) of[runId] = place;
  }
  return { models, of };
}

/** undefined where its files are elsewhere, or are no models. */
async function layersOf(reader: StoreReader, runId: number): Promise<ModelLayers | undefined> {
  try {
    return (await readModelFile(reader, runId)).layers;
  } catch (error) {
    if (!(error instanceof MosaicError || error instanceof Refused)) throw error;
    return undefined;
  }
}

async function pageOf(blocks: Blocks): Promise<string> {
  const { imports, entry } = await packModules();
  const styles = (await Promise.all(clientStyles.map(clientFile))).map((file) => file?.text ?? "").join("\n");
  const importMap = JSON.stringify({ imports });
  const program = `import ${JSON.stringify(entry)};`;
  const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = [
    "default-src 'none'",
    // Modules are data: addresses, which nothing but the import map names.
    `script-src ${hashOf(importMap)} ${hashOf(program)} data:`,
    `style-src ${hashOf(styles)}`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  // Base64 has no sign that means anything in HTML.
  const data = Array.from(
    blocks,
    ([name, bytes]) =>
      `<script type="application/octet-stream;base64" id="block:${attribute(name)}">${Buffer.from(bytes).toString("base64")}</script>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mosaic</title>
<link rel="icon" href="data:,">
<style>${styles}</style>
<script type="importmap">${importMap}</script>
<div id="board"></div>
<noscript>This page needs JavaScript.</noscript>
${data.join("\n")}
<script type="module">${program}</script>
</html>
`;
}

function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
