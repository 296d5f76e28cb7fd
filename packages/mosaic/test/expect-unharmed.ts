/** Nothing was lost, nothing done twice, and nothing is left behind. */
import { readdirSync } from "node:fs";
import { until } from "@ml-mosaic/testing";
import { expect } from "vitest";
import { jobsLeft } from "./cluster.ts";
import { database, type Harmed, resultRows } from "./cluster-harm.ts";
import type { ClusterProject } from "./cluster-project.ts";
import { processesGone, type Workspace } from "./workspace.ts";

/** @param keepsWords whether what a worker has said outlives it: else what no copy had when another machine took over is trained again */
export async function expectUnharmed(
  workspace: Workspace,
  project: ClusterProject,
  harmed: Harmed,
  keepsWords: boolean,
): Promise<void> {
  const { runs } = project;
  const begun = project.begun();
  // Lost.
  expect(workspace.statuses(database)).toEqual(new Array(runs).fill("done"));
  expect(workspace.query(database, "SELECT run_id FROM run_details WHERE attempts > 0")).toEqual([]);
  // Done twice: what was published was never touched again. Whoever is ended loses the run that it is at, and, while it was being
  // written, the result of the one before.
  const rows = resultRows(workspace);
  for (const [runId, row] of harmed.published) expect(rows.get(runId), `run ${runId}`).toBe(row);
  const { endedWorkers, unpublished } = harmed;
  expect(begun.length).toBeLessThanOrEqual(runs + 2 * endedWorkers + (keepsWords ? 0 : unpublished));
  expect(new Set(begun).size).toBe(runs);
  // Left behind.
  expect(await processesGone(workspace.folder)).toEqual([]);
  await until(() => jobsLeft() === "", "the jobs to end", 240);
  expect(workspace.query(database, "SELECT * FROM leases")).toEqual([]);
  expect(await workspace.list("shared/spool/pilots")).toEqual([]);
  expect(readdirSync(harmed.working[0] ?? "")).toEqual([]);
  expect(
    (await workspace.list("shared")).filter((name) => !/^(\.or\.db\.owners|or\.db|runs|spool)$/.test(name)),
  ).toEqual([]);
  const files = await workspace.list("shared/runs/or");
  expect(files.filter((name) => /^\.writing-|\.tmp$/.test(name))).toEqual([]);
  // The same as on one machine.
  const here = await workspace.run("run", "config.ini", "here.db");
  expect(here.code, here.stderr).toBe(0);
  expect(workspace.history(database)).toEqual(workspace.history("here.db"));
  const ofRuns = (names: readonly string[]) => names.filter((name) => !name.startsWith(".")).sort();
  expect(ofRuns(files)).toEqual(ofRuns(await workspace.list("shared/runs/here")));
}
