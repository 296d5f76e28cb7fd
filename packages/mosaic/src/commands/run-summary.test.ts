import { expect, test } from "vitest";
import { type ModelSummary, summaryText } from "./run-summary.ts";

const model: ModelSummary = {
  model: "Data(1) | Net(2)",
  data: "Data(1)",
  parameterCount: 3,
  runs: 2,
  failed: 0,
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
