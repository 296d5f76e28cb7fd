/** What `mosaic pause` writes and `mosaic resume` takes: what is left of an experiment, and where it goes on. */

import { realpath, stat } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { messageOf, pathExists } from "@ml-mosaic/base";
import { readPipelines } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { contentDigest, flatPipeline } from "../pipelines/flat-pipeline.ts";
import { type JsonSource, readJsonFile } from "../pipelines/json-source.ts";
import type { Texts } from "../pipelines/pipeline.ts";
import { processParams } from "../pipelines/run-params.ts";
import { listItem, writeTexts } from "../pipelines/write-texts.ts";
import { openSqliteReader, requirePipeline, type StoreReader } from "../store/index.ts";

export interface PauseFile {
  /** Absolute path of the database that holds the runs. */
  readonly database: string;
  /** Folder of the configuration file. */
  readonly folder: string;
  /** As MONITOR was written. */
  readonly monitor: Texts;
  /** What is left, by the id of the run: `contentDigest` of its pipeline. */
  readonly runs: ReadonlyMap<number, string>;
}

/** A paused experiment. */
export interface PausedExperiment {
  readonly experimentId: number;
  /** Folder of the configuration file. */
  readonly folder: string;
  /** As MONITOR was written. */
  readonly monitor: Texts;
}

/** How many runs are left of an experiment: its pending and paused ones. */
export async function countLeft(store: StoreReader, experimentId: number): Promise<number> {
  const counts = await store.countByStatus(experimentId);
  return leftStatuses.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0);
}

/** Writes down what is left of an experiment, which must be at rest, run by run. Returns how many there are. */
export async function writePauseFile(path: string, store: StoreReader, paused: PausedExperiment): Promise<number> {
  const runIds: number[] = [];
  const here = await realpath(dirname(path));
  async function* texts() {
    for await (const run of runsLeft(store, paused.experimentId)) {
      const pipeline = requirePipeline(run);
      if (runIds.length === 0) {
        // PROCESS of the first run that is left: for the reader, the database has those of each.
        const process = processParams(pipeline, run.params);
        const head = {
          // From where the file lies, as a project is moved with all that is in it; and where that was.
          database: relative(here, store.location),
          folder: relative(here, paused.folder) || ".",
          written_in: here,
          PROCESS: process,
          MONITOR: paused.monitor,
        };
        yield `${JSON.stringify(head, null, "\t").slice(0, -"\n}".length)},\n\t"pipelines": [`;
      }
      yield listItem(flatPipeline(pipeline), runIds.length, 2);
      runIds.push(run.runId);
    }
    yield '\n\t],\n\t"run_ids": [';
    for (const [index, runId] of runIds.entries()) yield listItem(runId, index, 2);
    yield "\n\t]\n}\n";
  }
  await writeTexts(path, texts());
  return runIds.length;
}

const leftStatuses = ["paused", "pending"] as const;

async function* runsLeft(store: StoreReader, experimentId: number) {
  for (const status of leftStatuses) yield* store.runs({ experimentId, status });
}

const whatIsTaken = "resume takes what mosaic pause wrote";

/**
 * How many runs of a pause file still wait, besides those of the experiment that is running in a database.
 *
 * @returns undefined where the file is none, or its database is gone
 */
export async function waitingOf(
  path: string,
  running: string,
): Promise<{ readonly runs: number; readonly database: string } | undefined> {
  let file: PauseFile;
  try {
    file = await readPauseFile(path);
  } catch (error) {
    if (error instanceof MosaicError) return undefined;
    throw error;
  }
  if (!pathExists(file.database)) return undefined;
  const store = await openSqliteReader(file.database);
  try {
    const latest = (await store.experiments()).at(-1)?.experimentId;
    const isRunning = (await realpath(file.database)) === (await realpath(running));
    let runs = 0;
    for await (const { status, details } of store.runs({ runIds: file.runs.keys() })) {
      const isLeft = leftStatuses.some((each) => each === status);
      if (isLeft && !(isRunning && details?.experimentId === latest)) runs++;
    }
    return { runs, database: file.database };
  } finally {
    await store.close();
  }
}

/** @throws MosaicError that says what is wrong with the file */
export async function readPauseFile(path: string): Promise<PauseFile> {
  const problem = (what: string, cause?: unknown) => new MosaicError("BAD_PAUSE_FILE", `${path}: ${what}`, { cause });
  const digests: string[] = [];
  const others = new Map<string, unknown>();
  try {
    // Reading a pipe would wait for a writer without end.
    if (!(await stat(path)).isFile()) throw problem("it is no file");
    await readJsonFile(path, async (source) => {
      const kind = await source.comes();
      if (kind === "list") {
        // A configuration file begins like a list, with the name of its first section.
        await source.items().next();
        throw problem(
          `it is a list of pipelines, as mosaic generate writes it; ${whatIsTaken}. To train pipelines use mosaic run`,
        );
      }
      if (kind === "other") await source.value();
      else await readParts(source, path, digests, others);
    });
  } catch (error) {
    if (error instanceof MosaicError) throw error;
    const why = messageOf(error);
    throw problem(
      error instanceof SyntaxError ? `it is no JSON (${why}); ${whatIsTaken}` : `it cannot be read (${why})`,
      error,
    );
  }
  const { database, folder, written_in: before, PROCESS, MONITOR, run_ids: runIds } = Object.fromEntries(others);
  if (typeof database !== "string" || typeof folder !== "string")
    throw problem('it has no "database" and "folder"; was it written by mosaic pause?');
  if (!isTexts(PROCESS) || !isTexts(MONITOR)) throw problem("PROCESS and MONITOR must be objects of texts");
  if (!isRunIds(runIds)) throw problem('"run_ids" must be a list of ids of runs');
  if (digests.length !== runIds.length)
    throw problem(`it has ${digests.length} pipelines and ${runIds.length} run_ids; each pipeline has one`);
  const runs = new Map<number, string>();
  for (const [index, digest] of digests.entries()) {
    const runId = runIds[index];
    if (runId !== undefined) runs.set(runId, digest);
  }
  const here = await realpath(dirname(path));
  // The file alone may have been moved. Those of earlier versions have absolute paths, which tell nothing after a move.
  const places =
    typeof before === "string"
      ? [here, before].map((place) => [resolve(place, database), resolve(place, folder)] as const)
      : [[database, folder] as const, [resolve(here, basename(database)), folder] as const];
  const [first] = places;
  const found = places.find(([path]) => pathExists(path)) ?? first ?? [database, folder];
  return { database: found[0], folder: found[1], monitor: MONITOR, runs };
}

/** @param others gets what is no pipeline, by name */
async function readParts(source: JsonSource, path: string, digests: string[], others: Map<string, unknown>) {
  for await (const name of source.names()) {
    if (name === "pipelines") {
      digests.length = 0;
      await readPipelines(source, path, (pipeline) => digests.push(contentDigest(pipeline)));
    } else if (name === "run_ids" && (await source.comes()) === "list")
      others.set(name, await Array.fromAsync(source.items()));
    else others.set(name, await source.value());
  }
}

function isRunIds(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((id) => Number.isSafeInteger(id) && id > 0);
}

function isTexts(value: unknown): value is Texts {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === "string")
  );
}
