import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bitsOf, relativeDistance } from "../../test/states.ts";
import { TensorError } from "../errors.ts";
import { MSELoss } from "../losses/regression.ts";
import { Linear } from "../nn/linear.ts";
import { averaged, averagedState } from "../optim/averaged.ts";
import * as optim from "../optim/index.ts";
import { Generator } from "../random/generator.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { type Parameter, parameter } from "../variable.ts";
import { type ExecutorName, executorNames } from "./executor.ts";
import type { TrainingState } from "./layout.ts";
import { compileTraining, type SinglePhaseOptions, type TrainingProgram } from "./training-program.ts";
import type { LearningRate, UpdateOptions } from "./update.ts";

const optimizers = { SGD: optim.SGD, Adam: optim.Adam, AdamW: optim.AdamW, RMSprop: optim.RMSprop };

interface Spec {
  readonly optimizer: keyof typeof optimizers;
  readonly options: Readonly<Record<string, number>>;
}

/** After some minibatches, the parameters' elements: of the large ones every 1601st. */
type Recorded = Readonly<Record<string, readonly (readonly number[])[]>>;

interface FixtureCase {
  readonly name: string;
  readonly main: Spec;
  readonly groups?: readonly (Spec & { readonly parameters: readonly number[] })[];
  readonly frozen?: readonly number[];
  readonly update?: UpdateOptions;
  readonly decay?: number;
  readonly rates: "constant" | "chunks" | "steps";
  readonly losses: readonly number[];
  readonly recorded: Recorded;
  readonly averages?: Recorded;
}

/** Written by fixtures/updates.py with PyTorch in float64. */
const cases: readonly FixtureCase[] = JSON.parse(
  readFileSync(new URL("../../fixtures/updates.json", import.meta.url), "utf8"),
);

const [samples, batchSize, minibatches] = [12, 4, 31];
const generator = new Generator(0);

/** As the fixture's script computes it: every number is exact in float32. */
function spread(count: number, seed: number, scale: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, index) => (((((index + 1) * 7919 + seed * 104729) % 2048) - 1024) / 1024) * scale,
  );
}

const shapes: readonly Shape[] = [[5, 3], [5], [2, 5], [2], [96, 100], [96]];
const fields = [
  { data: spread(samples * 3, 1, 2), shape: [samples, 3], dtype: "float32" as const },
  { data: spread(samples * 2, 2, 1), shape: [samples, 2], dtype: "float32" as const },
  { data: spread(samples * 100, 3, 0.25), shape: [samples, 100], dtype: "float32" as const },
];

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

const newParameters = () => shapes.map((shape, index) => parameter(spread(sizeOf(shape), 10 + index, 0.5), shape));

function step(parameters: readonly Parameter[]): SinglePhaseOptions["step"] {
  return (batch) => {
    const [x, t, z] = [at(batch, 0), at(batch, 1), at(batch, 2)];
    const [w1, b1, w2, b2, e, b] = [0, 1, 2, 3, 4, 5].map((index) => at(parameters, index));
    if (w1 === undefined || w2 === undefined || e === undefined) throw new Error("six parameters are needed");
    const small = x.linear(w1, b1).tanh().linear(w2, b2);
    const y = small.add(z.linear(e, b).tanh().mean(1, true));
    return { loss: y.sub(t).pow(2).mean() };
  };
}

async function compile(
  { main, groups = [], frozen = [], update, decay }: Omit<FixtureCase, "losses">,
  executor: ExecutorName,
) {
  const parameters = newParameters();
  for (const index of frozen) at(parameters, index).requiresGrad = false;
  const build = ({ optimizer, options }: Spec) => {
    const made = optimizers[optimizer](options);
    return decay === undefined ? made : averaged(made, { decay });
  };
  const program = await compileTraining({
    fields,
    parameters,
    optimizer: build(main),
    groups: groups.map((group) => ({
      parameters: group.parameters.map((index) => at(parameters, index)),
      optimizer: build(group),
    })),
    batchSize,
    executor,
    step: step(parameters),
    ...update,
  });
  return { program, parameters };
}

/** Minibatches [from, to) of the run. */
const rows = (from: number, to: number) =>
  Int32Array.from({ length: (to - from) * batchSize }, (_, index) => ((from * batchSize + index) * 5) % samples);

/** @param lr for a chunk that starts at this minibatch */
async function train(
  program: TrainingProgram,
  ends: readonly number[],
  lr: (minibatch: number) => number | LearningRate,
) {
  let state = program.initialState;
  const losses: number[] = [];
  const states = new Map<number, TrainingState>();
  for (const end of ends) {
    const chunk = { rows: rows(state.step, end), batchSize, lr: lr(state.step), generator };
    const result = await program.run(state, chunk);
    state = result.state;
    losses.push(...(result.values.loss ?? []));
    states.set(state.step, state);
  }
  return { state, losses, states };
}

function expectRecorded(
  program: TrainingProgram,
  parameters: readonly Parameter[],
  stateAfter: (minibatch: number) => TrainingState,
  recorded: Recorded,
): void {
  for (const [minibatch, expected] of Object.entries(recorded)) {
    program.store(stateAfter(Number(minibatch)));
    for (const [index, { value }] of parameters.entries()) {
      const stride = value.length > 100 ? 1601 : 1;
      const found = Array.from(value, Number).filter((_, element) => element % stride === 0);
      expect(relativeDistance(found, at(expected, index)), `parameter ${index} after ${minibatch}`).toBeLessThan(1e-5);
    }
  }
}

describe.each(executorNames)("as PyTorch, in chunks of any size, on %s", (executor) => {
  test.each(cases.map((each) => [each.name, each] as const))("%s", async (_, each) => {
    const { program, parameters } = await compile(each, executor);
    const mainLr = at([each.main.options.lr], 0) ?? Number.NaN;
    const rates = {
      constant: () => mainLr,
      chunks: (minibatch: number) => (minibatch < 10 ? mainLr : 0.25 * mainLr),
      steps: () => (baseLr: number, step: number) => (baseLr * (1 + (step % 3))) / 3,
    }[each.rates];
    const run = await train(program, [1, 3, 10, 31], rates);
    expect(relativeDistance(run.losses, each.losses), "losses").toBeLessThan(1e-5);
    const stateAfter = (minibatch: number) => run.states.get(minibatch) ?? program.initialState;
    expectRecorded(program, parameters, stateAfter, each.recorded);
    if (each.averages !== undefined)
      expectRecorded(program, parameters, (minibatch) => averagedState(stateAfter(minibatch)), each.averages);

    const fine = await train(program, [1, 2, 4, 5, 9, 10, 17, 30, 31], rates);
    expect(bitsOf(fine.state)).toBe(bitsOf(run.state));
    expect(fine.losses).toEqual(run.losses);
    // The state is plain data: a copy goes on with the same bits.
    const middle = structuredClone(stateAfter(10));
    const rest = await program.run(middle, { rows: rows(10, minibatches), batchSize, lr: rates(10), generator });
    expect(bitsOf(rest.state)).toBe(bitsOf(run.state));
    program.release();
  });
});

test("the average of a run that has not stepped yet is its parameters", async () => {
  const given = {
    name: "",
    main: { optimizer: "SGD", options: { lr: 0.1 } },
    rates: "constant",
    recorded: {},
  } as const;
  const { program } = await compile({ ...given, decay: 0.9, update: { accumulate: 3 } }, "onnx");
  expect(averagedState(program.initialState).parameters).toEqual(program.initialState.parameters);
  const { state } = await train(program, [2], () => 0.1);
  expect(averagedState(state).parameters).toEqual(program.initialState.parameters);
  program.release();
});

describe("what is remembered", () => {
  const linear = new Linear(2, 1).initialize(generator);
  const data = [
    { data: spread(8, 1, 1), shape: [4, 2], dtype: "float32" as const },
    { data: spread(4, 2, 1), shape: [4, 1], dtype: "float32" as const },
  ];
  const options: SinglePhaseOptions = {
    fields: data,
    parameters: linear.parameters(),
    optimizer: optim.SGD({ lr: 0.1 }),
    batchSize: 2,
    step: (batch) => ({ loss: new MSELoss().forward(linear.forward(at(batch, 0)), at(batch, 1)) }),
  };
  const chunk = (...chosen: number[]) => ({ rows: Int32Array.from(chosen), batchSize: 2, lr: 0.1, generator });

  test("a step without options remembers nothing", async () => {
    const program = await compileTraining(options);
    expect(program.initialState.slots).toEqual([{}]);
    program.release();
  });

  test("two minibatches accumulated are one of both", async () => {
    const apart = await compileTraining({ ...options, accumulate: 2 });
    const whole = await compileTraining({ ...options, batchSize: 4 });
    const { state } = await apart.run(apart.initialState, chunk(0, 1, 2, 3));
    const { state: wanted } = await whole.run(whole.initialState, { ...chunk(0, 1, 2, 3), batchSize: 4 });
    for (const [index, value] of (wanted.parameters[0] ?? []).entries())
      expect(state.parameters[0]?.[index]).toBeCloseTo(value, 6);
    expect(state.slots[0]?.accumulated).toEqual(new Float32Array(3));
    apart.release();
    whole.release();
  });

  test("a group may name parameters that the list lacks, and may be the same optimizer", async () => {
    const [weight, bias] = linear.parameters();
    if (weight === undefined || bias === undefined) throw new Error("a Linear has two parameters");
    const { optimizer } = options;
    const program = await compileTraining({
      ...options,
      parameters: [weight],
      groups: [{ parameters: [bias], optimizer }],
    });
    expect(program.layout.segments.map(({ parameters }) => parameters)).toEqual([[weight], [bias]]);
    const plain = await compileTraining(options);
    const [grouped, joined] = await Promise.all(
      [program, plain].map(async (each) => (await each.run(each.initialState, chunk(0, 1, 2, 3))).state),
    );
    expect(grouped?.parameters.flatMap((vector) => Array.from(vector))).toEqual(
      Array.from(joined?.parameters[0] ?? []),
    );
    program.release();
    plain.release();
  });

  test("gradients of zero are not divided by their norm", async () => {
    const program = await compileTraining({
      ...options,
      clipNorm: 1,
      step: (batch) => ({ loss: linear.forward(at(batch, 0)).mul(0).sum() }),
    });
    const { state } = await program.run(program.initialState, chunk(0, 1));
    expect(state.parameters).toEqual(program.initialState.parameters);
    program.release();
  });

  test.each<[string, Partial<SinglePhaseOptions>, RegExp]>([
    ["accumulate 0", { accumulate: 0 }, /accumulate is 0; it must be a whole number above 0/],
    ["accumulate 1.5", { accumulate: 1.5 }, /accumulate is 1.5/],
    ["clipNorm 0", { clipNorm: 0 }, /clipNorm is 0; it must be above 0/],
    ["clipNorm NaN", { clipNorm: Number.NaN }, /clipNorm is NaN/],
    ["clipValue -1", { clipValue: -1 }, /clipValue is -1; it must be above 0/],
    [
      "a parameter in two groups",
      {
        groups: [
          { parameters: linear.parameters(), optimizer: optim.SGD() },
          { parameters: linear.parameters().slice(1), optimizer: optim.Adam() },
        ],
      },
      /1 parameter stands in two groups/,
    ],
  ])("%s is refused", async (_, change, message) => {
    await expect(compileTraining({ ...options, ...change })).rejects.toThrow(message);
    await expect(compileTraining({ ...options, ...change })).rejects.toThrow(TensorError);
  });

  test.each([-0.1, 1, Number.NaN])("a decay of %f is refused", (decay) => {
    expect(() => averaged(optim.SGD(), { decay })).toThrow(/averaged: decay is/);
  });
});
