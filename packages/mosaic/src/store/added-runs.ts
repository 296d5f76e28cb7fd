/** New runs, in as many transactions as pay. */
import { setImmediate } from "node:timers/promises";
import { take } from "@ml-mosaic/base";
import { flatPipeline } from "../pipelines/flat-pipeline.ts";
import type { NewRun, Param } from "./records.ts";
import { pipelineParam, withoutPipeline } from "./run-queries.ts";
import type { RunStatements } from "./run-statements.ts";
import { storedInteger } from "./stored-value.ts";

/** Runs that one transaction adds: many, so that it pays; few, so that a heartbeat finds its turn. */
export const usualBatch = 10_000;

/** Rows of params that one statement adds. */
const mostRows = 100;

/**
 * A batch at a time, between which others have their turn and the log before the database stays small.
 *
 * @param addBatch returns how many it has added
 */
export async function addInBatches(
  runs: Iterable<NewRun> | AsyncIterable<NewRun>,
  addBatch: (batch: Iterable<NewRun>) => Promise<number>,
  batchRuns: number,
): Promise<void> {
  if (Symbol.asyncIterator in runs) {
    let batch: NewRun[] = [];
    for await (const run of runs) {
      batch.push(run);
      if (batch.length < batchRuns) continue;
      await addBatch(batch);
      batch = [];
    }
    await addBatch(batch);
  } else {
    const source = runs[Symbol.iterator]();
    while ((await addBatch(take(source, batchRuns))) === batchRuns) await setImmediate();
  }
}

/** Belongs into a transaction. */
export function addRunIn(sql: RunStatements, experimentId: number, runId: number, run: NewRun): void {
  const id = storedInteger(runId);
  sql.addRun.run(id, run.description);
  sql.addDetails.run(
    id,
    storedInteger(experimentId),
    run.identity,
    storedInteger(run.repetition),
    storedInteger(run.seed),
    storedInteger(Date.now()),
    storedInteger(experimentId),
    run.executor ?? null,
  );
  sql.restore.run(storedInteger(Date.now()), run.identity);
  const params: readonly Param[] = [
    [pipelineParam, JSON.stringify(flatPipeline(run.pipeline))],
    ...withoutPipeline(run.params),
  ];
  for (let start = 0; start < params.length; start += mostRows) {
    const rows = params.slice(start, start + mostRows);
    sql.addParams(rows.length).run(...rows.flatMap(([name, value]) => [id, name, value]));
  }
}
