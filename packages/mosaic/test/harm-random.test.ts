/**
 * `kill -9` at random moments, of the supervisor or of a worker, again and again: about 12 times in the normal suite, as
 * often as HARM_KILLS says in `npm run test:harm`. HARM_SEED repeats a sequence as far as clocks allow.
 */
import { readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Generator } from "@ml-mosaic/tensor";
import { afterEach, beforeEach, expect, test } from "vitest";
import { harmed, type TestProject } from "./projects.ts";
import { childrenOf, config, openWorkspace, processesGone, type Workspace } from "./workspace.ts";

const kills = Number(process.env.HARM_KILLS ?? 12);
const seed = Number(process.env.HARM_SEED ?? Math.floor(Math.random() * 2 ** 31));

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace();
  Object.assign(hits, { starting: 0, working: 0, worker: 0, run: 0 });
});
afterEach(() => workspace.close());

const runs = 12;

/** What a run is, but for times: its result, its curve and its files. */
function outcomes(database: string): ReadonlyMap<number, string> {
  const files = readdirSync(workspace.path(`.runs/${database.replace(".db", "")}`));
  const curves = Map.groupBy(workspace.history(database), ({ run_id }) => Number(run_id));
  const results = workspace.query(
    database,
    `SELECT run_id, status, train_loss, test_loss, train_acc, test_acc, nb_params, epochs, overfit, trainability, slope
     FROM runs JOIN run_results USING (run_id) WHERE status = 'done'`,
  );
  return new Map(
    results.map((result) => {
      const runId = Number(result.run_id);
      const own = files.filter((name) => new RegExp(`_${runId}\\.`).test(name)).sort();
      return [runId, JSON.stringify([result, curves.get(runId), own])];
    }),
  );
}

/** Rows of done runs with their times: what was accepted is never touched again. */
const accepted = (database: string) =>
  new Map(
    workspace
      .query(database, "SELECT run_results.*, status FROM run_results JOIN runs USING (run_id) WHERE status = 'done'")
      .map((row) => [Number(row.run_id), JSON.stringify(row)]),
  );

function hasTables(database: string): boolean {
  if (!workspace.exists(database)) return false;
  return workspace.query(database, "SELECT 1 FROM sqlite_schema WHERE name = 'writer_claim'").length > 0;
}

/** How many kills hit a supervisor before it had workers, one that had, a worker, and the process of a run in a worker. */
const hits = { starting: 0, working: 0, worker: 0, run: 0 };

/**
 * Kills in one experiment until all its runs are done; returns how many it took.
 *
 * @param forks whether a run has a process of its own, for which half of the kills wait
 * @param wholeMilliseconds how long it takes undisturbed: a slow machine is given more time between the kills
 */
async function torment(
  database: string,
  generator: Generator,
  most: number,
  { forks, wholeMilliseconds }: { readonly forks: boolean; readonly wholeMilliseconds: number },
): Promise<number> {
  const go = ["run", "config.ini", database, "--continue", "--retry-errors"] as const;
  let done = 0;
  while (done < most) {
    const before = hasTables(database) ? accepted(database) : new Map<number, string>();
    const running = workspace.start(...go);
    let isOver = false;
    const finished = running.finished.then((result) => {
      isOver = true;
      return result;
    });
    let supervisorKilled = false;
    while (!isOver && !supervisorKilled && done < most) {
      await Promise.race([finished, wait(20 + 0.6 * wholeMilliseconds * generator.uniform())]);
      // Starting takes most of the time, and runs are short.
      for (const waits = forks && generator.uniform() < 0.5; waits && !isOver; await wait(5))
        if (processesBelow(running.pid).some((worker) => processesBelow(worker).length > 0)) break;
      if (isOver) break;
      const worker = oneOf(processesBelow(running.pid), generator);
      supervisorKilled = worker === undefined || generator.uniform() < 0.6;
      const run = worker === undefined ? undefined : oneOf(processesBelow(worker), generator);
      const killsRun = !supervisorKilled && run !== undefined && generator.uniform() < 0.7;
      try {
        process.kill(supervisorKilled ? running.pid : ((killsRun ? run : worker) ?? 0), "SIGKILL");
      } catch {
        // It has just ended.
        continue;
      }
      hits[worker === undefined ? "starting" : supervisorKilled ? "working" : killsRun ? "run" : "worker"]++;
      done++;
    }
    const { code, stderr } = await finished;
    expect(await processesGone(workspace.folder), `seed ${seed}: ${stderr}`).toEqual([]);
    if (hasTables(database)) {
      const after = accepted(database);
      for (const [runId, row] of before) expect(after.get(runId), `run ${runId}, seed ${seed}`).toBe(row);
    }
    if (code === 0) break;
  }
  const last = await workspace.run(...go);
  expect(last.code, `seed ${seed}: ${last.stderr}`).toBe(0);
  return done;
}

function oneOf(processes: readonly number[], generator: Generator): number | undefined {
  return processes[generator.integer(0, Math.max(1, processes.length))];
}

function processesBelow(pid: number): readonly number[] {
  try {
    return childrenOf(pid);
  } catch {
    // It has just ended.
    return [];
  }
}

test.each(harmed)(`survives ${kills} kills: $language`, { timeout: 300_000 + kills * 20_000 }, async (project) => {
  await writeFiles(project);
  const sections = { DATA: { ...project.data, delay: 20 }, NET: { ...project.net, width: "2, 3, 4" } };
  await workspace.write(
    "config.ini",
    config({
      process: { epochs: 300 },
      monitor: { nb_processus: 2, ...project.monitor, multiplicity: runs / 3 },
      sections,
    }),
  );
  const start = performance.now();
  expect((await workspace.run("run", "config.ini", "undisturbed.db")).code).toBe(0);
  const wholeMilliseconds = performance.now() - start;
  const expected = outcomes("undisturbed.db");
  expect(expected.size).toBe(runs);
  const generator = new Generator(seed).stream("harm");
  let done = 0;
  for (let round = 1; done < kills; round++) {
    const database = `round-${round}.db`;
    done += await torment(database, generator, kills - done, { forks: project.forks, wholeMilliseconds });
    expect(outcomes(database), `seed ${seed}`).toEqual(expected);
    expect(workspace.statuses(database), `seed ${seed}`).toEqual(new Array(runs).fill("done"));
    expect(workspace.query(database, "SELECT * FROM leases")).toEqual([]);
    const left = (await readdir(workspace.path(`.runs/round-${round}`))).filter((name) =>
      /^\.writing-|\.tmp$/.test(name),
    );
    expect(left, `seed ${seed}`).toEqual([]);
    // Neither sockets nor notes of the dead pile up.
    expect(await readdir(join(workspace.runtime, "mosaic"))).toEqual([]);
    if (kills > 100)
      console.log(`${project.language}: ${done} of ${kills} kills (seed ${seed}): ${JSON.stringify(hits)}`);
  }
});

async function writeFiles({ files }: TestProject): Promise<void> {
  for (const [name, text] of Object.entries(files)) await workspace.write(name, text);
}
