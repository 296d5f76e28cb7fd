import { seededRandom } from "@ml-mosaic/statistics";
import { expect, test } from "vitest";
import { completenessAt, completenessOf, type Outcome } from "./completeness.ts";
import { type Ground, ground } from "./ground.ts";
import { type Judged, judge, probabilityOf, purityOf } from "./purity.ts";

const logistic = (value: number) => 1 / (1 + Math.exp(-value));

test("the completeness that is stated holds that by which filaments were found", () => {
  const truth = (contrast: number, width: number) =>
    logistic(2 + 3 * Math.log(contrast) - 2 * Math.log(width / 4) ** 2);
  let [held, asked] = [0, 0];
  for (let trial = 0; trial < 40; trial++) {
    const random = seededRandom(trial);
    const outcomes = Array.from({ length: 120 }, (_, id): Outcome => {
      const [contrast, width] = [0.1 * 20 ** random(), 2 * 5 ** random()];
      const recovered = random() < truth(contrast, width);
      const share = recovered ? 1 : 0;
      return {
        id,
        x: 0,
        y: 0,
        length: 40,
        width,
        contrast,
        significance: undefined,
        share,
        recovered,
        measured: undefined,
      };
    });
    const completeness = completenessOf(outcomes);
    expect(completeness.bins.filter(({ quantity }) => quantity === "significance")).toEqual([]);
    expect(completeness.bins.filter(({ quantity }) => quantity === "contrast").length).toBe(6);
    for (const contrast of [0.2, 0.5, 1])
      for (const width of [2.5, 5]) {
        const { low, high } = completenessAt(completeness, contrast, width);
        asked++;
        if (low <= truth(contrast, width) && high >= truth(contrast, width)) held++;
      }
  }
  expect(held / asked).toBeGreaterThan(0.91);
  expect(held / asked).toBeLessThanOrEqual(1);
});

/** Filaments of a catalogue: the false ones are narrower and said less surely, and a share of places was looked at. */
function catalogueOf(random: () => number, count: number, looked: number, known = 1) {
  const pure = 0.7;
  return Array.from({ length: count }, (_, id) => {
    const isTrue = random() < pure;
    const probability = isTrue ? 0.6 + 0.3 * random() : 0.5 + 0.25 * random();
    const judgement = isTrue ? (random() < known ? "filament" : "unknown") : random() < looked ? "none" : "unknown";
    const [x, y] = [1000 * random(), 1000 * random()];
    const judged: Judged = {
      id,
      x,
      y,
      contrast: 0.3 + random(),
      width: (isTrue ? 3.4 : 3) + random(),
      probability,
      judgement,
    };
    return { judged, isTrue };
  });
}

test("the purity that is stated holds the true one, also where labels lack filaments", () => {
  let held = 0;
  const trials = 200;
  for (let trial = 0; trial < trials; trial++) {
    const all = catalogueOf(seededRandom(trial), 80, 0.35, trial % 2 === 0 ? 1 : 0.6);
    const purity = purityOf(
      all.map(({ judged }) => judged),
      { free: 1000, looked: 350 },
    );
    const truth = all.filter(({ isTrue }) => isTrue).length / all.length;
    if (purity !== undefined && purity.purity.low <= truth && truth <= purity.purity.high) held++;
  }
  expect(held / trials).toBeGreaterThan(0.93);
});

test.each([1, 0.6])(
  "as many are filaments as their probabilities say, by filaments of other squares; labelled are %s",
  (known) => {
    const all = catalogueOf(seededRandom(3), 1500, 0.35, known);
    const purity = purityOf(
      all.map(({ judged }) => judged),
      { free: 1000, looked: 350 },
    );
    const traits = purity?.traits;
    if (traits === undefined) throw new Error("there is no fit");
    const said = all.map(({ judged, isTrue }) => ({
      isTrue,
      value: probabilityOf(traits, judged, true)?.value ?? Number.NaN,
    }));
    for (const [low, high] of [
      [0, 0.5],
      [0.5, 0.9],
      [0.9, 1],
    ] as const) {
      const inside = said.filter(({ value }) => value >= low && value < high);
      const mean = inside.reduce((sum, { value }) => sum + value, 0) / inside.length;
      expect(Math.abs(inside.filter(({ isTrue }) => isTrue).length / inside.length - mean)).toBeLessThan(0.08);
    }
    // Of the same counts, by chance both are off the truth by as much.
    const mean = said.reduce((sum, { value }) => sum + value, 0) / said.length;
    expect(Math.abs(mean - (purity?.purity.value ?? Number.NaN))).toBeLessThan(0.02);
    expect(traits.brier).toBeLessThan(0.7 * traits.brierOfShare);
    expect(
      probabilityOf(traits, { x: 0, y: 0, contrast: undefined, width: 4, probability: 0.5 }, true),
    ).toBeUndefined();
  },
);

test("nothing is stated where nobody has looked, and no traits of too few", () => {
  const [first] = catalogueOf(seededRandom(1), 1, 1);
  expect(purityOf(first === undefined ? [] : [first.judged], { free: 10, looked: 0 })).toBeUndefined();
  expect(purityOf(first === undefined ? [] : [first.judged], { free: 10, looked: 5 })?.traits).toBeUndefined();
});

test("a spine is judged by what lies under most of it", () => {
  const [height, width] = [20, 40];
  const flags = new Uint8Array(height * width).fill(ground.usable);
  for (let x = 0; x < width; x++) flags[5 * width + x] = ground.usable | ground.target;
  for (let x = 0; x < 20; x++) flags[15 * width + x] = ground.usable | ground.background;
  const map: Ground = { height, width, flags, usable: 800, free: 760, looked: 20 };
  const row = (y: number, from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => ({ x: from + i, y }));
  expect(judge(row(6.5, 0, 30), map)).toBe("filament");
  expect(judge(row(8.5, 0, 30), map)).toBe("unknown");
  expect(judge(row(15, 0, 30), map)).toBe("none");
  expect(judge(row(15, 12, 40), map)).toBe("unknown");
});
