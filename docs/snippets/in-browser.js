import { DataLoader, fromArray, Generator, nn, optim, TensorDataset } from "@ml-mosaic/tensor";
import { train } from "@ml-mosaic/training";

const sizes = [2, 2, 2, 2, 2, 1];
const layers = sizes.slice(1).flatMap((to, index) => [new nn.Linear(sizes[index], to), new nn.Sigmoid()]);
export const brick = new nn.Sequential(...layers).initialize(new Generator(1));
const bits = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
const or = new TensorDataset(fromArray(bits, [4, 2]), fromArray(Float32Array.of(0, 1, 1, 1), [4, 1]));
export const { history } = await train({
  model: { parameters: brick.parameters(), forward: (x) => brick.forward(x), train: (mode) => brick.train(mode) },
  loss: new nn.MSELoss(),
  optimizer: optim.Adam({ lr: 0.01 }),
  trainLoader: new DataLoader(or, { shuffle: true }),
  evaluationLoader: new DataLoader(or),
  epochs: 100,
  generator: new Generator(2),
  executor: "wasm", // browsers have no other; Node gets the same bits by it
});
