import { DataLoader, Generator, metrics, nn, optim, randomSplit, schedulers, tensor } from "@ml-mosaic/tensor";
import { train } from "@ml-mosaic/training";
import { moons } from "./moons.ts";

const generator = new Generator(0);
const [trainSet, testSet] = randomSplit(moons(500, generator.stream("data")), [400, 100], { generator });

const model = new nn.Sequential(
  new nn.Linear(2, 32),
  new nn.ReLU(),
  new nn.Dropout(0.1),
  new nn.Linear(32, 32),
  new nn.ReLU(),
  new nn.Linear(32, 2),
);
model.initialize(generator.stream("initialization"));

const { history } = await train({
  model: {
    parameters: model.parameters(),
    forward: (points) => model.forward(points),
    train: (mode) => model.train(mode),
  },
  loss: new nn.CrossEntropyLoss(),
  optimizer: optim.AdamW({ lr: 1e-2 }),
  scheduler: schedulers.CosineAnnealingLR({ tMax: 30 }),
  trainLoader: new DataLoader(trainSet, { batchSize: 32, shuffle: true }),
  evaluationLoader: new DataLoader(testSet, { batchSize: 100 }),
  metrics: [metrics.f1(), metrics.confusionMatrix()],
  epochs: 30,
  generator: generator.stream("training"),
  onEpoch: ({ epoch, lr }) => {
    if (epoch % 10 === 0) console.log(`epoch ${epoch}, learning rate ${lr.toFixed(4)}`);
  },
});

const last = history.at(-1);
console.log("more than 95 % right:", (last?.validAccuracy ?? 0) > 95);
console.log("kept beside:", Object.keys(last?.metrics ?? {}).join(", "));
console.log(
  "side of (0, 1):",
  await model
    .forward(tensor([[0, 1]]))
    .argmax(1)
    .item(),
);
