import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { allRuns, exampleExperiment, exampleRun } from "../../test/store-conformance-examples.ts";
import { readPipelineFile } from "../config/index.ts";
import { keyParam } from "../pipelines/flat-pipeline.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { rekeyRuns, WantedKeys } from "./rekey-runs.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "or.db");
});

function pipeline(width: string, keys: readonly [string, string], changes = {}): Pipeline {
  const modules = [
    { type: "data", className: "Data", path: "./data.ts", key: keys[0], options: { size: "8" } },
    { type: "net", className: "Net", path: "./net.ts", key: keys[1], section: "NET", options: { width }, ...changes },
  ];
  return { modules, training: { lr: "1e-2" } };
}

function keysOf(pipelines: readonly Pipeline[]): WantedKeys {
  const wanted = new WantedKeys("p.json");
  for (const each of pipelines) wanted.add(each);
  return wanted;
}

async function withRuns(use: (store: Store) => Promise<void>, ...pipelines: readonly Pipeline[]): Promise<void> {
  const store = await openSqliteStore(path);
  await store.addRuns(
    await store.createExperiment(exampleExperiment),
    pipelines.map((each) =>
      exampleRun({ pipeline: each, params: [...each.modules.map(keyParam), ["lr", "1e-2"] as const] }),
    ),
  );
  await use(store);
  await store.close();
}

test("gives runs the keys of the same pipelines, in their options and their pipelines", async () => {
  const wanted = [
    pipeline("2", ["d1", "n2"], { section: "OTHER NAME" }),
    pipeline("3", ["d1", "n3"]),
    pipeline("9", ["d1", "n9"]),
  ];
  const already = pipeline("3", ["d1", "n3"]);
  const other = pipeline("2", ["d", "n"], { options: { width: "2", depth: "1" } });
  await withRuns(
    async (store) => {
      expect(await rekeyRuns(store, keysOf(wanted))).toEqual({ changed: 2, same: 1, others: 1, unused: 1 });
      const runs = await allRuns(store);
      expect(runs.map(({ params }) => params.map(([, value]) => value))).toEqual([
        ["d1", "n2", "1e-2"],
        ["d1", "n2", "1e-2"],
        ["d1", "n3", "1e-2"],
        ["d", "n", "1e-2"],
      ]);
      expect(runs[0]?.pipeline).toMatchObject(pipeline("2", ["d1", "n2"]));
      expect(runs[3]?.pipeline).toMatchObject(other);
      // In whatever order the options are written.
      const reversed = pipeline("2", ["d", "again"], { options: { depth: "1", width: "2" } });
      expect(await rekeyRuns(store, keysOf([reversed]))).toMatchObject({ changed: 1 });
    },
    pipeline("2", ["d", "n"]),
    pipeline("2", ["d1", "n"]),
    already,
    other,
  );
});

test.each(["1e-2", "0.01"])(
  "takes values that are spelt otherwise for the same, those spelt alike before them, lr %s",
  async (lr) => {
    const pipelineOf = (width: string, key: string) => ({ ...pipeline(width, ["d", key]), training: { lr } });
    const wanted = [pipelineOf("2.0", "n2"), pipelineOf("3", "n3"), pipelineOf("03", "n03")];
    await withRuns(
      async (store) => {
        expect(await rekeyRuns(store, keysOf(wanted))).toEqual({ changed: 4, same: 0, others: 2, unused: 0 });
        const keys = (await allRuns(store)).map((run) => run.pipeline?.modules[1]?.key);
        expect(keys).toEqual(["n2", "n2", "n3", "n03", "n", "n"]);
      },
      ...["2", "2e0", "3", "03", "3.0", "4"].map((width) => pipelineOf(width, "n")),
    );
  },
);

test("refuses a file that leaves open which key is meant, and changes nothing", async () => {
  const twins = [pipeline("2", ["d", "a"]), pipeline("3", ["d", "c"]), pipeline("2", ["d", "b"])];
  await withRuns(
    async (store) => {
      expect(() => keysOf(twins)).toThrow("p.json: the pipelines [0] and [2] differ in nothing");
      const same = [pipeline("2", ["d", "a"]), pipeline("2", ["d", "a"])];
      expect(await rekeyRuns(store, keysOf(same))).toMatchObject({ changed: 1, unused: 0 });
    },
    pipeline("2", ["d", "n"]),
  );
});

test("tells two modules of one type apart", async () => {
  const twice = (...keys: readonly string[]): Pipeline => ({
    modules: keys.map((key, index) => {
      return { type: "net", className: "Net", path: "./net.ts", key, options: { width: String(index) } };
    }),
    training: {},
  });
  const store = await openSqliteStore(path);
  await store.addRuns(await store.createExperiment(exampleExperiment), [
    exampleRun({
      pipeline: twice("a", "b"),
      params: [
        ["net_key", "a"],
        ["net_key", "b"],
      ],
    }),
  ]);
  expect(await rekeyRuns(store, keysOf([twice("c", "d")]))).toMatchObject({ changed: 1 });
  expect((await allRuns(store))[0]?.params).toEqual([
    ["net_key", "c"],
    ["net_key", "d"],
  ]);
  await store.close();
});

test("takes a file of the original Mosaic, which has numbers without quotes and each repetition", async () => {
  const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
  await copyFile(fixture("original.db"), path);
  const file = fixture("original-pipelines.json");
  const store = await openSqliteStore(path);
  const written: Pipeline[] = [];
  await readPipelineFile(file, (each) => written.push(each));
  expect(written).toHaveLength(24);
  expect(await rekeyRuns(store, keysOf(written))).toEqual({ changed: 0, same: 24, others: 0, unused: 0 });
  const renamed = written.map(({ modules, training }) => ({
    modules: modules.map((module) => ({ ...module, key: `new ${module.key}` })),
    training,
  }));
  expect(await rekeyRuns(store, keysOf(renamed))).toMatchObject({ changed: 24, others: 0, unused: 0 });
  await store.close();
});

test("works on a database of the original Mosaic, whose values may be numbers, and passes over what is no pipeline", async () => {
  const original = new DatabaseSync(path);
  original.exec(`CREATE TABLE system (param_name, param_value); CREATE TABLE params (run_id, param_name, param_value);
    CREATE TABLE runs (run_id, status, pipeline, return_status); CREATE TABLE run_results (run_id, train_loss, test_loss);
    INSERT INTO runs VALUES (1, 'done', 'Mlp(2)', NULL), (2, 'done', '', NULL), (3, 'done', '', NULL);
    INSERT INTO params VALUES (2, 'pipeline', '{'), (3, 'pipeline', '7'), (1, 'net_key', 'old'), (1, 'pipeline',
      '[{"type": "net", "class": "Net", "path_to_class": "./net.ts", "width": 2, "key": "old", "name": "N"}]')`);
  original.close();
  const store = await openSqliteStore(path);
  const net = { type: "net", className: "Net", path: "./net.ts", key: "new", options: { width: "2" } };
  const wanted = [{ modules: [net], training: {} }];
  expect(await rekeyRuns(store, keysOf(wanted))).toEqual({ changed: 1, same: 0, others: 2, unused: 0 });
  expect((await allRuns(store))[0]?.params).toEqual([["net_key", "new"]]);
  await store.close();
  const reader = new DatabaseSync(path, { readOnly: true });
  const stored = reader.prepare("SELECT param_value FROM params WHERE run_id = 1 AND param_name = 'pipeline'").get();
  reader.close();
  const before = { type: "net", class: "Net", path_to_class: "./net.ts", width: 2, key: "new", name: "N" };
  expect(stored?.param_value).toBe(JSON.stringify([before]));
});
