import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DataLoader, Generator, nn, optim, randn, schedulers, type Tensor, TensorDataset } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import type { EpochRecord } from "./history.ts";
import { loadSnapshot, saveSnapshot } from "./snapshot-file.ts";
import { type TrainOptions, type TrainResult, train } from "./train.ts";

class Net extends nn.Module {
  readonly first = new nn.Linear(3, 6);
  readonly dropout = new nn.Dropout(0.4);
  readonly output = new nn.Linear(6, 1);
  forward(x: Tensor): Tensor {
    return this.output.forward(this.dropout.forward(this.first.forward(x).tanh()));
  }
}

const generator = new Generator(8);

function datasetOf(samples: number) {
  const x = randn([samples, 3], { generator: generator.stream("data") });
  return new TensorDataset(x, x.sum(1, true).gt(0).float());
}

function begin(more: Partial<TrainOptions> = {}, dataset = datasetOf(1501)) {
  const net = new Net().initialize(generator.stream("initialization"));
  const model = {
    parameters: net.parameters(),
    forward: (features: Tensor) => net.forward(features),
    train: (mode: boolean) => void net.train(mode),
  };
  const options: TrainOptions = {
    model,
    loss: new nn.BCEWithLogitsLoss(),
    optimizer: optim.Adam({ lr: 0.01 }),
    scheduler: schedulers.StepLR({ stepSize: 1, gamma: 0.8 }),
    trainLoader: new DataLoader(dataset, { batchSize: 2, shuffle: true }),
    evaluationLoader: new DataLoader(dataset, { batchSize: 100 }),
    epochs: 3,
    generator: generator.stream("training"),
    ...more,
  };
  return { options, paths: new Map(Array.from(net.namedVariables(), ([path, variable]) => [variable, path])) };
}

const figures = (history: readonly EpochRecord[]) => history.map(({ seconds, ...figure }) => figure);

test.each<[string, number, Partial<TrainOptions>]>([
  ["rates by epochs", 1501, { executor: "onnx" }],
  ["rates by epochs, on wasm", 15_001, { executor: "wasm" }],
  [
    "rates by steps, accumulated gradients",
    1501,
    { scheduler: schedulers.OneCycleLR({ maxLr: 0.02, totalSteps: 751 }), accumulate: 3, executor: "onnx" },
  ],
])(
  "a training that is paused again and again, in the middle of epochs, ends as an uninterrupted one, bit for bit: %s",
  async (_, samples, more) => {
    const dataset = datasetOf(samples);
    const whole = await train(begin(more, dataset).options);
    const folder = temporaryFolder();
    const path = join(folder, "snapshot.safetensors");
    const history: EpochRecord[] = [];
    const positions: number[] = [];
    let result: TrainResult | undefined;
    while (result === undefined || result.paused) {
      const pause = new AbortController();
      const isFirst = result === undefined;
      const { options, paths } = begin({ ...more, pause: pause.signal }, dataset);
      // The signal comes while a call of the runtime is under way, after some milliseconds of training.
      setTimeout(() => pause.abort(), 2 + 4 * (positions.length % 3));
      result = await train({
        ...options,
        ...(isFirst ? {} : { resumeFrom: async (layout) => (await loadSnapshot(path, layout, paths)).state }),
      });
      history.push(...result.history);
      if (result.paused) positions.push(result.state.within?.batches ?? -1);
      await saveSnapshot(path, result, paths);
    }
    expect(figures(history)).toEqual(figures(whole.history));
    expect(result.state).toEqual(whole.state);
    // It was really stopped inside epochs.
    const inside = positions.filter((batches) => batches > 0 && batches < Math.ceil(samples / 2));
    expect(inside.length).toBeGreaterThan(3);
  },
);

test("a snapshot of which one bit has changed is not gone on from", async () => {
  const path = join(temporaryFolder(), "snapshot.safetensors");
  const { options, paths } = begin({ epochs: 1 });
  const { state, layout } = await train(options);
  await saveSnapshot(path, { state, layout }, paths, { metadata: { OWNER: "12" } });
  const bytes = await readFile(path);
  await loadSnapshot(path, layout, paths);
  const places = [bytes.length - 3, bytes.indexOf("OWNER") + 9];
  for (const place of places) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 1;
    await writeFile(path, changed);
    await expect(loadSnapshot(path, layout, paths)).rejects.toThrow("is damaged: its content is not what was written");
  }
});
