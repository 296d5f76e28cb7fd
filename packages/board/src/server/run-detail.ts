/** All that is known of one run, in words. */
import {
  type ExperimentOrigin,
  type Figure,
  noSuchRun,
  type RunRecord,
  readFigures,
  readRunReport,
  type StoreReader,
} from "ml-mosaic/reading";
import type { Fact, RunDetail } from "../wire/answers.ts";
import { Refused } from "./refused.ts";
import { fileId, logSize } from "./run-files.ts";

type OfRecord = Omit<RunDetail, "environment" | "artifacts" | "nearest" | "logBytes" | "hasModel">;

/** What the database alone says. */
export function detailOfRecord(run: RunRecord, figures: readonly Figure[]): OfRecord {
  return {
    id: run.runId,
    status: run.status,
    pipeline: run.description,
    facts: factsOf(run),
    options: optionsOf(run),
    results: resultsOf(run, figures),
    error: run.status === "error" ? run.returnStatus : null,
    tags: run.tags,
    note: run.note ?? null,
  };
}

export async function runDetail(reader: StoreReader, runId: number): Promise<RunDetail> {
  if ((await reader.runIds({ runIds: [runId] })).length === 0)
    throw new Refused(404, { message: (await noSuchRun(reader, runId)).message });
  const report = await readRunReport(reader, runId);
  const { run, files, origin, filesFolder } = report;
  const ofRecord = detailOfRecord(run, await readFigures(reader));
  const ofOrigin: readonly (readonly [string, string | undefined])[] = [
    ["configuration", origin?.configurationFile],
    ["changed by", origin?.overrides.join(" ")],
    ["Mosaic", origin?.engineVersion],
    ["folder of files", filesFolder],
  ];
  const more = ofOrigin.flatMap(([name, value]) => (value === undefined || value === "" ? [] : [{ name, value }]));
  return {
    ...ofRecord,
    facts: [...ofRecord.facts, ...more],
    environment: environmentOf(origin),
    artifacts: files
      .filter(({ isMissing }) => !isMissing)
      .map(({ kind, path, sizeBytes }) => ({ id: fileId(runId, path), name: path, kind, bytes: sizeBytes })),
    nearest: (await nearestRuns(reader))?.(runId) ?? null,
    logBytes: await logSize(report),
    hasModel: files.some(({ path, isMissing }) => path.endsWith(".onnx") && !isMissing),
  };
}

function factsOf({ details, returnStatus, status }: RunRecord): readonly Fact[] {
  const facts: readonly (readonly [string, string | number | null | undefined])[] = [
    ["repetition", details?.repetition],
    ["seed", details?.seed],
    ["attempts lost to dying workers", details?.attempts === 0 ? null : details?.attempts],
    ["executor", details?.executor],
    ["digest of the data", details?.dataDigest],
    ["ordered", details?.orderedAt.toISOString()],
    ["started", details?.startedAt?.toISOString()],
    ["finished", details?.finishedAt?.toISOString()],
    ["said at the end", status === "error" ? null : returnStatus],
  ];
  return facts.flatMap(([name, value]) =>
    value === null || value === undefined || value === "" ? [] : [{ name, value: String(value) }],
  );
}

function optionsOf({ pipeline, params }: RunRecord): RunDetail["options"] {
  const modules = (pipeline?.modules ?? []).flatMap(({ type, className, path, key, options }) => {
    const section = `${type}: ${className} (${path})`;
    return [...Object.entries(options), ["key", key] as const].map(([name, value]) => ({ section, name, value }));
  });
  const own = new Set(
    (pipeline?.modules ?? []).flatMap(({ className, type, options }) => [
      `${type}_key`,
      ...Object.keys(options).map((name) => `${className}_${name}`),
    ]),
  );
  const process = params
    .filter(([name]) => !own.has(name))
    .map(([name, value]) => ({ section: "PROCESS", name, value }));
  return [...modules, ...process];
}

function resultsOf({ result }: RunRecord, figures: readonly Figure[]): RunDetail["results"] {
  return Object.entries(result ?? {}).map(([name, value]) => {
    const figure = figures.find((each) => each.name === name);
    const shown = value === null || Number.isFinite(value) ? value : String(value);
    const unit = figure?.unit === undefined ? {} : { unit: figure.unit };
    return { name, title: figure?.title ?? name, value: shown, ...unit };
  });
}

/** Of the machine that the run's experiment was begun on. */
export function environmentOf(origin: ExperimentOrigin | undefined): readonly Fact[] {
  return Object.entries(origin?.machine ?? {}).map(([name, value]) => ({ name, value }));
}

/** More would hold up the page for a line of it. */
const mostCompared = 20_000;

/**
 * Of the runs with the same repetition the one with the fewest other options, the last one first; undefined where there are too
 * many runs.
 */
export async function nearestRuns(reader: StoreReader): Promise<((runId: number) => RunDetail["nearest"]) | undefined> {
  if ((await reader.runIds()).length > mostCompared) return undefined;
  const names = await reader.optionNames();
  const { runIds, columns } = await reader.columns([
    { of: "run", name: "repetition" },
    ...names.map((name) => ({ of: "option", name }) as const),
  ]);
  const [repetitions, ...options] = columns;
  if (repetitions?.kind !== "number") return undefined;
  const codes = options.flatMap((option) => (option.kind === "text" ? [option.codes] : []));
  const rows = Map.groupBy(runIds.keys(), (row) => repetitions.values[row]);
  return (runId) => {
    const own = runIds.indexOf(runId);
    // Unknown ones are alike to a map, and are not the same one.
    if (Number.isNaN(repetitions.values[own])) return null;
    let best: { readonly row: number; readonly count: number } | undefined;
    for (const row of own < 0 ? [] : (rows.get(repetitions.values[own]) ?? [])) {
      let count = 0;
      for (const each of codes) if (each[row] !== each[own]) count++;
      if (count > 0 && count < (best?.count ?? Infinity)) best = { row, count };
    }
    if (best === undefined) return null;
    const { row: nearest } = best;
    return {
      run: runIds[nearest] ?? 0,
      differences: options.flatMap((option, index) => {
        if (option.kind !== "text" || option.codes[nearest] === option.codes[own]) return [];
        const textAt = (row: number) => option.texts[option.codes[row] ?? -1] ?? "none";
        return [{ name: names[index] ?? "", mine: textAt(own), other: textAt(nearest) }];
      }),
    };
  };
}
