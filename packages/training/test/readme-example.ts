import { DataLoader, Generator, nn, optim, TensorDataset, tensor } from "@ml-mosaic/tensor";
import { train } from "@ml-mosaic/training";

// Exclusive or: four samples, learnt by heart.
const features = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const samples = new TensorDataset(features, tensor([[0], [1], [1], [0]]));
const generator = new Generator(0);
const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
model.initialize(generator.stream("initialization"));

const { history } = await train({
  model: {
    parameters: model.parameters(),
    forward: (x) => model.forward(x),
    train: (mode) => model.train(mode),
  },
  loss: new nn.BCEWithLogitsLoss(),
  optimizer: optim.Adam({ lr: 0.05 }),
  trainLoader: new DataLoader(samples, { batchSize: 4, shuffle: true }),
  evaluationLoader: new DataLoader(samples, { batchSize: 4 }),
  epochs: 200,
  generator: generator.stream("training"),
});
console.log(`${history.length} epochs, ${history.at(-1)?.validAccuracy} % right`);
console.log(JSON.stringify(await model.forward(features).gt(0).toArray()));
