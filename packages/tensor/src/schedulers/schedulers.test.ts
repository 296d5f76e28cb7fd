import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import * as schedulers from "./index.ts";

interface Spec {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>> & { readonly schedulers?: readonly Spec[] };
}

interface FixtureCase extends Spec {
  readonly lr: number;
  readonly metrics: readonly (number | "NaN")[] | null;
  readonly rates: readonly number[];
}

/** Written by fixtures/schedulers.py with PyTorch. */
const cases: readonly FixtureCase[] = JSON.parse(
  readFileSync(new URL("../../fixtures/schedulers.json", import.meta.url), "utf8"),
);

function build({ name, options }: Spec): schedulers.Scheduler {
  const make: unknown = Reflect.get(schedulers, name);
  if (typeof make !== "function") throw new Error(`the fixture has ${name}`);
  const { schedulers: parts, ...others } = options;
  return parts === undefined ? make(options) : make(parts.map(build), others);
}

/** Rates of the first epochs, or steps. */
function ratesOf(scheduler: schedulers.Scheduler, lr: number, count: number, metrics: readonly number[] = []) {
  let state = scheduler.start;
  return Array.from({ length: count }, (_, index) => {
    const rate = scheduler.lr(state, lr);
    // Plain data is enough to go on.
    state = scheduler.next(structuredClone(state), metrics[index] ?? Number.NaN);
    return rate;
  });
}

describe("as PyTorch", () => {
  test.each(cases.map((each) => [`${each.name} ${JSON.stringify(each.options)}`, each] as const))("%s", (_, each) => {
    const found = ratesOf(build(each), each.lr, each.rates.length, each.metrics?.map(Number));
    for (const [index, rate] of each.rates.entries()) expect(found[index], `at ${index}`).toBeCloseTo(rate, 10);
  });
});

describe("by steps", () => {
  const warmUp = schedulers.LinearLR({ totalIters: 4 });

  test("a schedule is the same", () => {
    const stepped = schedulers.perStep(warmUp);
    expect(stepped.every).toBe("step");
    expect(ratesOf(stepped, 0.3, 6)).toEqual(ratesOf(warmUp, 0.3, 6));
    expect(schedulers.perStep(schedulers.SequentialLR([warmUp, warmUp], { milestones: [3] })).every).toBe("step");
  });

  test("OneCycleLR gives every group its highest rate, or one that depends on the group's", () => {
    const fixed = schedulers.OneCycleLR({ maxLr: 1, totalSteps: 10 });
    expect(fixed.every).toBe("step");
    expect(ratesOf(fixed, 0.1, 10)).toEqual(ratesOf(fixed, 0.2, 10));
    const scaled = schedulers.OneCycleLR({ maxLr: (baseLr) => 10 * baseLr, totalSteps: 10 });
    expect(Math.max(...ratesOf(scaled, 0.2, 10))).toBeCloseTo(2, 12);
  });

  test("OneCycleLR of one step has a rate, and no other", () => {
    const one = schedulers.OneCycleLR({ maxLr: 1, totalSteps: 1 });
    expect(ratesOf(one, 0.1, 1)).toHaveLength(1);
    expect(() => ratesOf(one, 0.1, 2)).toThrow(/step 2 comes after the 1 steps it was made for/);
  });
});

test("chains hold chains", () => {
  const { StepLR, ExponentialLR, ChainedScheduler, SequentialLR, ReduceLROnPlateau } = schedulers;
  const inner = ChainedScheduler([StepLR({ stepSize: 2 }), ExponentialLR({ gamma: 0.5 })]);
  const outer = SequentialLR([ChainedScheduler([inner, inner]), inner], { milestones: [3] });
  const rates = ratesOf(inner, 1, 5);
  const expected = [...rates.slice(0, 3).map((rate) => rate * rate), ...rates.slice(0, 2)];
  for (const [index, rate] of ratesOf(outer, 1, 5).entries()) expect(rate).toBeCloseTo(expected[index] ?? 0, 12);
  // A plateau is judged from the milestone on.
  const judged = SequentialLR([inner, ReduceLROnPlateau({ patience: 0 })], { milestones: [2] });
  expect(judged.judges).toBe(true);
  expect(ratesOf(judged, 1, 5, [1, 1, 1, 2, 2])[4]).toBeCloseTo(0.1, 12);
});

describe("refused", () => {
  const {
    StepLR,
    LinearLR,
    OneCycleLR,
    ReduceLROnPlateau,
    CosineAnnealingLR,
    ChainedScheduler,
    SequentialLR,
    perStep,
  } = schedulers;
  const step = StepLR({ stepSize: 1 });
  test.each<[string, () => unknown, RegExp]>([
    ["no schedulers", () => ChainedScheduler([]), /at least one/],
    [
      "epochs and steps",
      () => SequentialLR([perStep(step), step], { milestones: [1] }),
      /goes by steps, StepLR goes by epochs/,
    ],
    [
      "OneCycleLR chained",
      () => ChainedScheduler([OneCycleLR({ maxLr: 1, totalSteps: 2 })]),
      /OneCycleLR does not just/,
    ],
    ["etaMin chained", () => ChainedScheduler([CosineAnnealingLR({ tMax: 2, etaMin: 0.1 })]), /leave out etaMin/],
    ["a plateau chained", () => ChainedScheduler([step, ReduceLROnPlateau()]), /ReduceLROnPlateau does not just/],
    ["a plateau by steps", () => perStep(ReduceLROnPlateau()), /judges the loss of whole epochs/],
    ["too few milestones", () => SequentialLR([step, step], { milestones: [] }), /2 schedulers need 1 rising/],
    ["falling milestones", () => SequentialLR([step, step, step], { milestones: [3, 2] }), /got \[3,2\]/],
    ["a milestone of 0", () => SequentialLR([step, step], { milestones: [0] }), /above 0/],
    ["no steps", () => OneCycleLR({ maxLr: 1, totalSteps: 0 }), /OneCycleLR: totalSteps is 0/],
    ["half epochs", () => OneCycleLR({ maxLr: 1, epochs: 0.3, stepsPerEpoch: 7 }), /totalSteps is 2.1/],
    ["a share above 1", () => OneCycleLR({ maxLr: 1, totalSteps: 5, pctStart: 2 }), /pctStart is 2/],
    ["a highest rate of 0", () => OneCycleLR({ maxLr: 0, totalSteps: 5 }), /maxLr is 0/],
    ["a factor of 0", () => LinearLR({ startFactor: 0 }), /startFactor is 0/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(TensorError);
  });
});
