/** Random tensors at once and in steps: what they are distributed as, and on what they depend. */
import { describe, expect, test } from "vitest";
import { ones, tensor, zeros } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { nextRandomId, trace } from "../graph/trace.ts";
import { dropoutMask } from "../ops/random.ts";
import { SGD } from "../optim/sgd.ts";
import { compileEvaluation } from "../program/evaluation-program.ts";
import { type ExecutorName, executorNames } from "../program/executor.ts";
import { compileTraining } from "../program/training-program.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import { bernoulli, multinomial, normal, rand, randint, randLike, randn, randnLike, randperm } from "./draws.ts";
import { Generator, manualSeed } from "./generator.ts";

const fields = [{ data: new Float32Array(1), shape: [1, 1], dtype: "float32" as const }];
const nothing = { step: 0, parameters: [], slots: [], buffers: [] };

interface Steps {
  readonly seed?: number;
  readonly firstStep?: number;
  readonly steps?: number;
}

/** What a program draws in some steps: an axis of steps in front. */
async function programOf(build: () => Readonly<Record<string, Tensor>>, executor: ExecutorName = "onnx") {
  const program = compileEvaluation({
    fields,
    executor,
    layout: { segments: [], buffers: [] },
    step: () => ({ loss: zeros([]), collected: build() }),
  });
  return async ({ seed = 0, firstStep = 0, steps = 1 }: Steps = {}) =>
    program.run(nothing, { rows: new Int32Array(steps), batchSize: 1, firstStep, generator: new Generator(seed) });
}

async function drawn(build: () => Tensor, options: Steps = {}): Promise<Float32Array> {
  const run = await programOf(() => ({ it: build() }));
  return (await run(options)).it ?? new Float32Array();
}

/** Kolmogorov's and Smirnov's largest distance between the distributions, times the root of n: 2.2 once in 10,000 times. */
function distance(values: Float32Array, distribution: (x: number) => number): number {
  const sorted = values.toSorted();
  let largest = 0;
  for (const [index, value] of sorted.entries()) {
    const expected = distribution(value);
    largest = Math.max(largest, (index + 1) / sorted.length - expected, expected - index / sorted.length);
  }
  return largest * Math.sqrt(sorted.length);
}

/** Chi square of counts, less its mean, in units of its standard deviation. */
function surprise(counts: readonly number[], expected: readonly number[]): number {
  const chi = counts.reduce(
    (sum, count, index) => sum + (count - (expected[index] ?? 0)) ** 2 / (expected[index] ?? 1),
    0,
  );
  const freedom = counts.length - 1;
  return (chi - freedom) / Math.sqrt(2 * freedom);
}

const countsOf = (values: ArrayLike<number>, length: number) => {
  const counts = new Array<number>(length).fill(0);
  for (const value of Array.from(values)) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

/** The normal distribution's tail by its continued fraction, right to 1e-12 above 2. */
function tail(z: number): number {
  let fraction = z;
  for (let term = 200; term > 0; term--) fraction = z + term / fraction;
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / fraction;
}

/** The normal distribution by its series, right to 1e-12 below 5. */
function normalDistribution(z: number): number {
  if (z > 4) return 1 - tail(z);
  if (z < -4) return tail(-z);
  let [term, sum] = [z, z];
  for (let n = 1; Math.abs(term) > 1e-17; n++) {
    term *= -(z * z) / (2 * n);
    sum += term / (2 * n + 1);
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}

describe("in steps", () => {
  const n = 2 ** 18;

  test("rand is uniform", async () => {
    for (const seed of [0, 1, 2]) {
      const values = await drawn(() => rand([n]), { seed });
      expect(Math.min(...values.slice(0, 1000))).toBeGreaterThanOrEqual(0);
      expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
      expect(distance(values, (x) => x)).toBeLessThan(2.2);
    }
  });

  test("randn is normal, far out too", async () => {
    const steps = 16;
    for (const seed of [0, 1]) {
      const values = await drawn(() => randn([n]), { seed, steps });
      expect(distance(values.subarray(0, n), normalDistribution)).toBeLessThan(2.2);
      for (const z of [1, 2, 3, 3.5, 4, 4.5, 5]) {
        const expected = steps * n * (z < 2 ? 1 - normalDistribution(z) : tail(z));
        for (const sign of [1, -1]) {
          const beyond = values.reduce((sum, value) => sum + Number(sign * value > z), 0);
          expect(Math.abs(beyond - expected), `beyond ${sign * z}`).toBeLessThan(4 * Math.sqrt(expected) + 3);
        }
      }
      const mean = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
      for (const [power, moment, variance] of [
        [1, 0, 1],
        [2, 1, 2],
        [3, 0, 15],
        [4, 3, 96],
      ] as const)
        expect(Math.abs(mean(power) - moment), `moment ${power}`).toBeLessThan(4 * Math.sqrt(variance / values.length));
    }
  });

  test("randint has each number as often, in ranges large and small", async () => {
    const small = await drawn(() => randint(-3, 4, [n]));
    expect(
      Math.abs(
        surprise(
          countsOf(
            small.map((value) => value + 3),
            7,
          ),
          new Array(7).fill(n / 7),
        ),
      ),
    ).toBeLessThan(4);
    // As float32, which is what is collected: the upper bits.
    const large = await drawn(() => randint(0, 2 ** 31, [n], { dtype: "int32" }).to("float32"));
    const eighths = large.map((value) => Math.min(1023, Math.floor(value / 2 ** 21)));
    expect(Math.abs(surprise(countsOf(eighths, 1024), new Array(1024).fill(n / 1024)))).toBeLessThan(4);
    expect(
      distance(
        large.map((value) => value / 2 ** 31),
        (x) => x,
      ),
    ).toBeLessThan(2.2);
  });

  test("randperm has every order as often", async () => {
    const steps = 6000;
    const orders = await drawn(() => randperm(4), { steps });
    const codes = Array.from({ length: steps }, (_, step) =>
      Array.from(orders.subarray(4 * step, 4 * step + 4)).join(""),
    );
    const kinds = [...new Set(codes)].sort();
    expect(kinds).toHaveLength(24);
    expect(kinds.every((code) => [...code].sort().join("") === "0123")).toBe(true);
    const counts = kinds.map((kind) => codes.filter((code) => code === kind).length);
    expect(Math.abs(surprise(counts, new Array(24).fill(steps / 24)))).toBeLessThan(4);
  });

  test("bernoulli is 1 as often as it should be", async () => {
    const chances = [0, 0.1, 0.5, 0.99, 1];
    const ones = await drawn(() =>
      bernoulli(
        tensor(chances)
          .reshape([5, 1])
          .expand([5, 2 ** 16]),
      ),
    );
    for (const [index, p] of chances.entries()) {
      const share = ones.subarray(index * 2 ** 16, (index + 1) * 2 ** 16).reduce((a, b) => a + b, 0) / 2 ** 16;
      expect(Math.abs(share - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / 2 ** 16));
    }
    expect(new Set(ones)).toEqual(new Set([0, 1]));
  });

  test("multinomial draws in proportion to the weights, with and without replacement", async () => {
    const weights = [0, 2, 1, 0, 4, 0];
    const replaced = await drawn(() => multinomial(tensor(weights), 2 ** 18, { replacement: true }));
    const proportions = [2, 1, 4].map((weight) => (weight / 7) * 2 ** 18);
    const counts = countsOf(replaced, 6);
    expect([counts[0], counts[3], counts[5]]).toEqual([0, 0, 0]);
    expect(
      Math.abs(
        surprise(
          [1, 2, 4].map((each) => counts[each] ?? 0),
          proportions,
        ),
      ),
    ).toBeLessThan(4);

    const rows = 2 ** 16;
    const pairs = await drawn(() => multinomial(tensor([weights]).expand([rows, 6]), 2));
    const names = ["1 2", "1 4", "2 1", "2 4", "4 1", "4 2"];
    const seen = new Map(names.map((name) => [name, 0]));
    for (let row = 0; row < rows; row++) {
      const name = `${pairs[2 * row]} ${pairs[2 * row + 1]}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);
    }
    expect([...seen.keys()]).toEqual(names);
    const expected = names.map((name) => {
      const [first = 0, second = 0] = name.split(" ").map((each) => weights[Number(each)] ?? 0);
      return ((rows * first) / 7) * (second / (7 - first));
    });
    expect(Math.abs(surprise([...seen.values()], expected))).toBeLessThan(4);
  });

  test("each step, op, seed draws numbers of its own, and independent ones", async () => {
    const length = 2 ** 14;
    const run = await programOf(() => ({
      a: randn([length]),
      b: randn([length]),
      c: randLike(zeros([length]))
        .sub(0.5)
        .mul(Math.sqrt(12)),
    }));
    const series = new Map<string, Float32Array>();
    for (const seed of [0, 1]) {
      const values = await run({ seed, steps: 3 });
      for (const name of ["a", "b", "c"])
        for (let step = 0; step < 3; step++)
          series.set(
            `${name}, step ${step}, seed ${seed}`,
            (values[name] ?? new Float32Array()).subarray(step * length, (step + 1) * length),
          );
    }
    const correlation = (a: Float32Array, b: Float32Array) =>
      a.subarray(0, b.length).reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0) / Math.sqrt(b.length);
    const entries = [...series];
    for (const [index, [name, values]] of entries.entries()) {
      for (const lag of [1, 2, 64])
        expect(Math.abs(correlation(values, values.subarray(lag))), `${name} after ${lag}`).toBeLessThan(4.5);
      for (const [other, more] of entries.slice(index + 1))
        expect(Math.abs(correlation(values, more)), `${name} and ${other}`).toBeLessThan(4.5);
    }
  });

  test("a step draws the same bits in whatever chunk it runs, and after whatever was drawn before", async () => {
    const run = await programOf(() => ({ a: randn([5]), b: rand([2, 2]), c: randint(0, 1000, [3]), d: randperm(6) }));
    const whole = await run({ steps: 9 });
    const parts = [
      await run({ steps: 4 }),
      await run({ firstStep: 4, steps: 1 }),
      await run({ firstStep: 5, steps: 4 }),
    ];
    for (const name of ["a", "b", "c", "d"])
      expect(parts.flatMap((part) => Array.from(part[name] ?? []))).toEqual(Array.from(whole[name] ?? []));
    expect(new Set(whole.a).size).toBe(45);
  });

  test("both executors draw the same bits", async () => {
    const build = () => ({
      a: rand([1000]),
      b: randn([40, 50]),
      c: randint(-5, 1000, [300]),
      d: ones([7, 30]).apply(dropoutMask, [], { id: nextRandomId(), shape: [7, 30], p: 0.3 }),
    });
    const [onnx, wasm] = await Promise.all(
      executorNames.map(async (executor) => (await programOf(build, executor))({ seed: 5, firstStep: 1, steps: 3 })),
    );
    expect(wasm).toEqual(onnx);
  });

  test.each(executorNames)("these numbers, for ever, on %s", async (executor) => {
    const run = await programOf(() => ({ a: rand([3]), b: randn([3]), c: randint(0, 100, [3]) }), executor);
    const { a, b, c } = await run({ seed: 3, firstStep: 2 });
    expect(a).toEqual(Float32Array.of(0.3618711233139038, 0.6235787868499756, 0.7344198822975159));
    expect(b).toEqual(Float32Array.of(-1.6396948099136353, -0.20192813873291016, 0.6344391703605652));
    expect(c).toEqual(Float32Array.of(2, 39, 52));
  });

  test("two calls of one function draw differently; a gradient sees what forward drew", async () => {
    const weight = parameter(new Float32Array(64), [64]);
    const noise = () => randnLike(weight);
    const program = await compileTraining({
      fields,
      parameters: [weight],
      optimizer: SGD({ lr: 1 }),
      batchSize: 1,
      step() {
        const [one, other] = [noise(), noise()];
        return { loss: weight.mul(one).sum(), collected: { one, other } };
      },
    });
    const chunk = { rows: new Int32Array(2), batchSize: 1, lr: 1, generator: new Generator(1) };
    const { state, values } = await program.run(program.initialState, chunk);
    const { one = new Float32Array(), other = new Float32Array() } = values;
    expect(one).not.toEqual(other);
    expect(state.parameters[0]).toEqual(
      Float32Array.from({ length: 64 }, (_, at) => -Math.fround((one[at] ?? 0) + (one[at + 64] ?? 0))),
    );
    program.release();
  });

  test("a generator there is refused, as its numbers would stay the same", () => {
    const generator = new Generator(0);
    for (const attempt of [
      () => rand([2], { generator }),
      () => randn([2], { generator }),
      () => randint(0, 2, [2], { generator }),
      () => randperm(3, { generator }),
      () => bernoulli(zeros([2]), { generator }),
      () => multinomial(tensor([1, 2]), 1, { generator }),
      () => normal(0, 1, { shape: [2], generator }),
    ]) {
      expect(() => trace(attempt)).toThrow(TensorError);
      expect(() => trace(attempt)).toThrow(/all steps would have the same numbers.*draw before the step/);
      attempt();
    }
  });
});

describe("at once", () => {
  test("the default generator or the given one gives constants, which stay", async () => {
    manualSeed(4);
    const drawnNow = [
      rand([3]),
      randn([3]),
      randint(0, 9, [3]),
      randperm(5),
      bernoulli(tensor([0.5, 0.5])),
      multinomial(tensor([1, 2, 3]), 2),
      normal(tensor([1, 2]), 3),
    ];
    const first = (await evaluate(drawnNow)).map((values) => Array.from(values, Number));
    expect((await evaluate(drawnNow)).map((values) => Array.from(values, Number))).toEqual(first);
    manualSeed(4);
    expect(await rand([3]).toArray()).toEqual(first[0]);
    const generator = () => new Generator(4);
    expect(await randnLike(zeros([3]), { generator: generator() }).toArray()).toEqual(
      await randn([3], { generator: generator() }).toArray(),
    );
    expect(await randLike(zeros([3]), { generator: generator() }).toArray()).toEqual(
      await rand([3], { generator: generator() }).toArray(),
    );
  });

  test("normal scales and shifts, and broadcasts", async () => {
    const generator = () => ({ generator: new Generator(9) });
    const plain = await randn([2, 3], generator())
      .mul(tensor([[2], [4]]))
      .add(tensor([1, 2, 3]))
      .toArray();
    expect(await normal(tensor([1, 2, 3]), tensor([[2], [4]]), generator()).toArray()).toEqual(plain);
    expect(normal(0, 1, { shape: [4, 5] }).shape).toEqual([4, 5]);
    expect(() => normal(0, 1)).toThrow(/give the shape/);
    expect(() => normal(0, -1, { shape: [1] })).toThrow(/deviation is -1/);
  });

  test("what cannot be drawn is refused", () => {
    expect(() => bernoulli(tensor([1], { dtype: "int64" }))).toThrow(/bernoulli.*float32, not int64/);
    expect(() => multinomial(tensor([1, 2]), 3)).toThrow(/numSamples is 3.*the 2 categories/);
    expect(() => multinomial(tensor([1, 2]), 0, { replacement: true })).toThrow(/numSamples is 0/);
    expect(() => multinomial(zeros([2, 2, 2]), 1)).toThrow(/multinomial.*\[2, 2, 2\]/);
    for (const draw of [
      () => randint(3, 3, [1]),
      () => trace(() => randint(3, 3, [1])),
      () => trace(() => randint(0, 2 ** 32, [1])),
    ])
      expect(draw).toThrow(/needs whole numbers/);
  });
});
