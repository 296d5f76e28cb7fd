/** Walks through a database and its run files, and says what is not as it was written. */
import { join } from "node:path";
import { errorCode, messageOf } from "@ml-mosaic/base";
import { readExperimentOrigins } from "../experiment/experiment-origin.ts";
import { filesFoldersIn, runFilesPathOf } from "../experiment/files-folders.ts";
import { processParams } from "../pipelines/run-params.ts";
import { fileDigest } from "../run/run-files.ts";
import type { Artifact, RunRecord, StoreReader } from "../store/index.ts";

export interface DatabaseCheck {
  /** Runs that have ended, done or with an error, whose results are what was written. */
  readonly wholeResults: number;
  /** Ended runs of earlier versions, or of the original, which kept no digest. */
  readonly uncheckedResults: number;
  readonly wholeFiles: number;
  readonly uncheckedFiles: number;
  /** Files of removed runs that are still to be deleted. */
  readonly filesToDelete: number;
  /** A line for each thing that is damaged or missing. */
  readonly damage: readonly string[];
}

export async function checkDatabase(reader: StoreReader): Promise<DatabaseCheck> {
  const damage = (await reader.checkStructure()).map((line) => `the database file: ${line}`);
  const results = { whole: 0, damaged: 0, unchecked: 0 };
  const files = { whole: 0, unchecked: 0 };
  const folders = new Map(
    (await readExperimentOrigins(reader)).map(({ experimentId, folder }) => [experimentId, folder]),
  );
  for await (const run of reader.runs()) {
    const { runId, status } = run;
    if (status === "done" || status === "error") {
      const outcome = await reader.checkResult(runId);
      results[outcome]++;
      if (outcome === "damaged")
        damage.push(
          `run ${runId}: its options, ${status === "done" ? "result" : "error"} or history are not what was stored`,
        );
    }
    // What a running or broken-off run writes goes before what is recorded.
    if (status !== "done" && status !== "paused") continue;
    const folder = folders.get(run.details?.experimentId ?? 0);
    const places = folder === undefined ? [] : await placesOf(run, folder, reader);
    for (const artifact of await reader.artifacts(runId)) {
      const fault = await faultOf(artifact, places);
      if (fault === undefined) files[artifact.sha256 === undefined ? "unchecked" : "whole"]++;
      else damage.push(`run ${runId}: ${fault}`);
    }
  }
  return {
    wholeResults: results.whole,
    uncheckedResults: results.unchecked,
    wholeFiles: files.whole,
    uncheckedFiles: files.unchecked,
    filesToDelete: (await reader.removedFiles()).length,
    damage,
  };
}

async function placesOf(
  { pipeline, params }: RunRecord,
  folder: string,
  reader: StoreReader,
): Promise<readonly string[]> {
  const path = runFilesPathOf(processParams(pipeline, params), folder);
  return path === undefined ? [] : filesFoldersIn(path, reader);
}

async function faultOf({ path, sha256 }: Artifact, places: readonly string[]): Promise<string | undefined> {
  const missing: string[] = [];
  for (const place of places) {
    const file = join(place, path);
    try {
      const found = await fileDigest(file);
      if (sha256 === undefined || found === sha256) return undefined;
      // A copy has files of its own, and those of the database that it was copied from.
      return missing.length === 0 ? `${file} is not what was written` : `${lost(path, missing)}; ${file} is another`;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") return `${file} cannot be read (${messageOf(error)})`;
      missing.push(place);
    }
  }
  return lost(path, missing);
}

function lost(path: string, places: readonly string[]): string {
  return `${path} is missing${places.length === 0 ? "" : ` in ${places.join(" and in ")}`}`;
}
