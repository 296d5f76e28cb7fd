/** What a run tells while it is trained and when it ends, as rows. All belongs into a transaction. */
import type { Direction } from "@ml-mosaic/statistics";
import type { EpochRecord } from "@ml-mosaic/training";
import { epochColumns, metricsJson } from "./epoch-columns.ts";
import type { Artifact, Observed, RunResult } from "./records.ts";
import type { RunStatements } from "./run-statements.ts";
import { seedColumns } from "./seed-columns.ts";
import { storedInteger, storedNumber } from "./stored-value.ts";

export function addHistoryIn(sql: RunStatements, runId: number, epochs: readonly EpochRecord[]): void {
  for (const epoch of epochs) {
    sql.addEpoch.run(
      storedInteger(runId),
      storedInteger(epoch.epoch),
      ...epochColumns.map(({ of }) => storedNumber(of(epoch))),
      metricsJson(epoch),
    );
  }
}

export function addArtifactsIn(sql: RunStatements, runId: number, artifacts: readonly Artifact[]): void {
  for (const { path, kind, sizeBytes, sha256 = null } of artifacts) {
    const [id, size, now] = [runId, sizeBytes, Date.now()].map(storedInteger);
    sql.addArtifact.run(id ?? null, path, kind, size ?? null, now ?? null, sha256);
  }
}

export function addResultIn(
  sql: RunStatements,
  runId: number,
  result: RunResult,
  directions: Readonly<Record<string, Direction>>,
): void {
  const id = storedInteger(runId);
  const values = seedColumns.map(({ name, whole }) => {
    const value = result[name] ?? null;
    return whole && Number.isSafeInteger(value) ? storedInteger(Number(value)) : storedNumber(value);
  });
  sql.addResult.run(id, ...values);
  for (const [name, value] of Object.entries(result))
    if (!seedColumns.some((column) => column.name === name)) sql.addMetric.run(id, name, storedNumber(value));
  for (const [name, direction] of Object.entries(directions)) sql.setDirection.run(name, direction);
}

export function setObservedIn(sql: RunStatements, runId: number, { executor, dataDigest, processor }: Observed): void {
  if (processor !== undefined) sql.addProcessor.run({ processor, run: storedInteger(runId) });
  if (executor !== undefined) sql.setExecutor.run(executor, storedInteger(runId));
  if (dataDigest !== undefined) sql.setDataDigest.run(dataDigest, storedInteger(runId));
}
