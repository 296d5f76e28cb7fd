/** Runs beyond the first thousand are put into the database while those are carried out already. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder, temporaryFolderIn } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readExperiment } from "../config/index.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { carryOut } from "./carry-out.ts";
import { readExperimentCode } from "./plan.ts";
import { enqueueRuns } from "./queue.ts";

const runs = 1500;
const ids = Array.from({ length: runs }, (_, index) => index + 1);

let folder: string;
let store: Store;
beforeEach(async () => {
  store = await openSqliteStore(join(temporaryFolder(), "adding.db"));
  folder = temporaryFolderIn(import.meta.dirname);
  await writeFile(join(folder, "data.ts"), "export class Data {}");
  await writeFile(join(folder, "net.ts"), "export class Net {}");
});

afterEach(() => store.close());

async function enqueue({ multiplicity = runs, continued = false } = {}) {
  const file = join(folder, "config.ini");
  await writeFile(
    file,
    `[PROCESS]\nlr = 1e-2\nepochs = 3\ndata_scheme = data\npipeline_scheme = net
[MONITOR]\nneed_gpu = False\ngpu_available = None\nnb_processus = 1\nmultiplicity = ${multiplicity}
[DATA]\ntype = data\nclass = Data\npath_to_class = ./data.ts\nkey = d
[NET]\ntype = net\nclass = Net\npath_to_class = ./net.ts\nkey = k\n`,
  );
  const experiment = await readExperiment(file);
  const options = { continued, retryErrors: false, restoreRemoved: false };
  return enqueueRuns(store, experiment, await readExperimentCode(experiment), options);
}

test("the first thousand are there at once, the others soon, with the ids that were told", async () => {
  const queue = await enqueue();
  expect([queue.count, queue.added, queue.runIds]).toEqual([runs, runs, ids]);
  const first = await store.runIds();
  expect(first.length).toBeGreaterThanOrEqual(1000);
  expect(first.length).toBeLessThan(runs);
  await queue.adding?.done;
  expect(await store.runIds()).toEqual(ids);
  const repetitions = new Set<number>();
  for await (const { details } of store.runs()) repetitions.add(details?.repetition ?? -1);
  expect(repetitions.size).toBe(runs);
});

test("all are there at once where they are few", async () => {
  const queue = await enqueue({ multiplicity: 1000 });
  expect([queue.adding, await store.runIds()]).toEqual([undefined, ids.slice(0, 1000)]);
});

test("asked to stop, nobody waits for the others, and they are counted among what is left", async () => {
  const queue = await enqueue();
  const stop = new AbortController();
  const watching = { onEvent: () => undefined, say: () => undefined, finish: stop.signal, stop: stop.signal };
  const carriedOut = carryOut(store, queue, watching);
  stop.abort();
  const { left, leftOut, failed } = await carriedOut;
  expect(leftOut).toBeGreaterThan(0);
  expect([left.length + leftOut, failed, await store.runIds()]).toEqual([runs, [], left]);
});

test("those that were left out are the ones that --continue adds", async () => {
  const queue = await enqueue();
  queue.adding?.stop();
  await queue.adding?.done;
  const { length: there } = await store.runIds();
  expect(there).toBeLessThan(runs);
  const again = await enqueue({ continued: true });
  expect([again.resumed, again.added, again.count]).toEqual([there, runs - there, runs]);
  await again.adding?.done;
  expect(await store.runIds()).toEqual(ids);
});
