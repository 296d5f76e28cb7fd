/**
 * The server's part of the board's speed: `node bench/board.ts [RUNS] [SECONDS]`, by default 100,000 runs and 10 s.
 *
 * The server is a process of its own, as `mosaic board` starts it; its processor time is read from /proc, because other work
 * on the machine does not change it. Figures are the least of several, but for the cold ones.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { decodeColumns } from "../packages/board/src/wire/columns.ts";
import { openSqliteStore } from "../packages/mosaic/src/store/index.ts";
import { dataEntry, netEntry, writeDatabase } from "../packages/mosaic/test/compare-test-database.ts";
import {
  exampleEpoch,
  exampleExperiment,
  exampleRun,
  leaseRun,
} from "../packages/mosaic/test/store-conformance-examples.ts";

const [runs = 100_000, seconds = 10] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "board-bench-"));
const program = join(import.meta.dirname, "..", "packages", "mosaic", "bin", "mosaic.ts");

interface Served {
  readonly address: string;
  /** Of the processor, so far. */
  readonly used: () => number;
  readonly end: () => Promise<void>;
}

async function serve(database: string): Promise<Served> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", program, "board", database, "--no-token"],
    {
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [address] = await once(createInterface({ input: child.stdout }), "line");
  return {
    address,
    used() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      // Clock ticks of 10 ms, in user and in system mode.
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    async end() {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

async function timed(
  served: Served,
  path: string,
): Promise<{ readonly wall: number; readonly used: number; readonly bytes: ArrayBuffer }> {
  const [begun, before] = [performance.now(), served.used()];
  const response = await fetch(served.address + path);
  const bytes = await response.arrayBuffer();
  if (!response.ok) throw new Error(`${path}: ${new TextDecoder().decode(bytes)}`);
  return { wall: performance.now() - begun, used: served.used() - before, bytes };
}

function report(what: string, { wall, used, bytes }: Awaited<ReturnType<typeof timed>>): void {
  console.log(
    `${what}: ${wall.toFixed(0)} ms, of the processor ${(used * 1000).toFixed(0)} ms, ${(bytes.byteLength / 2 ** 20).toFixed(1)} MiB`,
  );
}

async function benchColumns(): Promise<void> {
  const database = join(folder, "many.db");
  const perModel = 100;
  await writeDatabase(
    database,
    Array.from({ length: runs }, (_, index) => {
      const model = Math.floor(index / perModel);
      const loss = 1 / (1 + model) + ((index * 7919) % 1000) / 10_000;
      return {
        pipeline: [
          dataEntry("k_Data", { size: "1000", noise: "0.1" }),
          netEntry(model, { depth: String(model % 10), dropout: `0.${model % 7}`, key: `k_${model}` }),
        ],
        process: { lr: `1e-${1 + (model % 4)}`, epochs: "50", optimizer: "Adam" },
        repetition: index % perModel,
        results: {
          train_loss: loss * 0.9,
          test_loss: loss,
          nb_params: model * 10,
          "duration(s)": 1 + loss,
          epochs: 50,
          overfit: loss,
          trainability: loss,
          slope: -loss,
        },
      };
    }),
  );
  const served = await serve(database);
  report("experiment, cold", await timed(served, "api/experiment"));
  const all = await timed(served, "api/columns");
  report("all columns", all);
  const { columns, rows } = decodeColumns(all.bytes);
  console.log(`  ${rows} rows x ${columns.length} columns`);
  const groups = await Promise.resolve(Array.from({ length: 5 })).then(async (tries) => {
    const results: Awaited<ReturnType<typeof timed>>[] = [];
    for (const _ of tries) results.push(await timed(served, "api/groups?by=net_key&results=test_loss"));
    return results;
  });
  const best = groups.reduce((least, each) => (each.wall < least.wall ? each : least));
  report(`${runs} runs into ${runs / perModel} groups, with intervals`, best);
  await served.end();
}

const running = 64;
const epochsPerSecond = 10;

async function benchLive(): Promise<void> {
  const database = join(folder, "live.db");
  const store = await openSqliteStore(database);
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    Array.from({ length: running * 10 }, (_, index) => exampleRun({ identity: String(index) })),
  );
  const leases = [];
  for (let index = 0; index < running; index++) leases.push(await leaseRun(store, experimentId));
  const served = await serve(database);
  await fetch(`${served.address}api/columns`);
  const stop = new AbortController();
  let received = 0;
  const following = fetch(`${served.address}api/changes`, { signal: stop.signal })
    .then(async ({ body }) => {
      for await (const piece of body ?? []) received += piece.length;
    })
    .catch(() => undefined);
  await delay(1000);
  const [before, begun] = [served.used(), performance.now()];
  let epoch = 0;
  while (performance.now() - begun < seconds * 1000) {
    epoch++;
    for (const lease of leases) await store.appendHistory(lease, [exampleEpoch(epoch)]);
    await delay(Math.max(0, begun + (epoch * 1000) / epochsPerSecond - performance.now()));
  }
  const share = (served.used() - before) / ((performance.now() - begun) / 1000);
  await delay(500);
  console.log(
    `${running} running runs, ${(epoch / seconds).toFixed(1)} epochs a second: ${(share * 100).toFixed(1)} % of a core, ${(received / (epoch * running)).toFixed(0)} bytes an epoch`,
  );
  stop.abort();
  await following;
  await served.end();
  await store.close();
}

try {
  await benchColumns();
  await benchLive();
} finally {
  rmSync(folder, { recursive: true });
}
