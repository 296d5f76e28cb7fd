import { expect, test } from "vitest";
import { stopWithoutImprovement } from "./early-stopping.ts";

/** Epochs that are trained with these losses. */
function epochsUntilStop(losses: readonly number[], patience: number, minDelta = 0): number {
  const rule = stopWithoutImprovement({ patience, minDelta });
  let state = rule.start;
  for (const [index, loss] of losses.entries()) {
    state = rule.next(state, loss);
    if (rule.stops(state)) return index + 1;
  }
  return losses.length;
}

test.each([
  ["goes on while the loss falls", [5, 4, 3, 2, 1], 0, 0, 5],
  ["stops at the first epoch without improvement with patience 0", [3, 2, 2, 1], 0, 0, 3],
  ["waits as many epochs as patience says", [3, 4, 4, 4, 4, 4], 2, 0, 4],
  ["begins to wait anew after an improvement", [3, 4, 4, 2, 4, 4, 4], 2, 0, 7],
  ["takes less than minDelta for none", [3, 2.95, 2.9, 2.85, 2.8], 1, 0.5, 3],
  ["adds small improvements up", [3, 2.8, 2.6, 2.4, 2.2, 2.0], 3, 0.5, 6],
  ["takes NaN for no improvement", [3, Number.NaN, Number.NaN, 1], 1, 0, 3],
  ["stops where all is NaN", [Number.NaN, Number.NaN, Number.NaN], 1, 0, 2],
  ["improves from infinity", [Number.POSITIVE_INFINITY, 5, 4], 0, 1, 1],
])("%s", (_, losses, patience, minDelta, epochs) => {
  expect(epochsUntilStop(losses, patience, minDelta)).toBe(epochs);
});

test("goes on from a state that another rule has left empty", () => {
  const rule = stopWithoutImprovement({ patience: 0 });
  expect(rule.next({}, 4)).toEqual({ best: 4, waited: 0 });
  expect(rule.stops({})).toBe(false);
});
