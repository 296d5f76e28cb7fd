/**
 * Training and evaluation on WebGPU against the processor, which other tests hold to PyTorch. A software driver will do:
 * VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json, of Debian's chromium-common.
 */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { relativeDistance } from "../../test/states.ts";
import { zeros } from "../creation.ts";
import { TensorDataset } from "../data/dataset.ts";
import { TensorError } from "../errors.ts";
import { cat } from "../methods/movement.ts";
import { accuracy, f1, MetricTotals, meanAbsoluteError, metricStep } from "../metrics/index.ts";
import type { Metric } from "../metrics/metric.ts";
import * as nn from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { rand, randint, randn } from "../random/draws.ts";
import { Generator } from "../random/generator.ts";
import { checkDevice } from "../runtime/check-device.ts";
import type { Device } from "../runtime/device.ts";
import type { Tensor } from "../tensor.ts";
import { compileEvaluation } from "./evaluation-program.ts";
import { compileInference } from "./inference-program.ts";
import type { TrainingState } from "./layout.ts";
import type { SampleArray } from "./samples.ts";
import { compileTraining } from "./training-program.ts";
import type { UpdateOptions } from "./update.ts";

const missing = await checkDevice("webgpu").then(
  () => undefined,
  (error: unknown) => error,
);

test("webgpu computes, or its error says what is missing", () => {
  if (process.env.REQUIRE_ALL === "1") expect(missing).toBeUndefined();
  if (missing === undefined) return;
  expect(missing).toBeInstanceOf(TensorError);
  expect(missing).toMatchObject({ message: expect.stringMatching(/the device webgpu cannot be used: .*driver/s) });
});

class Convolutional extends nn.Module {
  readonly layers = new nn.Sequential(
    new nn.Conv2d(2, 6, 3, { padding: 1 }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    // Channels of which ONNX Runtime's kernels for channels last make wrong numbers.
    new nn.Conv2d(6, 8, 3, { padding: 1 }),
    new nn.GELU(),
    new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    new nn.Dropout2d(0.2),
    new nn.Conv2d(8, 16, 3, { groups: 8, padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(16 * 4, 3),
  );
  forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}

class UNetBlock extends nn.Module {
  readonly down = new nn.Conv2d(1, 4, 3, { padding: 1 });
  readonly bottom = new nn.Sequential(
    new nn.Conv2d(4, 8, 3, { stride: 2, padding: 1 }),
    new nn.GroupNorm(2, 8),
    new nn.SiLU(),
  );
  readonly up = new nn.ConvTranspose2d(8, 4, 2, { stride: 2 });
  readonly wide = new nn.ConvTranspose2d(8, 4, 3, { stride: 2, padding: 1, outputPadding: 1 });
  readonly head = new nn.Sequential(new nn.ReflectionPad2d([0, 1, 1, 0]), new nn.Conv2d(12, 1, 2));
  forward(x: Tensor): Tensor {
    const skip = this.down.forward(x).relu();
    const below = this.bottom.forward(skip);
    return this.head.forward(cat([skip, this.up.forward(below), this.wide.forward(below)], 1));
  }
}

class Recurrent extends nn.Module {
  readonly lstm = new nn.LSTM(3, 5, { batchFirst: true, bidirectional: true });
  readonly gru = new nn.GRU(10, 4, { batchFirst: true });
  readonly head = new nn.Linear(4, 1);
  forward(x: Tensor): Tensor {
    return this.head.forward(this.gru.forward(this.lstm.forward(x).output).output);
  }
}

class Words extends nn.Module {
  readonly embedding = new nn.Embedding(11, 8);
  readonly encoder = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0.1, batchFirst: true });
  readonly head = new nn.Linear(8, 2);
  forward(words: Tensor): Tensor {
    return this.head.forward(this.encoder.forward(this.embedding.forward(words)).mean(1));
  }
}

interface Case extends UpdateOptions {
  readonly name: string;
  readonly model: () => nn.Layer;
  readonly input: Tensor;
  readonly target: Tensor;
  readonly loss: nn.Loss;
  readonly optimizer: Optimizer;
  readonly metrics: readonly Metric[];
}

const generator = new Generator(5);
const samples = 12;
const random = (...shape: readonly number[]) => randn([samples, ...shape], { generator });
const labels = (classes: number) => randint(0, classes, [samples], { generator });

const cases: readonly Case[] = [
  {
    name: "an MLP with dropout, normalisation and clipped gradients",
    model: () =>
      new nn.Sequential(
        new nn.Linear(6, 100),
        new nn.LayerNorm(100),
        new nn.Dropout(0.3),
        new nn.PReLU(),
        new nn.Linear(100, 100),
        new nn.Tanh(),
        new nn.Linear(100, 2),
      ),
    input: random(6),
    target: random(2),
    loss: new nn.SmoothL1Loss(),
    optimizer: optim.AdamW({ lr: 0.01 }),
    metrics: [meanAbsoluteError()],
    clipNorm: 0.5,
  },
  {
    name: "a CNN with batch norm, grouped convolution and pooling",
    model: () => new Convolutional(),
    input: random(2, 8, 8),
    target: labels(3),
    loss: new nn.CrossEntropyLoss(),
    optimizer: optim.SGD({ lr: 0.05, momentum: 0.9 }),
    metrics: [accuracy(), f1({ average: "macro" })],
  },
  {
    name: "a U-Net's block, gradients accumulated",
    model: () => new UNetBlock(),
    input: random(1, 8, 8),
    target: random(1, 8, 8).gt(0).float(),
    loss: new nn.BCEWithLogitsLoss(),
    optimizer: optim.Adam({ lr: 0.01 }),
    metrics: [],
    accumulate: 2,
  },
  {
    name: "an LSTM and a GRU",
    model: () => new Recurrent(),
    input: random(5, 3),
    target: random(5, 1),
    loss: new nn.MSELoss(),
    optimizer: optim.RMSprop({ lr: 0.01 }),
    metrics: [],
  },
  {
    name: "a transformer on embedded words",
    model: () => new Words(),
    input: randint(0, 11, [samples, 6], { generator }),
    target: labels(2),
    loss: new nn.CrossEntropyLoss(),
    // Others divide gradients by their size: those of the keys' bias are 0 but for rounding.
    optimizer: optim.averaged(optim.SGD({ lr: 0.1 }), { decay: 0.9 }),
    metrics: [accuracy()],
  },
];

async function programsOf({ model: make, loss, optimizer, input, target, ...options }: Case, device: Device) {
  const model = make();
  model.initialize(new Generator(1));
  const { fields } = await new TensorDataset(input, target).samples();
  const step = (mode: boolean) => (batch: readonly Tensor[]) => {
    const [x = input, y = target] = batch;
    model.train(mode);
    const prediction = model.forward(x);
    const value = loss.forward(prediction, y);
    return { loss: value, collected: mode ? {} : metricStep(options.metrics, prediction, y) };
  };
  const common = { fields: fields as readonly SampleArray[], batchSize: 4, device };
  const training = await compileTraining({
    ...common,
    ...options,
    parameters: model.parameters(),
    optimizer,
    step: step(true),
  });
  const evaluation = compileEvaluation({ ...common, layout: training.layout, step: step(false) });
  const release = () => {
    training.release();
    evaluation.release();
  };
  return { training, evaluation, lr: optimizer.lr, release };
}

type Programs = Awaited<ReturnType<typeof programsOf>>;

/** By case and device: a software driver takes seconds for what a program consists of. */
const compiled = new Map<string, Promise<Programs>>();

function compiledOnce(each: Case, device: Device): Promise<Programs> {
  const key = `${each.name} ${device}`;
  const programs = compiled.get(key) ?? programsOf(each, device);
  compiled.set(key, programs);
  return programs;
}

afterAll(async () => {
  for (const programs of compiled.values()) (await programs).release();
});

/** Steps 0 to 20 in calls of several lengths and sizes of batch, and what is evaluated then. */
async function follow({ training, evaluation, lr }: Programs, metrics: readonly Metric[]) {
  let state = training.initialState;
  const losses: number[] = [];
  for (const [steps, batchSize] of [
    [9, 4],
    [1, 4],
    [2, 3],
    [8, 4],
  ] as const) {
    const rows = Int32Array.from({ length: steps * batchSize }, (_, index) => (7 * index + state.step) % samples);
    const result = await training.run(state, { rows, batchSize, lr, generator: new Generator(2), donate: steps === 8 });
    state = result.state;
    losses.push(...(result.values.loss ?? []));
  }
  const totals = new MetricTotals(metrics);
  const rows = Int32Array.from({ length: samples }, (_, index) => index);
  const values = await evaluation.run(state, { rows, batchSize: 4, generator });
  totals.add(values, 3);
  return { state, losses, evaluated: Array.from(values.loss ?? []), figures: totals.results() };
}

const arraysOf = ({ parameters, slots, buffers }: TrainingState) =>
  [...parameters, ...slots.flatMap((vectors) => Object.values(vectors)), ...buffers].map((array) =>
    Array.from(array, Number),
  );

describe("on webgpu", () => {
  beforeEach((context) => {
    if (missing !== undefined && process.env.REQUIRE_ALL !== "1") context.skip(String(missing));
  });

  test.each(cases.map((each) => [each.name, each] as const))(
    "%s trains and evaluates as on the processor",
    async (_, each) => {
      const [one, other] = [await compiledOnce(each, "cpu"), await compiledOnce(each, "webgpu")];
      const [expected, actual] = [await follow(one, each.metrics), await follow(other, each.metrics)];
      expect(actual.losses).toHaveLength(20);
      expect(relativeDistance(actual.losses, expected.losses, 1e-3), "losses").toBeLessThan(1e-3);
      expect(relativeDistance(actual.evaluated, expected.evaluated, 1e-3), "evaluated losses").toBeLessThan(1e-3);
      expect(actual.state.step).toBe(20);
      for (const [index, array] of arraysOf(expected.state).entries())
        expect(relativeDistance(arraysOf(actual.state)[index] ?? [], array, 1e-3), `array ${index}`).toBeLessThan(5e-3);
      for (const [name, figure] of Object.entries(expected.figures))
        expect(
          relativeDistance([actual.figures[name]].flat(2).map(Number), [figure].flat(2).map(Number), 1e-3),
          name,
        ).toBeLessThan(1e-3);
    },
    300_000,
  );

  test.each(cases.map((each) => [each.name, each] as const))(
    "%s: its inference program computes as on the processor, for batches of any size",
    async (_, { model: make, input }) => {
      const model = make();
      model.initialize(new Generator(1));
      model.eval();
      const sample = input.shape.slice(1);
      const [one, other] = await Promise.all(
        (["cpu", "webgpu"] as const).map((device) =>
          compileInference({
            inputs: { x: { shape: [1, ...sample], dtype: input.dtype } },
            build: (inputs) => ({ y: model.forward(inputs("x")) }),
            device,
          }),
        ),
      );
      for (const batch of [1, 5]) {
        const x = { data: await input.slice(0, 0, batch).data(), shape: [batch, ...sample], dtype: input.dtype };
        const [expected, actual] = [await one?.run({ x }), await other?.run({ x })];
        expect(expected?.y?.length).toBeGreaterThan(0);
        expect(
          relativeDistance(Array.from(actual?.y ?? [], Number), Array.from(expected?.y ?? [], Number), 1e-3),
        ).toBeLessThan(1e-4);
      }
      one?.release();
      other?.release();
    },
    300_000,
  );

  test("random numbers are the processor's, to the bit", async () => {
    const drawnOn = async (device: Device) => {
      const program = compileEvaluation({
        fields: [{ data: new Float32Array(1), shape: [1], dtype: "float32" }],
        layout: { segments: [], buffers: [] },
        device,
        step: () => ({
          loss: zeros([]),
          collected: { uniform: rand([1000]), normal: randn([100, 10]), whole: randint(-5, 2 ** 20, [1000]) },
        }),
      });
      const state = { step: 0, parameters: [], slots: [], buffers: [] };
      const values = await program.run(state, { rows: new Int32Array(9), batchSize: 1, generator: new Generator(1) });
      program.release();
      return values;
    };
    expect(await drawnOn("webgpu")).toEqual(await drawnOn("cpu"));
  });

  test("a state moves between devices, and a program may run again and again", async () => {
    const [each] = cases;
    if (each === undefined) throw new Error("there are cases");
    const [cpu, gpu] = [await compiledOnce(each, "cpu"), await compiledOnce(each, "webgpu")];
    const rows = Int32Array.from({ length: 12 }, (_, index) => index);
    const chunk = { rows, batchSize: 4, lr: 0.01, generator: new Generator(2) };
    let [mixed, plain] = [gpu.training.initialState, cpu.training.initialState];
    for (let call = 0; call < 6; call++) {
      ({ state: plain } = await cpu.training.run(plain, chunk));
      ({ state: mixed } = await (call % 3 === 2 ? cpu : gpu).training.run(mixed, chunk));
    }
    for (const [index, array] of arraysOf(plain).entries())
      expect(relativeDistance(arraysOf(mixed)[index] ?? [], array, 1e-3), `array ${index}`).toBeLessThan(1e-3);
  });

  test("what has no elements is refused, instead of ending the process", async () => {
    const compile = (build: (x: Tensor) => Tensor) => {
      const weight = new nn.Linear(2, 1);
      return compileTraining({
        fields: [{ shape: [4, 2], dtype: "float32" }],
        parameters: weight.parameters(),
        optimizer: optim.SGD(),
        batchSize: 2,
        device: "webgpu",
        step: ([x = zeros([2, 2])]) => ({ loss: weight.forward(x).mean().add(build(x)) }),
      });
    };
    await expect(compile((x) => x.slice(0, 0, 0).mean())).rejects.toThrow(/mean: .*\[0, 2\] has no elements/);
    const program = await compile((x) =>
      x
        .slice(0, 0, 0)
        .sum()
        .add(cat([x, x.slice(0, 0, 0)], 0).sum()),
    );
    program.release();
  });
});
