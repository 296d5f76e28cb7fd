import { join } from "node:path";
import {
  DataLoader,
  executorNames,
  Generator,
  nn,
  optim,
  randn,
  schedulers,
  type Tensor,
  TensorDataset,
  zeros,
} from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { stopWithoutImprovement } from "./early-stopping.ts";
import { loadSnapshot, saveSnapshot } from "./snapshot-file.ts";
import { type TrainerState, type TrainOptions, type TrainResult, train } from "./train.ts";

const folder = temporaryFolder();

class Net extends nn.Module {
  readonly first = new nn.Linear(3, 6);
  readonly dropout = new nn.Dropout(0.4);
  readonly output = new nn.Linear(6, 1);
  forward(x: Tensor): Tensor {
    return this.output.forward(this.dropout.forward(this.first.forward(x).tanh()));
  }
}

const generator = new Generator(5);
const x = randn([22, 3], { generator: generator.stream("data") });
const dataset = new TensorDataset(x, x.sum(1, true).gt(0).float());

function newModel() {
  const net = new Net().initialize(generator.stream("initialization"));
  const model = {
    parameters: net.parameters(),
    forward: (features: Tensor) => net.forward(features),
    train: (mode: boolean) => void net.train(mode),
  };
  return { model, paths: new Map(Array.from(net.namedVariables(), ([path, variable]) => [variable, path])), net };
}

const optimizer = optim.Adam({ lr: 0.05 });

/** Adam, dropout, shuffling, a scheduler that looks at the loss, and a last batch of 2. */
function optionsOf(model: TrainOptions["model"], more: Partial<TrainOptions> = {}): TrainOptions {
  return {
    model,
    loss: new nn.MSELoss(),
    optimizer,
    scheduler: schedulers.ReduceLROnPlateau({ patience: 0, threshold: 0.2, factor: 0.5 }),
    trainLoader: new DataLoader(dataset, { batchSize: 5, shuffle: true }),
    evaluationLoader: new DataLoader(dataset, { batchSize: 8 }),
    epochs: 6,
    generator: generator.stream("training"),
    ...more,
  };
}

const figures = ({ history }: Pick<TrainResult, "history">) => history.map(({ seconds, ...figure }) => figure);

const options = optionsOf;

describe("train", () => {
  test.each(executorNames)(
    "on %s resumes bit for bit: 3 epochs, saved and loaded, and 3 more are 6",
    async (executor) => {
      const options = (model: TrainOptions["model"], more: Partial<TrainOptions> = {}) =>
        optionsOf(model, { executor, ...more });
      const whole = newModel();
      const six = await train(options(whole.model));

      const begun = newModel();
      const three = await train(options(begun.model, { epochs: 3 }));
      const path = join(folder, "snapshot.safetensors");
      await saveSnapshot(path, three, begun.paths, { metadata: { note: "half way" } });

      // Another process has a model with values of its own, and the layout of its program.
      const resumed = newModel();
      for (const parameter of resumed.model.parameters) parameter.value = new Float32Array(parameter.numel).fill(7);
      const { layout } = await train(options(resumed.model, { epochs: 0 }));
      const snapshot = await loadSnapshot(path, layout, resumed.paths);
      expect(snapshot.metadata.note).toBe("half way");
      expect(snapshot.state).toEqual(three.state);
      const rest = await train(options(resumed.model, { resumeFrom: snapshot.state }));

      expect([...figures(three), ...figures(rest)]).toEqual(figures(six));
      expect(rest.state).toEqual(six.state);
      expect(resumed.net.stateDict()).toEqual(whole.net.stateDict());
      // What it stands on: the learning rate has changed on the way, and something was learnt.
      const rates = new Set(six.history.map(({ lr }) => lr));
      expect(rates.size).toBeGreaterThan(1);
      expect(six.history.at(-1)?.validLoss).toBeLessThan(six.history[0]?.validLoss ?? 0);
    },
  );

  test("gives on WebAssembly what it gives on ONNX Runtime, up to rounding", async () => {
    const [onnx, wasm] = await Promise.all(
      executorNames.map((executor) => train(options(newModel().model, { executor }))),
    );
    for (const [epoch, { trainLoss, validLoss }] of (onnx?.history ?? []).entries()) {
      expect(wasm?.history[epoch]?.trainLoss).toBeCloseTo(trainLoss, 5);
      expect(wasm?.history[epoch]?.validLoss).toBeCloseTo(validLoss, 5);
    }
    expect(wasm?.state.training.parameters).not.toEqual(onnx?.state.training.parameters);
  });

  test("goes on on what has computed a state, as its snapshot says it; earlier ones are ONNX Runtime's", async () => {
    const trained = async (more: Partial<TrainOptions> = {}) =>
      (await train(options(newModel().model, { epochs: 1, ...more }))).state;
    const state = await trained();
    expect(state.executor).toBe("wasm");
    const further = (resumeFrom: TrainerState, more: Partial<TrainOptions> = {}) =>
      trained({ epochs: 2, resumeFrom, ...more });
    expect((await further(state)).executor).toBe("wasm");
    expect((await further({ ...state, executor: "onnx" })).executor).toBe("onnx");
    // A file is read by the layout of a program.
    const read = async () => ({ ...state, executor: "onnx" as const });
    expect((await trained({ epochs: 2, resumeFrom: read })).executor).toBe("onnx");
    const { executor: _, ...earlier } = state;
    expect((await further(earlier)).executor).toBe("onnx");
    expect((await further(earlier, { executor: "wasm" })).executor).toBe("wasm");
  });

  test("gives the same bits again, and other bits for another seed", async () => {
    const one = await train(options(newModel().model));
    const again = await train(options(newModel().model));
    const other = await train(options(newModel().model, { generator: new Generator(6).stream("training") }));
    expect(figures(again)).toEqual(figures(one));
    expect(figures(other)).not.toEqual(figures(one));
  });

  test("drops while training only: two evaluations of one state agree", async () => {
    const loader = new DataLoader(dataset, { batchSize: 22 });
    const { history } = await train(
      options(newModel().model, {
        optimizer: optim.SGD({ lr: 1e-30 }),
        scheduler: undefined,
        trainLoader: loader,
        evaluationLoader: loader,
        epochs: 2,
      }),
    );
    const [first, second] = history;
    expect(first?.validLoss).toBe(second?.validLoss);
    expect(first?.trainLoss).not.toBe(second?.trainLoss);
    expect(first?.trainLoss).not.toBe(first?.validLoss);
  });

  test("weighs batches by their samples", async () => {
    const still = { optimizer: optim.SGD({ lr: 1e-30 }), scheduler: undefined, epochs: 1 };
    const evaluate = async (batchSize: number) => {
      const evaluationLoader = new DataLoader(dataset, { batchSize });
      const { history } = await train(options(newModel().model, { ...still, evaluationLoader }));
      return history[0];
    };
    const [whole, cut] = [await evaluate(22), await evaluate(7)];
    expect(cut?.validLoss).toBeCloseTo(whole?.validLoss ?? 0, 6);
    expect(cut?.validAccuracy).toBe(whole?.validAccuracy);
    expect(whole?.validAccuracy).toBeGreaterThan(0);
  });

  test("stops early, and says so; a resumed training remembers how long it has waited", async () => {
    const still = {
      optimizer: optim.SGD({ lr: 1e-30 }),
      scheduler: undefined,
      epochs: 10,
      earlyStopping: stopWithoutImprovement({ patience: 2 }),
    };
    const { model } = newModel();
    const stopped = await train(options(model, still));
    expect(stopped).toMatchObject({ stoppedEarly: true, state: { epoch: 4 } });
    expect(stopped.history).toHaveLength(4);
    const two = await train(options(newModel().model, { ...still, epochs: 2 }));
    expect(two.stoppedEarly).toBe(false);
    const rest = await train(options(newModel().model, { ...still, resumeFrom: two.state }));
    expect(rest).toMatchObject({ stoppedEarly: true, state: { epoch: 4 } });
  });

  test("tells of every epoch when it is over, and waits for whoever is told", async () => {
    const told: number[] = [];
    const { history } = await train(
      options(newModel().model, {
        epochs: 3,
        onEpoch: async ({ epoch }) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          told.push(epoch);
        },
      }),
    );
    expect(told).toEqual([1, 2, 3]);
    expect(history.map(({ epoch }) => epoch)).toEqual(told);
  });

  test("leaves the model with the trained values, ready to be used", async () => {
    const { model, net } = newModel();
    const before = net.first.weight.value.slice();
    await train(options(model, { epochs: 1 }));
    expect(net.first.weight.value).not.toEqual(before);
    expect(net.training).toBe(false);
    expect(net.dropout.training).toBe(false);
  });
});

describe("wrong data is refused with a message", () => {
  const empty = new TensorDataset(zeros([0, 3]), zeros([0, 1]));
  test.each([
    ["an empty train loader", { trainLoader: new DataLoader(empty) }, "the train loader holds no sample"],
    [
      "an empty evaluation loader",
      { evaluationLoader: new DataLoader(empty) },
      "the evaluation loader holds no sample",
    ],
    [
      "a loader that drops its only batch",
      { trainLoader: new DataLoader(dataset, { batchSize: 50, dropLast: true }) },
      "the train loader drops its only batch: 22 samples are fewer than 50",
    ],
    [
      "features without a target",
      { trainLoader: new DataLoader(new TensorDataset(x)) },
      "the train loader gives 1 tensor a sample; features and a target are needed",
    ],
    [
      "a third tensor in one loader alone",
      { trainLoader: new DataLoader(new TensorDataset(x, x, x)) },
      "the train loader gives 3 tensors a sample, the evaluation loader 2; they must agree",
    ],
    [
      "a target of another shape",
      { trainLoader: new DataLoader(new TensorDataset(x, x), { batchSize: 22 }) },
      "prediction [22, 1] and target [22, 3]",
    ],
  ])("%s", async (_, more, message) => {
    await expect(train(options(newModel().model, more))).rejects.toThrow(message);
  });

  test("a loss that gives no tensor", async () => {
    const loss: nn.Loss = JSON.parse("{}");
    Reflect.set(loss, "forward", () => 1);
    await expect(train(options(newModel().model, { loss }))).rejects.toThrow(
      "forward of the loss Object must return a Tensor at once, it returned 1",
    );
  });
});

describe("a snapshot", () => {
  test("keeps infinities and NaN of its state", async () => {
    const { model, paths } = newModel();
    const { state, layout } = await train(options(model, { epochs: 1 }));
    const odd = {
      ...state,
      earlyStopping: { best: Number.POSITIVE_INFINITY, waited: 1 },
      scheduler: { best: Number.NaN },
    };
    const path = join(folder, "odd.safetensors");
    await saveSnapshot(path, { state: odd, layout }, paths);
    expect((await loadSnapshot(path, layout, paths)).state).toEqual(odd);
  });

  test("of another model or optimizer is refused, with what is missing", async () => {
    const { model, paths, net } = newModel();
    const plain = optim.SGD({ lr: 0.1 });
    const { state, layout } = await train(options(model, { epochs: 1, optimizer: plain }));
    const path = join(folder, "plain.safetensors");
    await saveSnapshot(path, { state, layout }, paths);
    const adam = await train(options(model, { epochs: 0 }));
    await expect(loadSnapshot(path, adam.layout, paths)).rejects.toThrow(
      /plain\.safetensors lacks OPTIMIZER_STATE\/.*: was it written by another model or optimizer\?/,
    );
    const renamed = new Map(Array.from(paths, ([variable, name]) => [variable, `other.${name}`]));
    await expect(loadSnapshot(path, layout, renamed)).rejects.toThrow("lacks MODEL_STATE/other.");
    await net.saveModel(join(folder, "weights"));
    await expect(loadSnapshot(join(folder, "weights.safetensors"), layout, paths)).rejects.toThrow(
      "has no TRAIN_INFO: it holds weights, not a training",
    );
  });
});
