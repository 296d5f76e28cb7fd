import { DataLoader, Generator, nn, optim } from "@ml-mosaic/tensor";
import { loadSnapshot, saveSnapshot, type TrainOptions, train, type VariablePaths } from "@ml-mosaic/training";
import { moons } from "./moons.ts";

const samples = moons(64, new Generator(1));

function newTraining(): { options: TrainOptions; paths: VariablePaths } {
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2)).initialize(new Generator(2));
  return {
    paths: new Map(Array.from(model.namedVariables(), ([path, variable]) => [variable, path])),
    options: {
      model: {
        parameters: model.parameters(),
        forward: (points) => model.forward(points),
        train: (mode) => model.train(mode),
      },
      loss: new nn.CrossEntropyLoss(),
      optimizer: optim.Adam({ lr: 1e-2 }),
      trainLoader: new DataLoader(samples, { batchSize: 8, shuffle: true }),
      evaluationLoader: new DataLoader(samples, { batchSize: 64 }),
      epochs: 6,
      generator: new Generator(3),
    },
  };
}

const whole = await train(newTraining().options);

const first = newTraining();
const half = await train({ ...first.options, epochs: 3 });
await saveSnapshot("half.safetensors", half, first.paths);

// Perhaps in another process, on another day.
const second = newTraining();
const resumed = await train({
  ...second.options,
  resumeFrom: async (layout) => (await loadSnapshot("half.safetensors", layout, second.paths)).state,
});
const losses = ({ history }: typeof whole) => history.map(({ trainLoss }) => trainLoss).join();
console.log(
  resumed.history.map(({ epoch }) => epoch).join(),
  losses(resumed) === losses(whole).split(",").slice(3).join(),
);
