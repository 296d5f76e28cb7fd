import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../test/compare-test-database.ts";
import { openSqliteReader } from "../store/index.ts";
import { summarizeModels } from "./run-summary.ts";
import { summaryText } from "./run-summary-text.ts";

test("data that are said to be the same are one data set, whoever says it first", async () => {
  const database = join(temporaryFolder(), "results.db");
  const python = { ...dataEntry("py"), class: "data_py", path_to_class: "./data.py", same_data_as: "data" };
  await writeDatabase(database, [
    { pipeline: [python, netEntry(3, { path_to_class: "./net.py" })], repetition: 0, results: { test_loss: 2 } },
    { pipeline: [dataEntry("data"), netEntry(2)], repetition: 0, results: { test_loss: 1 } },
  ]);
  const reader = await openSqliteReader(database);
  try {
    const summary = await summarizeModels(reader, await reader.runIds());
    const models = await Array.fromAsync(summary.models());
    expect(models.map(({ model }) => model)).toEqual(["Data() | Net(2)", "Data() | Net(3)"]);
    expect(await summaryText(summary)).toMatch(/^All with Data\(\)\n/);
  } finally {
    await reader.close();
  }
});

test("runs of several experiments are repetitions of one model only where they were trained in one way", async () => {
  const database = join(temporaryFolder(), "results.db");
  const run = (repetition: number, process: Readonly<Record<string, string>>) => ({
    pipeline: [dataEntry("data"), netEntry(2)],
    process,
    repetition,
    results: { test_loss: repetition },
  });
  const ways = [{}, { lr: "1e-1" }, { executor: "wasm" }, { lr: "0.001", executor: "auto", epochs: "9" }];
  await writeDatabase(
    database,
    ways.flatMap((process) => [run(0, process), run(1, process)]),
  );
  const reader = await openSqliteReader(database);
  try {
    const models = await Array.fromAsync((await summarizeModels(reader, await reader.runIds())).models());
    expect(models.map(({ model, runs }) => `${model}: ${runs}`).toSorted()).toEqual([
      "Data() | Net(2) | executor=auto lr=1e-1: 2",
      "Data() | Net(2) | executor=auto lr=1e-3: 2",
      "Data() | Net(2) | executor=wasm lr=1e-3: 2",
    ]);
    const alike = await summarizeModels(reader, [1, 2, 7, 8]);
    // Of each repetition the last one counts.
    expect(await Array.fromAsync(alike.models())).toMatchObject([
      { model: "Data() | Net(2)", runs: 2, repeats: 2, testLoss: 0.5 },
    ]);
    expect(await summaryText(alike)).toMatch(/\n2 runs not counted: of a repetition that was trained more than once/);
  } finally {
    await reader.close();
  }
});

test("of very many pipelines only numbers are held", async () => {
  const database = join(temporaryFolder(), "results.db");
  const pipelines = 20_000;
  await writeDatabase(
    database,
    Array.from({ length: pipelines }, (_, index) => ({
      pipeline: [dataEntry("data"), netEntry(2 * pipelines - index)],
      repetition: 0,
      results: { test_loss: 1 / (index + 1) },
    })),
  );
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const held = () => {
    collect();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  const reader = await openSqliteReader(database);
  try {
    const ids = await reader.runIds();
    // What is made once, whatever there is.
    await summarizeModels(reader, ids.slice(0, 100));
    const before = held();
    const summary = await summarizeModels(reader, ids);
    expect((held() - before) / pipelines).toBeLessThan(400);
    expect(summary).toMatchObject({ count: pipelines, measured: pipelines, repeats: 0 });
    expect((await Array.fromAsync(summary.models(2))).map(({ model, testLoss }) => [model, testLoss])).toEqual([
      [`Data() | Net(${pipelines + 1})`, 1 / pipelines],
      [`Data() | Net(${pipelines + 2})`, 1 / (pipelines - 1)],
    ]);
  } finally {
    await reader.close();
  }
});
