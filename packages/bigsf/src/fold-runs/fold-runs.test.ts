import { expect, test } from "vitest";
import { dataKey, type FoldedModel, rankedBy } from "./fold-runs.ts";

test("data are the same whatever fold and batch size a run has", () => {
  const of = (options: Readonly<Record<string, string>>, experimentId = 1) =>
    dataKey({ experimentId, module: { type: "data", key: "", path: "", className: "PatchesData", options } });
  const first = of({ image: "a.fits", fold: "1", batch_size: "8" });
  expect(of({ image: "a.fits", fold: "2", batch_size: "4" })).toBe(first);
  expect(of({ image: "b.fits", fold: "1", batch_size: "8" })).not.toBe(first);
  expect(of({ image: "a.fits", fold: "1", batch_size: "8" }, 2)).not.toBe(first);
});

const model = (name: string, ...losses: readonly (number | null)[]): FoldedModel => ({
  name,
  module: undefined,
  runs: losses.map((loss, place) => ({
    runId: place,
    experimentId: 1,
    fold: place + 1,
    finished: undefined,
    result: { test_loss: loss },
  })),
});
const ranked = (...models: readonly FoldedModel[]) =>
  rankedBy("test_loss", models).map((each) => `${each.model.name}${each.isBest ? " best" : ""}`);

test("the lowest loss is first, and one that is none is last", () => {
  const [broken, high, low] = [model("broken", Number.NaN, 0.1), model("high", 0.6, 0.4), model("low", 0.3, 0.1)];
  expect(ranked(high, broken, low)).toEqual(["low best", "high", "broken"]);
  expect(ranked(broken, model("none", null))).toEqual(["broken", "none"]);
  expect(ranked(low)).toEqual(["low"]);
});
