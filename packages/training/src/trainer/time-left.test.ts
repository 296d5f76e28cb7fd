import { expect, test } from "vitest";
import { TimeLeft } from "./time-left.ts";

const epochs = 3;

test("follows what batches have taken, the first call of each phase left out", () => {
  const left = new TimeLeft({ train: 10, evaluation: 4 });
  const at = (phase: "train" | "evaluation", epoch: number, batches: number, seconds: number) =>
    left.update({ phase, epoch, epochs, batches, of: undefined, trainLoss: 1 }, seconds);
  // The first call takes 100 seconds, as it compiles.
  expect(at("train", 1, 2, 100)).toBeUndefined();
  // Two batches in 6 seconds: 3 for one of training, 1 for one of an evaluation, which nobody has seen yet.
  expect(at("train", 1, 4, 106)).toBeCloseTo(6 * 3 + 4 + 2 * (10 * 3 + 4));
  expect(at("train", 1, 10, 124)).toBeCloseTo(4 + 2 * 34);
  expect(at("evaluation", 1, 1, 150)).toBeCloseTo(3 + 2 * 34);
  // Now evaluations are measured: 2 seconds for a batch.
  expect(at("evaluation", 1, 4, 156)).toBeCloseTo(2 * (30 + 8));
  expect(at("train", 2, 5, 171)).toBeCloseTo(5 * 3 + 8 + 38);
  expect(at("evaluation", 3, 4, 300)).toBeCloseTo(0);
});

test("knows nothing where a loader reads as it goes", () => {
  const left = new TimeLeft({ train: undefined, evaluation: 4 });
  for (const batches of [1, 2, 3]) {
    const progress = { phase: "train", epoch: 1, epochs, batches, of: undefined, trainLoss: 1 } as const;
    expect(left.update(progress, batches)).toBeUndefined();
  }
});
