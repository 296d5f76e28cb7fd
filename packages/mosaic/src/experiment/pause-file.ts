/** What `mosaic pause` writes and `mosaic resume` takes: what is left of an experiment, and where it goes on. */
import { readFile, stat } from "node:fs/promises";
import { type MonitorSection, type Pipeline, parsePipelines } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import type { StoreReader } from "../store/index.ts";
import { processParams } from "./process-params.ts";

export interface PauseFile {
  /** Absolute path of the database that holds the runs. */
  readonly database: string;
  /** Folder of the configuration file. */
  readonly folder: string;
  /** PROCESS options of the first run that is left: for the reader, the database has those of each. */
  readonly PROCESS: Readonly<Record<string, string>>;
  /** As MONITOR was written. */
  readonly MONITOR: Readonly<Record<string, string>>;
  readonly pipelines: readonly Pipeline[];
  /** Id of the run of each pipeline. */
  readonly run_ids: readonly number[];
}

/** The content for what an experiment has left: its pending and paused runs. */
export async function composePauseFile(
  store: StoreReader,
  experimentId: number,
  folder: string,
  monitor: MonitorSection,
): Promise<PauseFile> {
  const pipelines: Pipeline[] = [];
  const runIds: number[] = [];
  let process: Readonly<Record<string, string>> = {};
  for (const status of ["paused", "pending"]) {
    for await (const run of store.runs({ experimentId, status })) {
      const json: unknown = JSON.parse(run.pipelineJson ?? "[]");
      pipelines.push(...parsePipelines([json], store.location));
      runIds.push(run.runId);
      if (runIds.length === 1) process = processParams(run.params);
    }
  }
  return { database: store.location, folder, PROCESS: process, MONITOR: monitor.texts, pipelines, run_ids: runIds };
}

/** @throws MosaicError that says what is wrong with the file */
export async function readPauseFile(path: string): Promise<PauseFile> {
  const problem = (what: string, cause?: unknown) => new MosaicError("bad-pause-file", `${path}: ${what}`, { cause });
  let json: unknown;
  try {
    // Reading a pipe would wait for a writer without end.
    if (!(await stat(path)).isFile()) throw problem("it is no file");
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof MosaicError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw problem(error instanceof SyntaxError ? `it is no JSON (${why})` : `it cannot be read (${why})`, error);
  }
  if (Array.isArray(json))
    throw problem(
      "it is a list of pipelines, as mosaic generate writes it; resume takes what mosaic pause wrote. To train pipelines use mosaic run",
    );
  const {
    database,
    folder,
    PROCESS,
    MONITOR,
    pipelines,
    run_ids: runIds,
  }: { readonly [name: string]: unknown } = Object(json);
  if (typeof database !== "string" || typeof folder !== "string")
    throw problem('it has no "database" and "folder"; was it written by mosaic pause?');
  if (!isTexts(PROCESS) || !isTexts(MONITOR)) throw problem("PROCESS and MONITOR must be objects of texts");
  if (!Array.isArray(runIds) || !runIds.every((id): id is number => Number.isSafeInteger(id) && id > 0))
    throw problem('"run_ids" must be a list of ids of runs');
  const parsed = parsePipelines(pipelines, path);
  if (parsed.length !== runIds.length)
    throw problem(`it has ${parsed.length} pipelines and ${runIds.length} run_ids; each pipeline has one`);
  return { database, folder, PROCESS, MONITOR, pipelines: parsed, run_ids: runIds };
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === "string")
  );
}
