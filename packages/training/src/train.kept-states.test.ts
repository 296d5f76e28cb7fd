/** Within an epoch states give their memory on; those that somebody may have kept do not. */
import { DataLoader, Generator, nn, optim, randn, TensorDataset } from "@ml-mosaic/tensor";
import { expect, test } from "vitest";
import { type Checkpoint, type TrainOptions, type TrainResult, train } from "./train.ts";

const generator = new Generator(3);
const x = randn([2000, 4], { generator: generator.stream("samples") });
const dataset = new TensorDataset(x, x.sum(1, true).tanh());

function begin(more: Partial<TrainOptions> = {}): TrainOptions {
  const net = new nn.Linear(4, 1).initialize(generator.stream("initialization"));
  return {
    model: {
      parameters: net.parameters(),
      forward: (input) => net.forward(input),
      train: (mode) => void net.train(mode),
    },
    loss: new nn.MSELoss(),
    optimizer: optim.Adam({ lr: 0.01 }),
    // 1000 steps an epoch: the first call makes 64, so there are several.
    trainLoader: new DataLoader(dataset, { batchSize: 2, shuffle: true }),
    evaluationLoader: new DataLoader(dataset, { batchSize: 500 }),
    epochs: 3,
    generator: generator.stream("training"),
    ...more,
  };
}

const bits = ({ state }: Pick<TrainResult, "state">) => state.training;

test("checkpoints that were kept stay whole, and go on as the training did", async () => {
  const whole = await train(begin());
  const epochs: Checkpoint[] = [];
  const pieces: Checkpoint[] = [];
  const byEpochs = await train(begin({ onEpoch: (_, checkpoint) => void epochs.push(checkpoint) }));
  const byPieces = await train(begin({ onProgress: (_, checkpoint) => void pieces.push(checkpoint) }));
  expect(bits(byEpochs)).toEqual(bits(whole));
  expect(bits(byPieces)).toEqual(bits(whole));
  expect(epochs).toHaveLength(3);
  expect(pieces.length).toBeGreaterThan(8);
  for (const { state } of [...epochs.slice(0, 2), ...pieces.slice(0, -1)].filter((_, index) => index % 3 === 0)) {
    // Twice: what a training starts from is not used up.
    expect(bits(await train(begin({ resumeFrom: state })))).toEqual(bits(whole));
    expect(bits(await train(begin({ resumeFrom: state })))).toEqual(bits(whole));
  }
});
