import { join } from "node:path";
import {
  cat,
  DataLoader,
  type Dataset,
  Generator,
  metrics,
  nn,
  optim,
  randn,
  readSafetensors,
  type Tensor,
  TensorDataset,
} from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { loadSnapshot, saveSnapshot } from "./snapshot-file.ts";
import { type Checkpoint, type LoopProgress, type TrainOptions, type TrainResult, train } from "./train.ts";

const folder = temporaryFolder();

const generator = new Generator(11);
const images = randn([30, 2], { generator: generator.stream("images") });
const positions = randn([30, 3], { generator: generator.stream("positions") });
const target = cat([images, positions], 1).sum(1, true).gt(0).float();

class Net extends nn.Module {
  readonly hidden = new nn.Linear(5, 6);
  readonly norm = new nn.BatchNorm1d(6);
  readonly early = new nn.Linear(6, 1);
  readonly output = new nn.Linear(6, 1);
  features(...inputs: Tensor[]): Tensor {
    return this.norm.forward(this.hidden.forward(cat(inputs, 1)).tanh());
  }
  forward(...inputs: Tensor[]): Tensor {
    return this.output.forward(this.features(...inputs));
  }
}

function begin(more: Partial<TrainOptions> = {}, net = new Net().initialize(generator.stream("initialization"))) {
  const options: TrainOptions = {
    model: {
      parameters: net.parameters(),
      forward: (...inputs) => net.forward(...inputs),
      train: (mode) => void net.train(mode),
    },
    loss: new nn.BCEWithLogitsLoss(),
    optimizer: optim.Adam({ lr: 0.02 }),
    trainLoader: new DataLoader(new TensorDataset(images, positions, target), { batchSize: 4, shuffle: true }),
    evaluationLoader: new DataLoader(new TensorDataset(images, positions, target), { batchSize: 7 }),
    metrics: [metrics.rocAuc()],
    epochs: 4,
    generator: generator.stream("training"),
    ...more,
  };
  return { net, options, paths: new Map(Array.from(net.namedVariables(), ([path, variable]) => [variable, path])) };
}

const figures = ({ history }: Pick<TrainResult, "history">) => history.map(({ seconds, ...figure }) => figure);

describe("samples of three fields", () => {
  test("give the model two inputs, and train as one that holds both", async () => {
    const two = await train(begin().options);
    const joined = new TensorDataset(cat([images, positions], 1), target);
    const one = await train(
      begin({
        trainLoader: new DataLoader(joined, { batchSize: 4, shuffle: true }),
        evaluationLoader: new DataLoader(joined, { batchSize: 7 }),
      }).options,
    );
    expect(figures(two)).toEqual(figures(one));
    expect(two.state).toEqual(one.state);
    expect(two.history.at(-1)?.validAccuracy).toBeGreaterThan(two.history[0]?.validAccuracy ?? 100);
  });

  test("may be read while training runs", async () => {
    const held = new TensorDataset(images, positions, target);
    const read: Dataset = { length: 30, get: (index) => held.get(index) };
    const loaders = {
      trainLoader: new DataLoader(read, { batchSize: 4, shuffle: true }),
      evaluationLoader: new DataLoader(read, { batchSize: 7 }),
    };
    expect((await train(begin(loaders).options)).state).toEqual((await train(begin().options)).state);
  });
});

describe("a model that returns several predictions", () => {
  class Deep extends Net {
    both(...inputs: Tensor[]): Tensor[] {
      const features = this.features(...inputs);
      return [this.early.forward(features), this.output.forward(features)];
    }
  }
  /** The same loss, written over one tensor of both predictions. */
  class MeanOfBoth implements nn.Loss {
    forward(prediction: Tensor, truth: Tensor): Tensor {
      const loss = new nn.BCEWithLogitsLoss();
      return loss
        .forward(prediction.slice(1, 0, 1), truth)
        .add(loss.forward(prediction.slice(1, 1, 2), truth))
        .div(2);
    }
  }

  test("is trained on the mean of their losses, and judged by the last", async () => {
    const start = () => new Deep().initialize(generator.stream("initialization"));
    const build = (net: Deep, forward: TrainOptions["model"]["forward"]) => ({
      parameters: net.parameters(),
      forward,
      train: (mode: boolean) => void net.train(mode),
    });
    const [deep, stacked] = [start(), start()];
    const several = await train(begin({ model: build(deep, (...inputs) => deep.both(...inputs)) }).options);
    const one = await train(
      begin({
        model: build(stacked, (...inputs) => cat(stacked.both(...inputs), 1)),
        loss: new MeanOfBoth(),
        metrics: [],
        accuracy: false,
      }).options,
    );
    for (const [index, { trainLoss }] of several.history.entries())
      expect(trainLoss).toBeCloseTo(one.history[index]?.trainLoss ?? Number.NaN, 5);
    const auc = await metrics.compute(metrics.rocAuc(), deep.forward(images, positions), target);
    expect(several.history.at(-1)?.metrics?.rocAuc).toBeCloseTo(auc, 6);
    expect(one.history.every(({ validAccuracy }) => validAccuracy === undefined)).toBe(true);
  });

  test("of which there are none is an error that says so", async () => {
    const { options, net } = begin();
    const model = { ...options.model, parameters: net.parameters(), forward: () => [] };
    await expect(train({ ...options, model })).rejects.toThrow("returned an empty list of predictions");
  });
});

describe("stopping and going on", () => {
  test.each(["train", "evaluation"])("within the pass of %s, from a file, bit for bit", async (phase) => {
    const whole = await train(begin().options);
    const path = join(folder, `${phase}.safetensors`);
    const pause = new AbortController();
    const first = begin({ pause: pause.signal });
    const stopped = await train({
      ...first.options,
      onProgress: (progress) => {
        if (progress.phase === phase && progress.epoch === 2 && progress.batches < (progress.of ?? 0)) pause.abort();
      },
    });
    expect(stopped.paused).toBe(true);
    expect(stopped.state.epoch).toBe(1);
    expect(stopped.state.within?.batches).toBe(phase === "train" ? 7 : 8);
    await saveSnapshot(path, stopped, first.paths);

    const second = begin();
    const resumed = await train({
      ...second.options,
      resumeFrom: async (layout) => (await loadSnapshot(path, layout, second.paths)).state,
    });
    expect([...figures(stopped), ...figures(resumed)]).toEqual(figures(whole));
    expect(resumed.state).toEqual(whole.state);
  });

  test("from what was saved on the way, at any call", async () => {
    const whole = await train(begin().options);
    const saved: Checkpoint[] = [];
    await train(begin({ onProgress: (_, checkpoint) => void saved.push(checkpoint) }).options);
    // Calls of 1 and more steps, 8 batches in each of 4 epochs, and evaluations between them.
    expect(saved.length).toBeGreaterThan(12);
    for (const { state } of saved.filter((_, index) => index % 3 === 0)) {
      const rest = await train(begin({ resumeFrom: state }).options);
      expect(rest.state).toEqual(whole.state);
      expect(figures(rest)).toEqual(figures(whole).slice(state.epoch));
    }
  });

  test("with frozen parameters: the file holds the whole model, and gives it back", async () => {
    const freeze = () => {
      const begun = begin();
      begun.net.hidden.weight.requiresGrad = false;
      return begun;
    };
    const first = freeze();
    const half = await train({ ...first.options, epochs: 2 });
    const path = join(folder, "frozen.safetensors");
    await saveSnapshot(path, half, first.paths);
    const names = [...(await readSafetensors(path)).tensors.keys()].filter((name) => name.startsWith("MODEL_STATE/"));
    expect(names.sort()).toEqual(Array.from(first.paths.values(), (name) => `MODEL_STATE/${name}`).sort());

    const whole = await train(freeze().options);
    const second = freeze();
    second.net.hidden.weight.value = new Float32Array(second.net.hidden.weight.numel).fill(3);
    const rest = await train({
      ...second.options,
      resumeFrom: async (layout) => (await loadSnapshot(path, layout, second.paths)).state,
    });
    expect(rest.state).toEqual(whole.state);
    expect(figures(rest)).toEqual(figures(whole).slice(2));
  });
});

test("the best epoch is that of the smallest evaluation loss, whatever early stopping thinks of it", async () => {
  const { history, state } = await train(begin({ optimizer: optim.Adam({ lr: 1 }), epochs: 8 }).options);
  const losses = history.map(({ validLoss }) => validLoss);
  const smallest = Math.min(...losses);
  expect(state.best).toEqual({ epoch: losses.indexOf(smallest) + 1, loss: smallest });
  expect(losses.at(-1)).toBeGreaterThan(smallest);
});

test("progress tells of every phase, batch and loss", async () => {
  const told: LoopProgress[] = [];
  const { history } = await train(begin({ epochs: 2, onProgress: (progress) => void told.push(progress) }).options);
  for (const epoch of [1, 2]) {
    const last = told.filter((each) => each.epoch === epoch && each.phase === "train").at(-1);
    expect(last).toEqual({
      phase: "train",
      epoch,
      epochs: 2,
      batches: 8,
      of: 8,
      trainLoss: history[epoch - 1]?.trainLoss,
    });
    const evaluated = told.filter((each) => each.epoch === epoch && each.phase === "evaluation");
    expect(evaluated.at(-1)).toMatchObject({ batches: 5, of: 5 });
    expect(evaluated.map(({ batches }) => batches)).toEqual(evaluated.map(({ batches }) => batches).sort());
  }
});
