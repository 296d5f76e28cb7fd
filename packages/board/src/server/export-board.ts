/** All that is not live in one file: the page's program and the answers that it would ask for. */
import { createHash } from "node:crypto";
import { stat, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { deflateRaw } from "node:zlib";
import { countText, pendingFile } from "@ml-mosaic/base";
import { MosaicError, type RunRecord, readFigures } from "ml-mosaic/reading";
import type { RunDetail } from "../wire/answers.ts";
import { encodeColumns } from "../wire/columns.ts";
import { type Curve, encodeCurves } from "../wire/curves.ts";
import { answers } from "./answers.ts";
import { BoardDatabase } from "./board-database.ts";
import { clientFile, clientStyles } from "./client-files.ts";
import { linesOf } from "./curves.ts";
import { meanInterval } from "./groups.ts";
import { packModules } from "./modules-as-data.ts";
import { Refused } from "./refused.ts";
import { detailOfRecord } from "./run-detail.ts";

/** Columns of pixels of which the first, last, lowest and highest point stay, which are two pairs each. */
const curveColumns = { fewest: 4, most: 32 };
/** What goes into 10 MB with all else. */
const mostPoints = 3_840_000;
/** More runs than this have columns and curves, and no page of their own. */
const mostDetails = 2000;
/** Bits of a value's fraction that stay: one part in four thousand, which no picture shows. */
const keptBits = 12;

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
  const { runIds } = await database.columns();
  const series = info.series.map(({ name }) => name);
  const affordable = Math.floor(mostPoints / (4 * Math.max(1, runIds.length * series.length)));
  const pixels = Math.max(curveColumns.fewest, Math.min(curveColumns.most, affordable));
  const lines = await linesOf(reader, Array.from(runIds), { series, x: "epoch", pixels });
  const isThinned = lines.some(({ points, x }) => points > x.length);
  const rounded = encodeCurves({
    lines: lines.map(roundedCurve),
    bands: [],
    runs: runIds.length,
    interval: meanInterval,
  });
  const results = info.columns.filter(({ role, varies }) => role === "result" && varies).map(({ name }) => name);
  const notes = [
    `Written ${new Date().toISOString().slice(0, 10)} from ${info.title}: nothing here is live`,
    ...(lines.length === 0
      ? []
      : [
          `curves are rounded to one part in four thousand${isThinned ? `, and thinned to ${2 * pixels} pairs of minima and maxima` : ""}`,
        ]),
    ...(runIds.length > mostDetails
      ? [`of ${countText(runIds.length, "run")} the first ${mostDetails} have a page of their own`]
      : []),
  ];
  await put("experiment", { ...info, databases: [info.title], isLive: false, exportNote: `${notes.join("; ")}.` });
  await put("columns", encodeColumns(await database.someColumns([])));
  await put("curves", rounded);
  for (const result of results) {
    await ask(`verdicts:${result}`, "verdicts", { result });
    await ask(`importance:${result}`, "importance", { result });
    for (const x of results)
      if (x !== result && (result === info.criterion || x === info.criterion))
        await ask(`pareto:${x}:${result}`, "pareto", { x, y: result });
  }
  await ask("failures", "failures");
  await put("runs", await detailsOf(database, Array.from(runIds.slice(0, mostDetails))));
  return { blocks, notes };
}

/** A view of the same bits, which are cut where the eye no longer follows: what is left takes half of the room. */
function roundedCurve(curve: Curve): Curve {
  const y = curve.y.slice();
  const bits = new Uint32Array(y.buffer);
  const dropped = 23 - keptBits;
  for (const [index, value] of bits.entries()) {
    if (!Number.isFinite(y[index])) continue;
    bits[index] = ((value + (1 << (dropped - 1))) >>> dropped) << dropped;
  }
  return { ...curve, y };
}

async function detailsOf(
  { reader }: BoardDatabase,
  runIds: readonly number[],
): Promise<Readonly<Record<string, RunDetail>>> {
  const figures = await readFigures(reader);
  const details: Record<string, RunDetail> = {};
  for await (const run of reader.runs({ runIds })) details[run.runId] = withoutFiles(run, figures);
  return details;
}

function withoutFiles(run: RunRecord, figures: Awaited<ReturnType<typeof readFigures>>): RunDetail {
  return {
    ...detailOfRecord(run, figures),
    environment: [],
    artifacts: [],
    nearest: null,
    logBytes: null,
    hasModel: false,
  };
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
