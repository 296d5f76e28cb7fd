/** The rules of training are the same in both languages: twins of one model, and metrics of the same predictions. */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  cat,
  DataLoader,
  Generator,
  metrics,
  nn,
  optim,
  randn,
  schedulers,
  type Tensor,
  TensorDataset,
} from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { stopWithoutImprovement, type TrainOptions, train } from "@ml-mosaic/training";
import { expect, test } from "vitest";
import { environment, isSkipped, problem, python } from "./python.ts";

const folder = temporaryFolder();
const classes = join(import.meta.dirname, "python", "classes", "twins.py");
const generator = new Generator(11);
const epochs = 50;

class Net extends nn.Module {
  readonly first = new nn.Linear(3, 6);
  readonly output: nn.Linear;
  constructor(outputs: number) {
    super();
    this.output = new nn.Linear(6, outputs);
  }
  forward(x: Tensor): Tensor {
    return this.output.forward(this.first.forward(x).tanh());
  }
}

interface Twin {
  readonly outputs: number;
  readonly targets: (x: Tensor) => Tensor;
  readonly options: Pick<TrainOptions, "loss" | "optimizer"> & Partial<TrainOptions>;
  /** The same in Python's order. */
  readonly training: Readonly<Record<string, unknown>>;
}

const twins: readonly Twin[] = [
  {
    outputs: 1,
    targets: (x) => x.sum(1, true).gt(0).float(),
    options: {
      loss: new nn.BCEWithLogitsLoss(),
      optimizer: optim.Adam({ lr: 0.05 }),
      scheduler: schedulers.ReduceLROnPlateau({ patience: 0, threshold: 0.2, factor: 0.5 }),
      metrics: [metrics.f1({ threshold: 0 })],
    },
    training: {
      lr: 0.05,
      optimizer: { class: "Adam", options: { lr: 0.05 } },
      loss: { class: "BCEWithLogitsLoss", options: {} },
      scheduler: { class: "ReduceLROnPlateau", options: { patience: 0, threshold: 0.2, factor: 0.5 } },
      metrics: [{ name: "F1", options: { average: "binary", threshold: 0 } }],
    },
  },
  {
    outputs: 3,
    targets: (x) =>
      x
        .slice(1, 0, 1)
        .gt(0)
        .float()
        .add(x.slice(1, 1, 2).gt(0).float())
        .reshape([-1])
        .to("int64"),
    options: {
      loss: new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }),
      optimizer: optim.averaged(optim.SGD({ lr: 0.1, momentum: 0.9 }), { decay: 0.8 }),
      scheduler: schedulers.perStep(schedulers.StepLR({ stepSize: 60, gamma: 0.5 })),
      accumulate: 2,
      clipNorm: 0.5,
      clipValue: 0.2,
    },
    training: {
      lr: 0.1,
      optimizer: { class: "SGD", options: { lr: 0.1, momentum: 0.9 } },
      loss: { class: "CrossEntropyLoss", options: { label_smoothing: 0.1 } },
      scheduler: { class: "StepLR", options: { step_size: 60, gamma: 0.5, every: "step" } },
      accumulate: 2,
      averaging: 0.8,
      clipNorm: 0.5,
      clipValue: 0.2,
    },
  },
  {
    outputs: 1,
    targets: (x) => x.sum(1, true).tanh(),
    options: {
      loss: new nn.HuberLoss({ delta: 0.3 }),
      optimizer: optim.RMSprop({ lr: 0.02 }),
      earlyStopping: stopWithoutImprovement({ patience: 1, minDelta: 1e-3 }),
    },
    training: {
      lr: 0.02,
      optimizer: { class: "RMSprop", options: { lr: 0.02 } },
      loss: { class: "HuberLoss", options: { delta: 0.3 } },
      earlyStopping: { patience: 1, minDelta: 1e-3 },
    },
  },
];

test.skipIf(isSkipped)("twins have the same losses", async () => {
  expect(problem).toBeUndefined();
  const x = randn([22, 3], { generator: generator.stream("data") });
  const orders: unknown[] = [];
  const expected: Awaited<ReturnType<typeof train>>[] = [];
  for (const [index, { outputs, targets, options, training }] of twins.entries()) {
    const net = new Net(outputs).initialize(generator.stream("initialization", index));
    const source = join(folder, `twin-${index}.json`);
    const weights = Object.fromEntries(
      Array.from(net.namedVariables(), ([name, { value }]) => [name, Array.from(value, Number)]),
    );
    const given = { inputs: Array.from(await x.data(), Number), targets: Array.from(await targets(x).data(), Number) };
    writeFileSync(source, JSON.stringify({ ...given, classes: outputs > 1, weights }));
    const samples = new TensorDataset(x, targets(x));
    expected.push(
      await train({
        model: {
          parameters: net.parameters(),
          forward: (features) => net.forward(features),
          train: (mode) => void net.train(mode),
        },
        trainLoader: new DataLoader(samples, { batchSize: 5 }),
        evaluationLoader: new DataLoader(samples, { batchSize: 8 }),
        epochs,
        generator: generator.stream("training"),
        trainMetrics: true,
        ...options,
      }),
    );
    const modules = ["Given", "Net"].map((name) => ({ class: name, path: classes, options: { source } }));
    orders.push({ runId: index, modules, training: { epochs, ...training } });
  }
  mkdirSync(join(folder, "orders"));
  writeFileSync(join(folder, "orders", "order.json"), JSON.stringify(orders));
  const { stdout } = await promisify(execFile)(
    python,
    ["-m", "mosaic_worker.driver", join(folder, "orders", "order.json")],
    {
      env: environment,
    },
  );
  const messages = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const [index, { history }] of expected.entries()) {
    const records = messages.filter(({ token }) => token === index + 1).flatMap(({ records: some = [] }) => some);
    expect([index, records.length]).toEqual([index, history.length]);
    for (const [epoch, record] of records.entries()) {
      const {
        lr,
        trainLoss,
        validLoss,
        trainAccuracy,
        validAccuracy,
        metrics: figures,
        trainMetrics,
      } = history[epoch] ?? {};
      expect(record).toEqual({
        epoch: epoch + 1,
        seconds: expect.any(Number),
        lr: expect.closeTo(lr ?? Number.NaN, 10),
        trainLoss: expect.closeTo(trainLoss ?? Number.NaN, 4),
        validLoss: expect.closeTo(validLoss ?? Number.NaN, 4),
        metrics: figures,
        ...(trainMetrics === undefined ? {} : { trainMetrics }),
        ...(trainAccuracy === undefined ? {} : { trainAccuracy: expect.closeTo(trainAccuracy, 6) }),
        ...(validAccuracy === undefined ? {} : { validAccuracy: expect.closeTo(validAccuracy, 6) }),
      });
    }
  }
  expect(expected.map(({ stoppedEarly }) => stoppedEarly)).toEqual([false, false, true]);
});

test.skipIf(isSkipped)("metrics of the same predictions are equal", async () => {
  expect(problem).toBeUndefined();
  const draw = (shape: readonly number[], stream: string) => randn(shape, { generator: generator.stream(stream) });
  const binary = [7, 7, 4].map((size, batch) => ({
    prediction: draw([size, 1], `scores ${batch}`).sigmoid(),
    target: draw([size, 1], `targets ${batch}`).gt(0).float(),
  }));
  const several = [7, 7, 4].map((size, batch) => ({
    prediction: draw([size, 4], `scores of classes ${batch}`),
    target: draw([size], `classes ${batch}`).abs().mul(1.7).clamp({ max: 3 }).floor().to("int64"),
  }));
  const regression = [7, 7, 4].map((size, batch) => {
    const target = draw([size, 2], `values ${batch}`).add(10);
    return { prediction: target.add(draw([size, 2], `errors ${batch}`).mul(0.3)), target };
  });
  const averages = ["binary", "macro", "micro", "none"] as const;
  const rates = { Precision: metrics.precision, Recall: metrics.recall, F1: metrics.f1 };
  const rated = (wanted: readonly (typeof averages)[number][]) =>
    Object.entries(rates).flatMap(([name, rate]) =>
      wanted.map((average) => ({
        name,
        options: { average, threshold: 0.4 },
        metric: average === "none" ? rate({ average, threshold: 0.4 }) : rate({ average, threshold: 0.4 }),
      })),
    );
  const ranked = [
    { name: "RocAuc", options: {}, metric: metrics.rocAuc() },
    { name: "AveragePrecision", options: {}, metric: metrics.averagePrecision() },
  ];
  const cases = [
    {
      batches: binary,
      wanted: [
        { name: "Accuracy", options: { threshold: 0.4 }, metric: metrics.accuracy({ threshold: 0.4 }) },
        { name: "confusion_matrix", options: {}, metric: metrics.confusionMatrix() },
        ...rated(averages),
        ...ranked,
      ],
    },
    {
      batches: several,
      wanted: [
        { name: "accuracy", options: {}, metric: metrics.accuracy() },
        { name: "TopKAccuracy", options: { k: 2 }, metric: metrics.topKAccuracy({ k: 2 }) },
        { name: "ConfusionMatrix", options: {}, metric: metrics.confusionMatrix() },
        ...rated(["macro", "micro", "none"]),
        ...ranked,
        { name: "RocAuc", options: { average: "none" }, metric: metrics.rocAuc({ average: "none" }) },
      ],
    },
    {
      batches: regression,
      wanted: [
        { name: "mae", options: {}, metric: metrics.meanAbsoluteError() },
        { name: "R2Score", options: {}, metric: metrics.r2Score() },
      ],
    },
  ];
  const plain = async (tensor: Tensor) => ({
    shape: tensor.shape,
    values: Array.from(await tensor.data(), String),
    whole: tensor.dtype === "int64",
  });
  const input = await Promise.all(
    cases.map(async ({ batches, wanted }) => ({
      metrics: wanted.map(({ name, options }) => ({ name, options })),
      batches: await Promise.all(
        batches.map(async ({ prediction, target }) => ({
          prediction: await plain(prediction),
          target: await plain(target),
        })),
      ),
    })),
  );
  const script = join(import.meta.dirname, "python", "metrics_of.py");
  const answers: readonly { figures: Record<string, string>; directions: readonly string[] }[] = JSON.parse(
    execFileSync(python, [script], { env: environment, input: JSON.stringify(input), encoding: "utf8" }),
  );
  for (const [index, { batches, wanted }] of cases.entries()) {
    const figures: Record<string, unknown> = {};
    for (const each of wanted) {
      const metric: metrics.Metric = each.metric;
      const name = metric.name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
      const [prediction, target] = [
        cat(batches.map((each) => each.prediction)),
        cat(batches.map((each) => each.target)),
      ];
      const put = (key: string, value: metrics.MetricValue): void => {
        if (typeof value === "number") figures[key] = expect.closeTo(value, 5);
        else for (const [part, each] of value.entries()) put(`${key}_${part}`, each);
      };
      put(name, await metrics.compute(metric, prediction, target));
    }
    const answer = answers[index];
    expect(
      Object.fromEntries(Object.entries(answer?.figures ?? {}).map(([name, text]) => [name, Number(text)])),
    ).toEqual(figures);
    expect(answer?.directions).toEqual(wanted.map(({ metric }) => metric.direction ?? "higher"));
  }
});
