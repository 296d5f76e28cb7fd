/** Injections into a map whose model is known: it calls what is higher than a threshold over the level background. */
import { expect, test } from "vitest";
import { madePlane } from "../../test/made-plane.ts";
import { mapSamples } from "../catalogue/map-samples.ts";
import { emptyPlane } from "../catalogue/mask-plane.ts";
import { normalAt } from "../sample/lattice-random.ts";
import { completenessAt, completenessOf, type Outcome } from "./completeness.ts";
import { surveyGround } from "./ground.ts";
import { drawShape, type Shape } from "./injection.ts";
import { SpineIndex } from "./match.ts";
import { grown, meet } from "./overlay.ts";
import { placeShapes } from "./place-shapes.ts";
import { checkSameMap, recoverPass } from "./recover-pass.ts";
import type { RecoveryInputs } from "./recovery-inputs.ts";
import type { Reprediction } from "./reprediction.ts";

const [height, width] = [240, 260] as const;
const level = 0.5;

const planeOf = (path: string, at: (y: number, x: number) => number) => madePlane({ path, shape: [height, width] }, at);

const valueAt = (y: number, x: number) => 10 * (1 + 0.03 * normalAt(1, 1, y, x));
/** A half at half of the background over it. */
const said = (value: number) => 1 / (1 + Math.exp(-8 * (value / 10 - 1 - level)));
const hole = (y: number, x: number) => y > 200 && x > 220;
const image = planeOf("image", valueAt);
const probability = planeOf("probability", (y, x) => (hole(y, x) ? Number.NaN : said(valueAt(y, x))));
const reach = 8;
const reprediction: Reprediction = {
  reach,
  models: 1,
  async predict(changed, touched) {
    const box = grown(touched, reach, changed.shape);
    return { box, values: Float32Array.from(await changed.section(box.y0, box.y1, box.x0, box.x1), said) };
  },
};
const inputs: RecoveryInputs = {
  probability,
  image,
  target: undefined,
  background: undefined,
  reprediction,
  finding: {
    threshold: 0.5,
    low_threshold: 0.3,
    spur: 1,
    most_turn: 45,
    least_length: 10,
    least_significance: 0,
    reach: null,
  },
  findOptions: { low: 0.3, high: 0.5, spur: 1, mostTurn: 45, leastLength: 10 },
  measuring: {
    coordinates: undefined,
    image: mapSamples(image),
    beam: undefined,
    reach: undefined,
    plummerIndex: 2,
    distances: undefined,
    perSquareCentimetre: undefined,
    meanMolecularWeight: 2.8,
  },
  title: "image",
  notes: [],
  made: [],
};

const options = { seed: 4, profile: "gaussian", reach, crowded: false } as const;
const shapes = Array.from({ length: 26 }, (_, i) =>
  drawShape({ seed: 4, contrast: [0.2, 1.6], width: [3, 7], length: [30, 60] }, i + 1),
);

async function passesOf(given: readonly Shape[], mask = emptyPlane(height, width), crowded = false) {
  const ground = await surveyGround({ probability, image, target: undefined, background: undefined, mask });
  return { ground, passes: [...placeShapes(given, ground, { ...options, crowded })] };
}

test("every shape is put somewhere: apart from the others of its pass, off known filaments, where a model speaks", async () => {
  const mask = emptyPlane(height, width);
  // A filament across the map, as the catalogue has found it.
  for (let x = 0; x < width; x++) for (let y = 100; y < 106; y++) mask.flags[(y + 1) * mask.stride + x + 1] = 1;
  const { ground, passes } = await passesOf(shapes, mask);
  expect(ground.usable).toBe(height * width - 39 * 39);
  expect(
    passes
      .flatMap(({ placed, homeless }) => [...placed, ...homeless])
      .map(({ id }) => id)
      .sort((a, b) => a - b),
  ).toEqual(shapes.map(({ id }) => id));
  expect(passes.some(({ placed }) => placed.length > 2)).toBe(true);
  for (const { placed } of passes)
    for (const [i, each] of placed.entries()) {
      expect(each.points.every(({ x, y }) => !hole(Math.round(y), Math.round(x)))).toBe(true);
      expect(each.points.every(({ y }) => y < 100 - 0.9 * each.width || y > 105 + 0.9 * each.width)).toBe(true);
      for (const other of placed.slice(i + 1))
        expect(meet(grown(each.touched, reach, [height, width]), grown(other.touched, reach, [height, width]))).toBe(
          false,
        );
    }
  const again = await passesOf(shapes, mask);
  expect(again.passes).toEqual(passes);
  const crowded = await passesOf(shapes, mask, true);
  expect(
    crowded.passes.some(({ placed }) => placed.some(({ points }) => points.some(({ y }) => y > 100 && y < 105))),
  ).toBe(true);
});

test("what is as high as the model sees is recovered, and measured as it was put there", async () => {
  const { passes } = await passesOf(shapes);
  const outcomes: Outcome[] = [];
  for (const { placed } of passes)
    outcomes.push(...(await recoverPass(placed, inputs, new SpineIndex(), { leastShare: 0.5, profile: "gaussian" })));
  expect(outcomes.length).toBe(shapes.length);
  const high = outcomes.filter(({ contrast }) => contrast > 1.3 * level);
  const low = outcomes.filter(({ contrast }) => contrast < 0.7 * level);
  expect(high.length).toBeGreaterThan(4);
  expect(low.length).toBeGreaterThan(3);
  expect(high.filter(({ recovered }) => !recovered)).toEqual([]);
  expect(low.filter(({ recovered }) => recovered)).toEqual([]);
  for (const { width: wide, contrast, length, significance, measured } of high) {
    expect(Math.abs((measured?.width ?? 0) / wide - 1)).toBeLessThan(0.3);
    expect(Math.abs((measured?.contrast ?? 0) / contrast - 1)).toBeLessThan(0.35);
    expect((measured?.length ?? 0) / length).toBeGreaterThan(0.6);
    // Noise of 3 % of the background.
    expect(Math.abs((significance ?? 0) / (contrast / 0.03) - 1)).toBeLessThan(0.4);
  }
  const completeness = completenessOf(outcomes);
  expect(completenessAt(completeness, 1.2, 4).low).toBeGreaterThan(0.4);
  expect(completenessAt(completeness, 0.25, 4).value).toBeLessThan(0.25);
  // Halfway at about the level at which the model sees it.
  const half = Array.from({ length: 140 }, (_, i) => 0.2 + i / 100).find(
    (contrast) => completenessAt(completeness, contrast, 4).value > 0.5,
  );
  expect(Math.abs((half ?? 0) / level - 1)).toBeLessThan(0.35);
});

test("a spine that was there before recovers nothing", async () => {
  const [bright] = shapes.filter(({ contrast }) => contrast > 1);
  if (bright === undefined) throw new Error("there is no bright one");
  const { passes } = await passesOf([bright]);
  const placed = passes[0]?.placed ?? [];
  const there = new SpineIndex();
  for (const { points } of placed) there.add(points);
  const how = { leastShare: 0.5, profile: "gaussian" } as const;
  expect(await recoverPass(placed, inputs, new SpineIndex(), how)).toMatchObject([{ recovered: true }]);
  expect(await recoverPass(placed, inputs, there, how)).toMatchObject([{ recovered: false, share: 0 }]);
});

test("a map of probabilities that the models do not make is refused", async () => {
  const { passes } = await passesOf(shapes.slice(0, 1));
  const [pass = { placed: [], homeless: [] }] = passes;
  await checkSameMap(pass, inputs);
  const other = planeOf("other", (y, x) => said(valueAt(y, x)) + (x === 130 ? 0.01 : 0));
  const wide = {
    ...pass,
    placed: pass.placed.map((each) => ({ ...each, touched: { y0: 0, y1: 9, x0: 0, x1: width } })),
  };
  await expect(checkSameMap(wide, { ...inputs, probability: other })).rejects.toThrow(
    /other is not what the models say of image by this segmentation: 0\.010 apart .* run bigsf segment again/,
  );
});
