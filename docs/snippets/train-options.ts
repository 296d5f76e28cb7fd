import { DataLoader, Generator, nn, optim, schedulers } from "@ml-mosaic/tensor";
import { stopWithoutImprovement, train } from "@ml-mosaic/training";
import { moons } from "./moons.ts";

const model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2));
const named = [...model.namedParameters()];
const biases = named.filter(([name]) => name.endsWith("bias")).map(([, parameter]) => parameter);

// Frozen: no gradient is computed, and no optimizer changes it.
for (const [name, parameter] of named) if (name === "0.weight") parameter.requiresGrad = false;

const samples = moons(256, new Generator(1));
const { history } = await train({
  model: {
    parameters: model.parameters(),
    forward: (points) => model.forward(points),
    train: (mode) => model.train(mode),
  },
  loss: new nn.CrossEntropyLoss(),
  // What is evaluated, and what the model holds afterwards, is the moving average of the weights.
  optimizer: optim.averaged(optim.SGD({ lr: 0.1, momentum: 0.9, weightDecay: 1e-3 }), { decay: 0.99 }),
  // An optimizer of their own: no decay on biases, and half the rate, which schedulers keep at half.
  groups: [{ parameters: biases, optimizer: optim.averaged(optim.SGD({ lr: 0.05, momentum: 0.9 }), { decay: 0.99 }) }],
  accumulate: 2, // gradients of two batches are averaged for each step
  clipNorm: 1, // and scaled down to this norm where they are longer
  scheduler: schedulers.SequentialLR(
    [
      schedulers.perStep(schedulers.LinearLR({ startFactor: 0.1, totalIters: 20 })),
      schedulers.perStep(schedulers.ExponentialLR({ gamma: 0.99 })),
    ],
    { milestones: [20] },
  ),
  earlyStopping: stopWithoutImprovement({ patience: 3 }),
  trainLoader: new DataLoader(samples, { batchSize: 16, shuffle: true }),
  evaluationLoader: new DataLoader(samples, { batchSize: 256 }),
  epochs: 6,
  generator: new Generator(2),
});
console.log("learning rates", history.map(({ lr }) => lr.toFixed(3)).join(" "));
