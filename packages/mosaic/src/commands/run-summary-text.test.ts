import { expect, test } from "vitest";
import type { ModelSummary, RunSummary } from "./run-summary.ts";
import { summaryText, writeSummaryJson } from "./run-summary-text.ts";

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

function summaryOf(all: readonly ModelSummary[]): RunSummary {
  async function* models(most = all.length) {
    yield* all.slice(0, most);
  }
  return { count: all.length, measured: all.length, repeats: 0, models };
}

test("models on different data are in different tables", async () => {
  const other = { ...model, model: "Other(1) | Net(2)", data: "Other(1)" };
  const better = { ...model, model: "Data(1) | Net(3)", testLoss: 0.4 };
  const lines = (await summaryText(summaryOf([better, other, model]))).split("\n");
  expect(lines.filter((line) => /^(All with|Net)/.test(line)).map((line) => line.replace(/ {2}.*/, ""))).toEqual([
    "All with Data(1)",
    "Net(3)",
    "Net(2)",
    "All with Other(1)",
    "Net(2)",
  ]);
});

test("what is no number is said once, what is not there not at all", async () => {
  const diverged = { ...model, testLoss: Number.NaN, testLossDeviation: Number.NaN };
  expect(await summaryText(summaryOf([diverged]))).toMatch(/ NaN +1 s$/m);
  const failed = { ...model, runs: 0, failed: 2, parameterCount: null, testLoss: null, testLossDeviation: null };
  expect(await summaryText(summaryOf([{ ...failed, durationSeconds: null }]))).toMatch(/^Net\(2\) +0 \(\+2 failed\)$/m);
  expect(await summaryText(summaryOf([]))).toBe("No run has ended.");
});

test("a screen shows the best, JSON all", async () => {
  const many = Array.from({ length: 203 }, (_, width) => ({ ...model, model: `Data(1) | Net(${width})` }));
  const lines = (await summaryText(summaryOf(many))).split("\n");
  expect(lines.filter((line) => line.startsWith("Net("))).toHaveLength(200);
  expect(lines.at(-1)).toBe("… and 3 more; mosaic export writes all");
  expect(JSON.parse(await jsonOf(many))).toMatchObject({
    database: 'a "b".db',
    models: many.map(({ model, data }) => ({ model, data, test_loss_sd: 0.1, test_acc: null })),
  });
});

test("JSON is written as a whole one is", async () => {
  for (const models of [[], [model], [model, { ...model, testLoss: Number.NaN }]]) {
    const text = await jsonOf(models);
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), undefined, 2)}\n`);
  }
});

async function jsonOf(models: readonly ModelSummary[]): Promise<string> {
  const parts: string[] = [];
  await writeSummaryJson(summaryOf(models), 'a "b".db', (part) => parts.push(part));
  return parts.join("");
}
