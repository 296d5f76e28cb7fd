import { renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { openSqliteStore } from "../../../mosaic/src/store/index.ts";
import { exampleExperiment, exampleRun } from "../../../mosaic/test/store-conformance-examples.ts";
import { startBoardServer } from "./board-server.ts";

const folder = temporaryFolder();
const database = join(folder, "or.db");

async function write(path: string, runs: number): Promise<void> {
  const store = await openSqliteStore(path);
  const experimentId = await store.createExperiment(exampleExperiment);
  const identities = Array.from({ length: runs }, (_, index) => String(index));
  await store.addRuns(
    experimentId,
    identities.map((identity) => exampleRun({ identity })),
  );
  await store.close();
}

async function remove(): Promise<void> {
  for (const end of ["", "-wal", "-shm"]) await rm(`${database}${end}`, { force: true });
}

test("a board shows the database that has the name, says where there is none, and finds the next one", async () => {
  await write(database, 2);
  await write(join(folder, "new.db"), 3);
  await using resources = new AsyncDisposableStack();
  const settings = { host: "127.0.0.1", port: 0, allowHosts: [], hasToken: false };
  const server = await startBoardServer({ databases: [database], ...settings });
  resources.defer(() => server.close());
  const ask = async (): Promise<unknown> => (await fetch(`${server.address}api/experiment`)).json();
  expect(await ask()).toMatchObject({ runs: 2 });

  const stop = new AbortController();
  resources.defer(() => stop.abort());
  const events = await fetch(`${server.address}api/changes`, { signal: stop.signal });
  let told = "";
  const reading = events.body?.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({
      write(text) {
        told += text;
      },
    }),
  );
  reading?.catch(() => undefined);
  const news = () => told.split('{"kind":"everything"}').length - 1;

  renameSync(join(folder, "new.db"), database);
  await expect.poll(news).toBe(1);
  expect(await ask()).toMatchObject({ runs: 3 });

  await remove();
  await expect.poll(news).toBe(2);
  expect(await ask()).toEqual({ problem: { message: `${database} does not exist; check the name` } });

  await write(database, 4);
  // As pages do that were refused.
  await expect.poll(ask).toMatchObject({ runs: 4 });
  // Once for each thing that was wrong meanwhile, not at each look.
  expect(news()).toBeLessThan(8);
});
