/** What `mosaic pause` writes and `mosaic resume` takes: what is left of an experiment, and where it goes on. */

import { readFile, stat } from "node:fs/promises";
import { messageOf } from "@ml-mosaic/base";
import { type MonitorSection, parsePipelines } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { flatPipeline } from "../pipelines/flat-pipeline.ts";
import type { Pipeline, Texts } from "../pipelines/pipeline.ts";
import { processParams } from "../pipelines/run-params.ts";
import { requirePipeline, type StoreReader } from "../store/index.ts";

export interface PauseFile {
  /** Absolute path of the database that holds the runs. */
  readonly database: string;
  /** Folder of the configuration file. */
  readonly folder: string;
  /** As MONITOR was written. */
  readonly monitor: Texts;
  /** What is left, by the id of the run. */
  readonly runs: ReadonlyMap<number, Pipeline>;
}

/** The file's content as JSON for what an experiment has left: its pending and paused runs. */
export async function composePauseFile(
  store: StoreReader,
  experimentId: number,
  folder: string,
  monitor: MonitorSection,
): Promise<{ readonly left: number; readonly file: unknown }> {
  const pipelines: (readonly Texts[])[] = [];
  const runIds: number[] = [];
  // Of the first run that is left: for the reader, the database has those of each.
  let process: Texts = {};
  for (const status of ["paused", "pending"]) {
    for await (const run of store.runs({ experimentId, status })) {
      const pipeline = requirePipeline(run);
      pipelines.push(flatPipeline(pipeline));
      runIds.push(run.runId);
      if (runIds.length === 1) process = processParams(pipeline, run.params);
    }
  }
  const file = {
    database: store.location,
    folder,
    PROCESS: process,
    MONITOR: monitor.texts,
    pipelines,
    run_ids: runIds,
  };
  return { left: runIds.length, file };
}

/** @throws MosaicError that says what is wrong with the file */
export async function readPauseFile(path: string): Promise<PauseFile> {
  const problem = (what: string, cause?: unknown) => new MosaicError("BAD_PAUSE_FILE", `${path}: ${what}`, { cause });
  let json: unknown;
  try {
    // Reading a pipe would wait for a writer without end.
    if (!(await stat(path)).isFile()) throw problem("it is no file");
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof MosaicError) throw error;
    const why = messageOf(error);
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
  const runs = new Map<number, Pipeline>();
  for (const [index, pipeline] of parsed.entries()) {
    const runId = runIds[index];
    if (runId !== undefined) runs.set(runId, pipeline);
  }
  return { database, folder, monitor: MONITOR, runs };
}

function isTexts(value: unknown): value is Texts {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === "string")
  );
}
