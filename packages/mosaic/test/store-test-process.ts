/**
 * A process that the tests start and kill: `write PATH` completes one run after the other and prints a run's id once its
 * result is accepted; `read PATH` checks runs on 16 connections
 * while another process writes, and prints how many reads each connection did at least.
 */
import { openSqliteReader, openSqliteStore } from "../src/store/open-sqlite-store.ts";
import type { StoreReader } from "../src/store/store.ts";
import { exampleEpoch, exampleExperiment, exampleResult, exampleRun } from "./store-conformance-examples.ts";

const [mode, path = "", count = "0"] = process.argv.slice(2);
if (mode === "write") await write();
else if (mode === "read") await read();
else throw new Error(`unknown mode ${mode}`);

async function write(): Promise<void> {
  const store = await openSqliteStore(path);
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    Array.from({ length: Number(count) }, () => exampleRun()),
  );
  process.stdout.write("ready\n");
  for (;;) {
    const lease = await store.leaseNextRun(experimentId, "worker 1");
    if (lease === undefined) break;
    const history = store.appendHistory(lease, [exampleEpoch(1)]);
    await store.completeRun(lease, { result: { ...exampleResult, nb_params: lease.runId } });
    await history;
    process.stdout.write(`${lease.runId}\n`);
    // Lets a pipe take what was printed.
    await new Promise(setImmediate);
  }
  await store.close();
}

/** Reads until all runs are done; a run that is done must have its result and its history, at every moment. */
async function read(): Promise<void> {
  const readers = await Promise.all(Array.from({ length: 16 }, () => openSqliteReader(path)));
  const reads = await Promise.all(readers.map(readUntilDone));
  await Promise.all(readers.map((reader) => reader.close()));
  process.stdout.write(`${Math.min(...reads)}\n`);
}

async function readUntilDone(reader: StoreReader): Promise<number> {
  let reads = 0;
  for (let done = 0; done < Number(count); reads++) {
    const before = done;
    done = (await reader.countByStatus()).get("done") ?? 0;
    if (done < before) throw new Error(`${before} runs were done, now ${done} are`);
    for await (const run of reader.runs({ withHistory: true })) {
      const whole = run.result?.nb_params === run.runId && run.history.length === 1;
      if (run.status === "done" && !whole) throw new Error(`run ${run.runId} is done without its result`);
      if (run.status !== "done" && run.result !== null)
        throw new Error(`run ${run.runId} has a result and is not done`);
    }
    // Lets the other connections read between.
    await new Promise(setImmediate);
  }
  return reads;
}
