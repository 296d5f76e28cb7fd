/** How everything about a run is written, for people and for programs. */

import { styleText } from "node:util";
import { bytesText } from "@ml-mosaic/base";
import { chartText, numberText, oneLine, plainLines, tableText } from "@ml-mosaic/command-line";
import type { EpochRecord } from "@ml-mosaic/training";
import { findFigure } from "../figures/known-figures.ts";
import { runFigures } from "../figures/run-figures.ts";
import type { RunReport } from "../inspect/run-report.ts";
import { flatPipeline } from "../pipelines/flat-pipeline.ts";
import type { ModuleSpec } from "../pipelines/pipeline.ts";
import { processParams } from "../pipelines/run-params.ts";
import { epochColumns, epochMetrics } from "../store/index.ts";

const chartSize = { columns: 64, rows: 11 };

export function showText(report: RunReport): string {
  const { run } = report;
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["Pipeline", (run.pipeline?.modules ?? []).flatMap(moduleLines)],
    ["Training options", pairLines(Object.entries(processParams(run.pipeline, run.params)))],
    ["Error", run.status === "error" ? plainLines(run.returnStatus ?? "") : []],
    ["Came back", run.status === "pending" && run.details !== null ? plainLines(run.returnStatus ?? "") : []],
    ["Results", resultLines(report)],
    ["Earlier results", earlierLines(report)],
    ["Loss", curveLines(run.history)],
    ["Files", fileLines(report)],
    ["End of the log", (report.logTail ?? []).map(oneLine)],
    ["Environment", environmentLines(report)],
  ];
  const head = [
    `${styleText("bold", `Run ${run.runId}`)}: ${oneLine(run.status)}`,
    oneLine(run.description),
    ...(run.tags.length === 0 ? [] : [`Tags: ${oneLine(run.tags.join(", "))}`]),
    ...(run.note === undefined ? [] : [`Note: ${plainLines(run.note).join("\n      ")}`]),
  ].join("\n");
  const texts = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${styleText("bold", title)}\n${lines.map((line) => `  ${line}`.trimEnd()).join("\n")}`);
  return [head, ...texts].join("\n\n");
}

function moduleLines(module: ModuleSpec): readonly string[] {
  const { type, className, path, key, options } = module;
  const lines = pairLines(Object.entries({ ...options, key })).map((line) => `  ${line}`);
  return [oneLine(`${type}: ${className}  (${path})`), ...lines];
}

function resultLines({ run: { result } }: RunReport): readonly string[] {
  if (result === null) return [];
  const isWhole = (name: string) => findFigure(runFigures, name)?.whole === true;
  const text = (name: string, value: number | null) => (isWhole(name) ? String(value ?? "") : numberText(value));
  return pairLines(Object.entries(result).map(([name, value]) => [name, text(name, value) || "-"] as const));
}

/** Before the run was trained further: a line each. */
function earlierLines({ earlierResults }: RunReport): readonly string[] {
  if (earlierResults.length === 0) return [];
  const all = new Set(earlierResults.flatMap(({ result }) => Object.keys(result)));
  const names = [...all].filter((name) => earlierResults.some(({ result }) => (result[name] ?? null) !== null));
  const rows = earlierResults.map(({ replacedAt, result }) => [
    dateText(replacedAt),
    ...names.map((name) => numberText(result[name] ?? null)),
  ]);
  return tableText(
    ["replaced", ...names],
    rows,
    names.map((_, index) => index + 1),
  ).split("\n");
}

function curveLines(history: readonly EpochRecord[]): readonly string[] {
  if (history.length === 0) return [];
  const chart = chartText(
    [
      { name: "train loss", mark: "○", values: history.map(({ trainLoss }) => trainLoss) },
      { name: "test loss", mark: "●", values: history.map(({ validLoss }) => validLoss) },
    ],
    chartSize,
  );
  const bad = history.find(({ trainLoss, validLoss }) => !Number.isFinite(trainLoss) || !Number.isFinite(validLoss));
  const notes = bad === undefined ? [] : [`Not finite from epoch ${bad.epoch} on.`];
  return [...(chart === "" ? [] : chart.split("\n")), ...notes];
}

function fileLines({ filesFolder, files }: RunReport): readonly string[] {
  if (filesFolder === undefined || files.length === 0) return [];
  const rows = files.map(({ path, kind, sizeBytes, isMissing }) => [
    oneLine(path),
    oneLine(kind),
    bytesText(sizeBytes),
    isMissing ? styleText("red", "missing") : "",
  ]);
  return [`in ${oneLine(filesFolder)}`, ...tableText(["file", "kind", "size", ""], rows, [2]).split("\n")];
}

function environmentLines({ run: { details }, origin }: RunReport): readonly string[] {
  if (details === null) return ["written by the original Mosaic"];
  const times = [
    ["added", dateText(details.createdAt)],
    ["started", dateText(details.startedAt)],
    ["finished", dateText(details.finishedAt)],
  ] as const;
  return pairLines([
    ["experiment", String(details.experimentId)],
    ["configuration", [origin?.configurationFile ?? "", ...(origin?.overrides ?? [])].join(" ")],
    ["repetition", String(details.repetition)],
    ["seed", String(details.seed)],
    ...(details.executor === null ? [] : [["executor", details.executor] as const]),
    ...(details.processors.length === 0 ? [] : [["computed on", processorsText(details.processors)] as const]),
    ...(details.dataDigest === null ? [] : [["data digest", details.dataDigest] as const]),
    ["attempts lost", String(details.attempts)],
    ...times.filter(([, text]) => text !== ""),
    ["engine", origin?.engineVersion ?? ""],
    ...Object.entries(origin?.machine ?? {}),
  ]);
}

function dateText(date: Date | null): string {
  return date === null
    ? ""
    : date
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, " UTC");
}

function pairLines(pairs: readonly (readonly [name: string, value: string])[]): readonly string[] {
  const width = Math.max(0, ...pairs.map(([name]) => oneLine(name).length));
  return pairs.map(([name, value]) => `${oneLine(name).padEnd(width)}  ${oneLine(value)}`);
}

/** The database's own names. */
export function showJson(
  { run, earlierResults, filesFolder, files, logTail, origin }: RunReport,
  database: string,
): unknown {
  const { runId, status, description, returnStatus, pipeline, params, result, history, details, tags, note } = run;
  return {
    database,
    run_id: runId,
    status,
    description,
    return_status: returnStatus,
    pipeline: pipeline === undefined ? null : flatPipeline(pipeline),
    params: Object.fromEntries(params),
    tags,
    note: note ?? null,
    results: result,
    earlier_results: earlierResults.map((earlier) => ({
      replaced_at: earlier.replacedAt,
      return_status: earlier.returnStatus,
      ...earlier.result,
    })),
    history: history.map((record) => ({
      epoch: record.epoch,
      ...Object.fromEntries(epochColumns.map(({ name, of }) => [name, of(record)])),
      ...epochMetrics(record),
    })),
    files_folder: filesFolder ?? null,
    files: files.map(({ path, kind, sizeBytes, isMissing }) => ({
      path,
      kind,
      size_bytes: sizeBytes,
      missing: isMissing,
    })),
    log_tail: logTail ?? null,
    repetition: details?.repetition ?? null,
    seed: details?.seed ?? null,
    executor: details?.executor ?? null,
    processors: details?.processors ?? [],
    data_digest: details?.dataDigest ?? null,
    attempts_lost: details?.attempts ?? null,
    created_at: details?.createdAt ?? null,
    started_at: details?.startedAt ?? null,
    finished_at: details?.finishedAt ?? null,
    environment:
      origin === undefined
        ? null
        : {
            experiment: origin.experimentId,
            configuration: origin.configurationFile,
            engine: origin.engineVersion,
            machine: origin.machine,
          },
  };
}

/** Runs that several have computed have the last bits of neither. */
function processorsText(processors: readonly string[]): string {
  return processors.length === 1 ? processors.join("") : `${processors.join(", then ")}: bits as on neither alone`;
}
