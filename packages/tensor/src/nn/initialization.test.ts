/** First values as PyTorch's nn.init draws them: bounds, means and deviations. */
import { describe, expect, test } from "vitest";
import { tensor } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { Generator } from "../random/generator.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { Parameter } from "../variable.ts";
import { Conv2d } from "./conv.ts";
import { Identity } from "./identity.ts";
import * as init from "./initialization.ts";
import { RMSNorm } from "./normalization.ts";

const blank = (...shape: Shape) => new Parameter(shape, () => new Float32Array(sizeOf(shape)).fill(7));
const generator = () => new Generator(3);

function moments({ value }: Parameter) {
  const values = Array.from(value, Number);
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length);
  return { mean, deviation, low: Math.min(...values), high: Math.max(...values) };
}

describe("distributions", () => {
  const weight = () => blank(100, 40, 3);
  const [fanIn, fanOut] = [120, 300];
  // What PyTorch's documentation says of each.
  test.each<[string, (parameter: Parameter) => Parameter, deviation: number, bound?: number]>([
    ["uniform", (p) => init.uniform(p, { a: -1, b: 1, generator: generator() }), 1 / Math.sqrt(3), 1],
    ["normal", (p) => init.normal(p, { mean: 0, std: 0.3, generator: generator() }), 0.3],
    [
      "xavierUniform",
      (p) => init.xavierUniform(p, { gain: 2, generator: generator() }),
      2 * Math.sqrt(2 / (fanIn + fanOut)),
      2 * Math.sqrt(6 / (fanIn + fanOut)),
    ],
    ["xavierNormal", (p) => init.xavierNormal(p, { generator: generator() }), Math.sqrt(2 / (fanIn + fanOut))],
    [
      "kaimingUniform",
      (p) => init.kaimingUniform(p, { a: Math.sqrt(5), generator: generator() }),
      1 / Math.sqrt(3 * fanIn),
      1 / Math.sqrt(fanIn),
    ],
    [
      "kaimingNormal",
      (p) => init.kaimingNormal(p, { mode: "fanOut", nonlinearity: "relu", generator: generator() }),
      Math.sqrt(2 / fanOut),
    ],
    // A normal distribution cut off at two deviations.
    ["truncNormal", (p) => init.truncNormal(p, { std: 0.5, a: -1, b: 1, generator: generator() }), 0.5 * 0.8796, 1],
  ])("%s", (_name, fill, expected, bound) => {
    const parameter = weight();
    expect(fill(parameter)).toBe(parameter);
    const { mean, deviation, low, high } = moments(parameter);
    expect(Math.abs(mean)).toBeLessThan((4 * expected) / Math.sqrt(12_000));
    expect(deviation / expected).toBeGreaterThan(0.97);
    expect(deviation / expected).toBeLessThan(1.03);
    if (bound === undefined) return;
    for (const end of [-low, high]) {
      expect(end).toBeLessThanOrEqual(Math.fround(bound));
      expect(end).toBeGreaterThan(0.99 * bound);
    }
  });

  test("orthogonal rows or columns, of length gain", () => {
    for (const shape of [
      [4, 9],
      [9, 4],
      [5, 5],
      [3, 2, 2],
    ]) {
      const { value } = init.orthogonal(blank(...shape), { gain: 2, generator: generator() });
      const [rows = 0, columns = 0] = [shape[0], sizeOf(shape.slice(1))];
      const at = (row: number, column: number) => Number(value[row * columns + column]);
      const wide = rows <= columns;
      for (let one = 0; one < Math.min(rows, columns); one++) {
        for (let other = 0; other < Math.min(rows, columns); other++) {
          let product = 0;
          for (let k = 0; k < Math.max(rows, columns); k++)
            product += wide ? at(one, k) * at(other, k) : at(k, one) * at(k, other);
          expect(product).toBeCloseTo(one === other ? 4 : 0, 5);
        }
      }
    }
  });

  test("constant, ones, zeros, eye", () => {
    expect([...init.constant(blank(2), 0.5).value]).toEqual([0.5, 0.5]);
    expect([...init.ones(blank(2)).value]).toEqual([1, 1]);
    expect([...init.zeros(blank(2)).value]).toEqual([0, 0]);
    expect([...init.eye(blank(2, 3)).value]).toEqual([1, 0, 0, 0, 1, 0]);
  });

  test("gains are PyTorch's", () => {
    expect(
      (["linear", "conv2d", "sigmoid", "tanh", "relu", "leakyRelu", "selu"] as const).map((each) =>
        init.calculateGain(each),
      ),
    ).toEqual([1, 1, 1, 5 / 3, Math.SQRT2, Math.sqrt(2 / 1.0001), 0.75]);
    expect(init.calculateGain("leakyRelu", 0.2)).toBe(Math.sqrt(2 / 1.04));
  });
});

test("without a generator values are drawn when the model is initialised, from the parameter's own stream", () => {
  const layer = new Conv2d(2, 3, 3);
  layer.initialize(new Generator(1));
  const before = layer.weight.value;
  init.kaimingNormal(layer.weight, { nonlinearity: "relu" });
  expect(layer.weight.initialized).toBe(false);
  layer.initialize(new Generator(1));
  expect(layer.weight.value).not.toEqual(before);
  const other = new Conv2d(2, 3, 3);
  init.kaimingNormal(other.weight, { nonlinearity: "relu" });
  expect(other.initialize(new Generator(1)).weight.value).toEqual(layer.weight.value);
});

test("what has no fan, or no such option, is refused", () => {
  for (const attempt of [
    () => init.xavierNormal(blank(3)),
    () => init.kaimingUniform(blank(3)),
    () => init.orthogonal(blank(3)),
    () => init.eye(blank(2, 2, 2)),
    () => init.truncNormal(blank(3), { a: 100, b: 101 }),
  ]) {
    expect(attempt).toThrow(TensorError);
  }
  expect(() => init.xavierUniform(blank(3))).toThrow(/xavierUniform: a parameter \[3\] must have 2 axes or more/);
});

test("RMSNorm divides by the root of the mean of squares; Identity does nothing", async () => {
  const x = tensor([
    [3, 4],
    [0, 2],
  ]);
  const norm = new RMSNorm(2, { eps: 0 });
  norm.weight?.initialize(generator());
  const root = Math.sqrt(12.5);
  const values = Array.from(await norm.forward(x).data(), Number);
  for (const [index, expected] of [3 / root, 4 / root, 0, Math.SQRT2].entries())
    expect(values[index]).toBeCloseTo(expected, 6);
  expect(new RMSNorm([2], { elementwiseAffine: false }).weight).toBeUndefined();
  expect([...new RMSNorm(4).stateDict().keys()]).toEqual(["weight"]);
  expect(() => new RMSNorm(0)).toThrow(/RMSNorm: the normalised shape is \[0\]/);
  expect(() => new RMSNorm(3).forward(x)).toThrow(/rmsNorm: input \[2, 2\] must end in the normalised shape \[3\]/);
  expect(new Identity().forward(x)).toBe(x);
});
