import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../test/compare-test-database.ts";
import { openSqliteReader } from "../store/index.ts";
import { type ModelSummary, summarizeModels, summaryText } from "./run-summary.ts";

const model: ModelSummary = {
  model: "Data(1) | Net(2)",
  data: "Data(1)",
  parameterCount: 3,
  runs: 2,
  failed: 0,
  repeats: 0,
  testLoss: 0.5,
  testLossDeviation: 0.1,
  testAccuracy: null,
  durationSeconds: 1,
};

test("models on different data are in different tables", () => {
  const other = { ...model, model: "Other(1) | Net(2)", data: "Other(1)" };
  const better = { ...model, model: "Data(1) | Net(3)", testLoss: 0.4 };
  const lines = summaryText([better, other, model]).split("\n");
  expect(lines.filter((line) => /^(All with|Net)/.test(line)).map((line) => line.replace(/ {2}.*/, ""))).toEqual([
    "All with Data(1)",
    "Net(3)",
    "Net(2)",
    "All with Other(1)",
    "Net(2)",
  ]);
});

test("what is no number is said once, what is not there not at all", () => {
  const diverged = { ...model, testLoss: Number.NaN, testLossDeviation: Number.NaN };
  expect(summaryText([diverged])).toMatch(/ NaN +1 s$/m);
  const failed = { ...model, runs: 0, failed: 2, parameterCount: null, testLoss: null, testLossDeviation: null };
  expect(summaryText([{ ...failed, durationSeconds: null }])).toMatch(/^Net\(2\) +0 \(\+2 failed\)$/m);
  expect(summaryText([])).toBe("No run has ended.");
});

test("data that are said to be the same are one data set, whoever says it first", async () => {
  const database = join(temporaryFolder(), "results.db");
  const python = { ...dataEntry("py"), class: "data_py", path_to_class: "./data.py", same_data_as: "data" };
  await writeDatabase(database, [
    { pipeline: [python, netEntry(3, { path_to_class: "./net.py" })], repetition: 0, results: { test_loss: 2 } },
    { pipeline: [dataEntry("data"), netEntry(2)], repetition: 0, results: { test_loss: 1 } },
  ]);
  const reader = await openSqliteReader(database);
  try {
    const models = await summarizeModels(reader, await reader.runIds());
    expect(models.map(({ model }) => model)).toEqual(["Data() | Net(2)", "Data() | Net(3)"]);
    expect(summaryText(models)).toMatch(/^All with Data\(\)\n/);
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
    const models = await summarizeModels(reader, await reader.runIds());
    expect(models.map(({ model, runs }) => `${model}: ${runs}`).toSorted()).toEqual([
      "Data() | Net(2) | executor=auto lr=1e-1: 2",
      "Data() | Net(2) | executor=auto lr=1e-3: 2",
      "Data() | Net(2) | executor=wasm lr=1e-3: 2",
    ]);
    const alike = await summarizeModels(reader, [1, 2, 7, 8]);
    // Of each repetition the last one counts.
    expect(alike).toMatchObject([{ model: "Data() | Net(2)", runs: 2, repeats: 2, testLoss: 0.5 }]);
    expect(summaryText(alike)).toMatch(/\n2 runs not counted: of a repetition that was trained more than once/);
  } finally {
    await reader.close();
  }
});
