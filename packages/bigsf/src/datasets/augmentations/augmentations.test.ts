import { configurable, float, register, schema } from "@ml-mosaic/configurable";
import { Generator } from "@ml-mosaic/tensor";
import { describe, expect, test } from "vitest";
import { BaseAugmentation, type PatchLayers } from "./base-augmentation.ts";
import "./built-in.ts";

/** 0 to 8 in three rows, other hundreds in each layer. */
const layers = (): PatchLayers => ({
  size: 3,
  patch: Float32Array.from({ length: 9 }, (_, place) => place),
  spine: Float32Array.from({ length: 9 }, (_, place) => 100 + place),
  labelled: Float32Array.from({ length: 9 }, (_, place) => 200 + place),
});

const changed = (config: object, seed: number) => {
  const sample = layers();
  BaseAugmentation.fromConfig(config).augment(sample, new Generator(seed));
  return sample;
};

/** What numpy's rot90 (k = 1, 2, 3), fliplr and flipud make of [[0, 1, 2], [3, 4, 5], [6, 7, 8]]. */
const numpy = {
  as: [0, 1, 2, 3, 4, 5, 6, 7, 8],
  rot90: [2, 5, 8, 1, 4, 7, 0, 3, 6],
  rot180: [8, 7, 6, 5, 4, 3, 2, 1, 0],
  rot270: [6, 3, 0, 7, 4, 1, 8, 5, 2],
  fliplr: [2, 1, 0, 5, 4, 3, 8, 7, 6],
  flipud: [6, 7, 8, 3, 4, 5, 0, 1, 2],
};

test.each<[object, (keyof typeof numpy)[]]>([
  [{ type: "random_rotation" }, ["as", "rot90", "rot180", "rot270"]],
  [{ type: "random_horizontal_flip" }, ["as", "fliplr"]],
  [{ type: "random_horizontal_flip", probability: 1 }, ["fliplr"]],
  [{ type: "random_horizontal_flip", probability: 0 }, ["as"]],
  [{ type: "random_vertical_flip" }, ["as", "flipud"]],
  [{ type: "random_vertical_flip", p: 1 }, ["flipud"]],
])("%j moves all layers alike, into each result as often as another", (config, results) => {
  const counts = new Map<string, number>();
  const trials = 800;
  for (let seed = 0; seed < trials; seed++) {
    const { patch, spine, labelled } = changed(config, seed);
    expect(Array.from(spine, (value) => value - 100)).toEqual(Array.from(patch));
    expect(Array.from(labelled, (value) => value - 200)).toEqual(Array.from(patch));
    const text = String(patch);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  expect([...counts.keys()].toSorted()).toEqual(results.map((name) => String(numpy[name])).toSorted());
  // Five standard deviations of a binomial count.
  const share = 1 / results.length;
  for (const count of counts.values())
    expect(Math.abs(count - trials * share)).toBeLessThanOrEqual(5 * Math.sqrt(trials * share * (1 - share)));
});

describe("noise", () => {
  test("changes the image alone, with its standard deviation", () => {
    const values: number[] = [];
    for (let seed = 0; seed < 2000; seed++) {
      const { patch, spine, labelled } = changed({ type: "noise", sigma: 0.2 }, seed);
      expect(spine).toEqual(layers().spine);
      expect(labelled).toEqual(layers().labelled);
      values.push(...Array.from(patch, (value, place) => value - place));
    }
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0, 2);
    expect(Math.sqrt(variance)).toBeCloseTo(0.2, 2);
    // Each pixel by itself: neighbours are not alike.
    const products = values.slice(1).map((value, place) => value * (values[place] ?? 0));
    expect(products.reduce((a, b) => a + b, 0) / products.length / variance).toBeCloseTo(0, 1);
  });

  test("of sigma 0 changes nothing, and `probability` leaves samples as they are", () => {
    expect(changed({ type: "gaussian_noise", sigma: 0 }, 1)).toEqual(layers());
    const touched = Array.from({ length: 400 }, (_, seed) =>
      changed({ type: "noise", probability: 0.25 }, seed),
    ).filter(({ patch }) => String(patch) !== String(layers().patch));
    expect(touched.length).toBeGreaterThan(60);
    expect(touched.length).toBeLessThan(140);
  });
});

test("the same generator gives the same sample", () => {
  for (const type of ["random_rotation", "random_horizontal_flip", "random_vertical_flip", "noise"])
    for (let seed = 0; seed < 20; seed++) expect(changed({ type }, seed)).toEqual(changed({ type }, seed));
});

test("one's own augmentation is found by its alias", () => {
  class Dimming extends configurable({ darkest: schema(float, { default: 0.5 }) }, BaseAugmentation) {
    static override readonly aliases = ["test_dimming"];
    override apply({ patch }: PatchLayers, generator: Generator): void {
      const factor = generator.uniform(this.darkest, 1);
      for (const [pixel, value] of patch.entries()) patch[pixel] = factor * value;
    }
  }
  register(Dimming);
  const { patch } = changed({ type: "test_dimming", darkest: 1 }, 0);
  expect(patch).toEqual(layers().patch);
  expect(changed({ type: "test_dimming" }, 0).patch[8]).toBeLessThan(8);
});

test.each([
  [{ type: "noise", sigma: -1 }, /sigma: expected a number of at least 0, got -1/],
  [{ type: "noise", probability: 2 }, /probability: expected a number of at least 0 and of at most 1/],
  [
    { type: "random_vertical_flip", probability: -0.1 },
    /probability: expected a number of at least 0 and of at most 1/,
  ],
  [{ type: "random_rotaton" }, /random_rotation/],
  [{ type: "random_rotation", sigma: 1 }, /sigma/],
  [{ probability: 1 }, /type/],
])("%j is refused", (config, message) => {
  expect(() => BaseAugmentation.fromConfig(config)).toThrow(message);
});
