/** Whatever is done in whatever order, the store and a model of it in a few lines agree. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { allRuns, exampleExperiment, exampleResult, exampleRun } from "../../test/store-conformance-examples.ts";
import { openSqliteStore } from "./open-sqlite-store.ts";
import type { LeaseKey, RunStatus } from "./records.ts";
import { maximumAttempts, type Store } from "./store.ts";

interface ModelRun {
  status: RunStatus;
  deaths: number;
  token: number | undefined;
}

const leaseUses = ["complete", "fail", "pause", "die", "stop"] as const;
type LeaseUse = (typeof leaseUses)[number];
type Step =
  | { readonly kind: "add" | "lease" | "reopen" }
  /** Uses one of all leases ever given, current or not. */
  | { readonly kind: "use"; readonly use: LeaseUse; readonly which: number }
  | { readonly kind: "requeue"; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: "add" } as const) },
  { weight: 4, arbitrary: fc.constant({ kind: "lease" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" } as const) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("use" as const), use: fc.constantFrom(...leaseUses), which: fc.nat() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("requeue" as const), which: fc.nat() }) },
);

async function useLease(store: Store, lease: LeaseKey, use: LeaseUse): Promise<unknown> {
  switch (use) {
    case "complete":
      return store.completeRun(lease, { result: exampleResult });
    case "fail":
      return store.failRun(lease, "Error");
    case "pause":
      return store.pauseRun(lease, 0);
    case "die":
      return store.giveBackRun(lease, { kind: "worker-died", detail: "killed" });
    case "stop":
      return store.giveBackRun(lease, { kind: "stopped" });
    default:
      return use satisfies never;
  }
}

function statusAfter(run: ModelRun, use: LeaseUse): RunStatus {
  if (use === "die") return run.deaths >= maximumAttempts ? "error" : "pending";
  return ({ complete: "done", fail: "error", pause: "paused", stop: "pending" } as const)[use];
}

test("any sequence of operations keeps every run in one state and every result accepted once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const folder = temporaryFolder();
      const path = join(folder, "or.db");
      let store = await openSqliteStore(path);
      try {
        const experimentId = await store.createExperiment(exampleExperiment);
        const model: ModelRun[] = [];
        const leases: LeaseKey[] = [];
        for (const next of steps) {
          switch (next.kind) {
            case "add":
              await store.addRuns(experimentId, [exampleRun()]);
              model.push({ status: "pending", deaths: 0, token: undefined });
              break;
            case "lease": {
              const lease = await store.leaseNextRun(experimentId, "worker 1");
              const run = model.find(({ status }) => status === "pending");
              expect(lease?.runId).toBe(run === undefined ? undefined : model.indexOf(run) + 1);
              if (lease === undefined || run === undefined) break;
              expect(lease.token).toBeGreaterThan(leases.at(-1)?.token ?? 0);
              expect(lease.attempt).toBe(run.deaths + 1);
              leases.push(lease);
              run.status = "running";
              run.token = lease.token;
              break;
            }
            case "use": {
              const lease = leases[next.which % Math.max(leases.length, 1)];
              const run = lease === undefined ? undefined : model[lease.runId - 1];
              if (lease === undefined || run === undefined) break;
              const used = useLease(store, lease, next.use);
              if (run.token !== lease.token) {
                await expect(used).rejects.toMatchObject({ code: "STORE_LEASE_LOST" });
                break;
              }
              await used;
              if (next.use === "die") run.deaths += 1;
              run.status = statusAfter(run, next.use);
              run.token = undefined;
              break;
            }
            case "requeue": {
              const run = model[next.which % Math.max(model.length, 1)];
              if (run === undefined) break;
              const queued = store.requeueRuns(experimentId, [model.indexOf(run) + 1]);
              if (run.status === "running" || run.status === "done") {
                await expect(queued).rejects.toMatchObject({ code: "STORE_RUN_STATE" });
                break;
              }
              await queued;
              if (run.status === "error") run.deaths = 0;
              run.status = "pending";
              break;
            }
            case "reopen": {
              await store.close();
              store = await openSqliteStore(path);
              const left = model.filter(({ status }) => status === "running");
              expect(store.recoveredRuns).toBe(left.length);
              for (const run of left) Object.assign(run, { status: "pending", token: undefined });
              break;
            }
            default:
              next satisfies never;
          }
        }
        const runs = await allRuns(store);
        expect(runs.map(({ status }) => status)).toEqual(model.map(({ status }) => status));
        expect(runs.map(({ result }) => result !== null)).toEqual(model.map(({ status }) => status === "done"));
        await store.close();
        expectWhole(path);
      } finally {
        await store.close();
      }
    }),
    { numRuns: 60 },
  );
});

/** What must hold of the file itself. */
function expectWhole(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  const ids = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => row.run_id);
  expect(ids("SELECT run_id FROM leases ORDER BY run_id")).toEqual(
    ids("SELECT run_id FROM runs WHERE status = 'running' ORDER BY run_id"),
  );
  expect(ids("SELECT run_id FROM run_results ORDER BY run_id")).toEqual(
    ids("SELECT run_id FROM runs WHERE status = 'done' ORDER BY run_id"),
  );
  expect(database.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  database.close();
}
