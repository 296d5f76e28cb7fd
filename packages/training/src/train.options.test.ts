import {
  compileTraining,
  DataLoader,
  type Dataset,
  fromArray,
  Generator,
  type IterableDataset,
  metrics,
  nn,
  optim,
  type Sample,
  schedulers,
  type Tensor,
  TensorDataset,
} from "@ml-mosaic/tensor";
import { describe, expect, test } from "vitest";
import { type StoppingState, stopWithoutImprovement } from "./early-stopping.ts";
import { TrainingError } from "./errors.ts";
import { type EpochRecord, flatFigures } from "./history.ts";
import { type TrainOptions, type TrainResult, train } from "./train.ts";

const generator = new Generator(3);
const count = 26;
const features = Float32Array.from({ length: 2 * count }, (_, index) => Math.sin(index * 1.3));
const targets = Float32Array.from({ length: count }, (_, row) =>
  Number((features[2 * row] ?? 0) > 0.7 * (features[2 * row + 1] ?? 0)),
);
const dataset = new TensorDataset(fromArray(features, [count, 2]), fromArray(targets, [count, 1]));
const sampleOf = (row: number): Sample => [
  fromArray(features.slice(2 * row, 2 * row + 2), [2]),
  fromArray(targets.slice(row, row + 1), [1]),
];
const read: Dataset = { length: count, get: async (row) => sampleOf(row) };

class Net extends nn.Module {
  readonly first = new nn.Linear(2, 8);
  readonly dropout = new nn.Dropout(0.2);
  readonly output = new nn.Linear(8, 1);
  forward(x: Tensor): Tensor {
    return this.output.forward(this.dropout.forward(this.first.forward(x).tanh()));
  }
}

const newNet = () => new Net().initialize(generator.stream("initialization"));

/** Batches of 4, the last of 2: 7 in an epoch. */
function options(net: Net, more: Partial<TrainOptions> = {}): TrainOptions {
  return {
    model: {
      parameters: net.parameters(),
      forward: (x) => net.forward(x),
      train: (mode) => void net.train(mode),
    },
    loss: new nn.BCEWithLogitsLoss(),
    optimizer: optim.Adam({ lr: 0.05 }),
    trainLoader: new DataLoader(dataset, { batchSize: 4, shuffle: true }),
    evaluationLoader: new DataLoader(dataset, { batchSize: 5 }),
    epochs: 4,
    generator: generator.stream("training"),
    ...more,
  };
}

const figures = ({ history }: TrainResult) => history.map(({ seconds, ...figure }) => figure);

async function expectResumes(more: Partial<TrainOptions>): Promise<TrainResult> {
  const whole = await train(options(newNet(), more));
  const half = await train(options(newNet(), { ...more, epochs: 2 }));
  const resumeFrom = JSON.parse(JSON.stringify(half.state.scheduler));
  const rest = await train(options(newNet(), { ...more, resumeFrom: { ...half.state, scheduler: resumeFrom } }));
  expect(rest.state).toEqual(whole.state);
  expect([...figures(half), ...figures(rest)]).toEqual(figures(whole));
  return whole;
}

describe("a schedule by steps", () => {
  test("reaches every optimizer step, and resumes", async () => {
    const scheduler = schedulers.OneCycleLR({ maxLr: 0.1, epochs: 4, stepsPerEpoch: 7 });
    const { history, state } = await expectResumes({ scheduler });
    expect(state.scheduler).toEqual({ epoch: 28 });
    const rates = history.map(({ lr }) => lr);
    for (const [epoch, rate] of rates.entries()) expect(rate).toBe(scheduler.lr({ epoch: 7 * epoch }, 1));
  });

  test("does what a program does with its rates", async () => {
    const scheduler = schedulers.SequentialLR(
      [
        schedulers.perStep(schedulers.LinearLR({ startFactor: 0.1, totalIters: 5 })),
        schedulers.perStep(schedulers.ExponentialLR({ gamma: 0.8 })),
      ],
      { milestones: [5] },
    );
    const net = newNet();
    const given = options(net, {
      scheduler,
      loss: new nn.MSELoss(),
      optimizer: optim.SGD({ lr: 0.3 }),
      groups: [{ parameters: [net.output.weight], optimizer: optim.SGD({ lr: 0.1, momentum: 0.5 }) }],
      accumulate: 3,
      clipNorm: 0.3,
      clipValue: 0.2,
      trainLoader: new DataLoader(dataset, { batchSize: 2 }),
    });
    const { state } = await train(given);

    const other = newNet();
    const program = await compileTraining({
      fields: (await dataset.samples()).fields,
      parameters: other.parameters(),
      optimizer: given.optimizer,
      groups: [{ parameters: [other.output.weight], optimizer: optim.SGD({ lr: 0.1, momentum: 0.5 }) }],
      accumulate: 3,
      clipNorm: 0.3,
      clipValue: 0.2,
      batchSize: 2,
      step([x, y]) {
        if (x === undefined || y === undefined) throw new Error("two fields are needed");
        other.train(true);
        return { loss: given.loss.forward(other.forward(x), y) };
      },
    });
    // Four epochs of 13 batches are 17 optimizer steps, and a batch that waits for the next.
    const rows = Int32Array.from({ length: 4 * count }, (_, index) => index % count);
    const rate = (baseLr: number, step: number) => {
      let rateState = scheduler.start;
      for (let done = 0; done < step; done++) rateState = scheduler.next(rateState, 0);
      return scheduler.lr(rateState, baseLr);
    };
    const chunk = { rows, batchSize: 2, lr: rate, generator: generator.stream("training", "dropout") };
    expect(state.training).toEqual((await program.run(program.initialState, chunk)).state);
    expect(state.scheduler.done).toBe(17);
    program.release();
  });

  test("that ends before the training does is an error that says so", async () => {
    const scheduler = schedulers.OneCycleLR({ maxLr: 0.1, totalSteps: 20 });
    await expect(train(options(newNet(), { scheduler }))).rejects.toThrow(/step 21 comes after the 20 steps/);
  });
});

test("a schedule by epochs sets each group's rate from its own", async () => {
  const scheduler = schedulers.CosineAnnealingLR({ tMax: 4, etaMin: 0.01 });
  const net = newNet();
  const groups = [{ parameters: [net.output.bias ?? net.output.weight], optimizer: optim.SGD({ lr: 0.01 }) }];
  const { history } = await train(options(net, { scheduler, groups, optimizer: optim.SGD({ lr: 0.1 }) }));
  expect(history.map(({ lr }) => lr)).toEqual([0, 1, 2, 3].map((epoch) => scheduler.lr({ epoch }, 0.1)));
});

describe("averaged weights", () => {
  test("are what is evaluated and what the model holds; training goes on from the others", async () => {
    const net = newNet();
    const optimizer = optim.averaged(optim.Adam({ lr: 0.05 }), { decay: 0.9 });
    const result = await train(options(net, { optimizer }));
    const averages = optim.averagedState(result.state.training);
    expect(averages.parameters).not.toEqual(result.state.training.parameters);
    const joined = net.parameters().flatMap(({ value }) => Array.from(value, Number));
    expect(joined).toEqual(averages.parameters.flatMap((vector) => Array.from(vector)));
    const [x, y] = dataset.tensors;
    if (x === undefined || y === undefined) throw new Error("two tensors are needed");
    const loss = await new nn.BCEWithLogitsLoss().forward(net.forward(x), y).item();
    expect(result.history.at(-1)?.validLoss).toBeCloseTo(loss, 5);
    await expectResumes({ optimizer });
  });
});

describe("metrics", () => {
  test("are those of the evaluation's predictions, every epoch", async () => {
    const list: readonly metrics.Metric[] = [
      metrics.accuracy({ threshold: 0 }),
      metrics.rocAuc(),
      metrics.averagePrecision(),
      metrics.f1({ threshold: 0, average: "none" }),
      metrics.confusionMatrix({ threshold: 0 }),
    ];
    const net = newNet();
    const { history } = await train(options(net, { metrics: list }));
    const [x, y] = dataset.tensors;
    if (x === undefined || y === undefined) throw new Error("two tensors are needed");
    const found = history.at(-1)?.metrics ?? {};
    const named = list.map(async (metric) => [metric.name, await metrics.compute(metric, net.forward(x), y)] as const);
    expect(found).toEqual(flatFigures(Object.fromEntries(await Promise.all(named))));
    expect(Object.keys(found).slice(0, 5)).toEqual([
      "accuracy",
      "rocAuc",
      "averagePrecision",
      "f1PerClass_0",
      "f1PerClass_1",
    ]);
    expect(found.accuracy).toBeCloseTo((history.at(-1)?.validAccuracy ?? 0) / 100, 12);
    expect(history.every((record) => typeof record.metrics.rocAuc === "number")).toBe(true);
  });

  test("change nothing else, and there are none where none are asked for", async () => {
    const without = await train(options(newNet()));
    const list = [metrics.rocAuc()];
    const { state, history } = await train(options(newNet(), { metrics: list }));
    expect(state).toEqual(without.state);
    expect(without.history.every((record) => Object.keys(record.metrics).length === 0)).toBe(true);
    expect(history.map(({ validLoss }) => validLoss)).toEqual(without.history.map(({ validLoss }) => validLoss));
  });

  test("of the train set are the model's of the end of the epoch, and change nothing else", async () => {
    const list: readonly metrics.Metric[] = [metrics.rocAuc(), metrics.f1({ threshold: 0, average: "none" })];
    const net = newNet();
    const without = await train(options(newNet(), { metrics: list }));
    const { state, history } = await train(options(net, { metrics: list, trainMetrics: true }));
    expect(state).toEqual(without.state);
    expect(without.history.every(({ trainMetrics }) => trainMetrics === undefined)).toBe(true);
    expect(history.map(({ metrics: figures }) => figures)).toEqual(
      without.history.map(({ metrics: figures }) => figures),
    );
    const [x, y] = dataset.tensors;
    if (x === undefined || y === undefined) throw new Error("two tensors are needed");
    const named = list.map(async (metric) => [metric.name, await metrics.compute(metric, net.forward(x), y)] as const);
    expect(history.at(-1)?.trainMetrics).toEqual(flatFigures(Object.fromEntries(await Promise.all(named))));
  });

  test.each<[string, readonly metrics.Metric[], RegExp]>([
    ["of one name", [metrics.accuracy(), metrics.accuracy({ threshold: 0 })], /two metrics are called accuracy/],
    ["that do not fit the predictions", [metrics.topKAccuracy({ k: 3 })], /k is 3, but there are scores of 1 classes/],
  ])("%s are refused before the first epoch", async (_, list, message) => {
    const epochs: number[] = [];
    const given = options(newNet(), { metrics: list, onEpoch: ({ epoch }) => void epochs.push(epoch) });
    await expect(train(given)).rejects.toThrow(message);
    expect(epochs).toEqual([]);
  });
});

describe("samples that are not in memory", () => {
  const loaders = (source: Dataset) => ({
    trainLoader: new DataLoader(source, { batchSize: 4, shuffle: true }),
    evaluationLoader: new DataLoader(source, { batchSize: 5 }),
  });

  test("train with the same bits as those that are", async () => {
    const list = [metrics.rocAuc(), metrics.confusionMatrix({ threshold: 0 })];
    const expected = await train(options(newNet(), { metrics: list }));
    const found = await train(options(newNet(), { ...loaders(read), metrics: list }));
    expect(found.state).toEqual(expected.state);
    expect(figures(found)).toEqual(figures(expected));
    await expectResumes(loaders(read));
  });

  test("may come in an order of their own, drawn from the seed", async () => {
    const source: IterableDataset = {
      *iterate(order) {
        for (const row of order.permutation(count)) yield sampleOf(row);
      },
    };
    const given = {
      trainLoader: new DataLoader(source, { batchSize: 4 }),
      evaluationLoader: new DataLoader(source, { batchSize: 5 }),
    };
    const { state, history } = await expectResumes(given);
    const ordered = await train(options(newNet()));
    // The same generator gives the same order as a shuffling loader's.
    expect(state.training).toEqual(ordered.state.training);
    expect(history.at(-1)?.trainAccuracy).toBe(ordered.history.at(-1)?.trainAccuracy);
  });

  test.each<[string, Partial<TrainOptions>, RegExp]>([
    ["an empty one", { trainLoader: new DataLoader<IterableDataset>({ iterate: () => [] }) }, /train loader holds no/],
    ["an empty list", { trainLoader: new DataLoader<Dataset>({ length: 0, get: sampleOf }) }, /train loader holds no/],
    [
      "a stream shorter than the batch that is not dropped",
      {
        evaluationLoader: new DataLoader<IterableDataset>(
          { iterate: () => [sampleOf(0), sampleOf(1)] },
          { batchSize: 3, dropLast: true },
        ),
      },
      /evaluation loader gave no batch/,
    ],
    [
      "one field",
      { trainLoader: new DataLoader<Dataset>({ length: 3, get: (row) => sampleOf(row).slice(0, 1) }) },
      /train loader gives 1 tensor a sample/,
    ],
  ])("are refused: %s", async (_, change, message) => {
    await expect(train(options(newNet(), change))).rejects.toThrow(message);
    await expect(train(options(newNet(), change))).rejects.toThrow(TrainingError);
  });

  test("a sample that cannot be read ends the training with its own error", async () => {
    const broken: Dataset = {
      length: count,
      async get(row) {
        if (row === 20) throw new Error("disk on fire");
        return sampleOf(row);
      },
    };
    await expect(train(options(newNet(), loaders(broken)))).rejects.toThrow("disk on fire");
  });
});

describe("early stopping watches", () => {
  const list = [metrics.rocAuc(), metrics.f1({ threshold: 0, average: "none" }), metrics.meanAbsoluteError()];

  test.each([
    ["loss", (epoch: EpochRecord) => epoch.validLoss],
    ["train_loss", (epoch: EpochRecord) => epoch.trainLoss],
    ["valid_acc", (epoch: EpochRecord) => -(epoch.validAccuracy ?? Number.NaN)],
    ["rocAuc", (epoch: EpochRecord) => -(epoch.metrics.rocAuc ?? Number.NaN)],
    ["test_f1PerClass_1", (epoch: EpochRecord) => -(epoch.metrics.f1PerClass_1 ?? Number.NaN)],
    ["train_meanAbsoluteError", (epoch: EpochRecord) => epoch.trainMetrics?.meanAbsoluteError ?? Number.NaN],
  ])("%s, turned so that lower is better", async (monitor, expected) => {
    const seen: number[] = [];
    const earlyStopping = {
      start: {},
      next(state: StoppingState, value: number) {
        seen.push(value);
        return state;
      },
      stops: () => seen.length === 2,
    };
    const { history, stoppedEarly } = await train(
      options(newNet(), { metrics: list, trainMetrics: true, earlyStopping, monitor }),
    );
    expect(stoppedEarly).toBe(true);
    expect(seen).toEqual(history.map(expected));
    expect(seen).not.toContain(Number.NaN);
  });

  test.each(["f2", "train_rocAuc", "epoch"])("nothing called %s, and says so before training", async (monitor) => {
    const epochs: number[] = [];
    const onEpoch = ({ epoch }: EpochRecord) => void epochs.push(epoch);
    const earlyStopping = stopWithoutImprovement();
    await expect(train(options(newNet(), { metrics: list, earlyStopping, monitor, onEpoch }))).rejects.toThrow(
      `early stopping watches "${monitor}" (its option monitor), which no epoch has. There are: loss, acc, rocAuc`,
    );
    expect(epochs).toEqual([]);
  });
});
