/**
 * What steps of some sixty trainings take on each executor, beside what `auto` expects of them, and the constants of its
 * formula (packages/tensor/src/program/cost.ts) that fit best. Processor time, minima of several rounds.
 */
import { cpus } from "node:os";
import {
  compileTraining,
  type ExecutorChoice,
  executorNames,
  Generator,
  nn,
  optim,
  randn,
  type Tensor,
  TensorDataset,
} from "@ml-mosaic/tensor";
import { buildModel } from "./peers/models.ts";
import type { TrainingCase } from "./peers.ts";

type Network = Pick<TrainingCase, "name" | "model" | "sizes" | "activation" | "input" | "target">;

function mlp(sizes: readonly number[], batch: number, activation: "relu" | "sigmoid" = "relu"): Network {
  const [first = 1] = sizes;
  const last = sizes.at(-1) ?? 1;
  return {
    name: `MLP ${sizes.join("-")}, batch ${batch}`,
    model: "mlp",
    sizes,
    activation,
    input: [batch, first],
    target: [batch, last],
  };
}

function cnn(sizes: readonly number[], side: number, batch: number): Network {
  const planes = (count = 1) => [batch, count, side, side];
  return {
    name: `CNN ${sizes.join("-")}, ${batch} x ${side} x ${side}`,
    model: "cnn",
    sizes,
    input: planes(sizes[0]),
    target: planes(sizes.at(-1)),
  };
}

function transformer(sizes: readonly number[], words: number, batch: number): Network {
  const [width = 1] = sizes;
  return {
    name: `Transformer ${sizes.join("-")}, ${words} words, batch ${batch}`,
    model: "transformer",
    sizes,
    input: [batch, words, width],
    target: [batch, words, 1],
  };
}

function lstm(inputs: number, units: number, steps: number, batch: number): Network {
  return {
    name: `LSTM ${units} units, ${steps} steps, batch ${batch}`,
    model: "lstm",
    sizes: [inputs, units],
    input: [batch, steps, inputs],
    target: [batch, steps, 1],
  };
}

function unet(sizes: readonly number[], side: number, batch: number): Network {
  return {
    name: `U-Net ${sizes.join("-")}, ${batch} x ${side} x ${side}`,
    model: "unet",
    sizes,
    input: [batch, 1, side, side],
    target: [batch, 1, side, side],
  };
}

function depthwise(sizes: readonly number[], side: number, batch: number): Network {
  return {
    name: `depthwise ${sizes.join("-")}, ${batch} x ${side} x ${side}`,
    model: "depthwise",
    sizes,
    input: [batch, 3, side, side],
    target: [batch, 10],
  };
}

const networks: readonly Network[] = [
  mlp([2, 2, 2, 2, 1], 1, "sigmoid"),
  mlp([2, 4, 1], 16, "sigmoid"),
  mlp([8, 16, 16, 1], 8),
  mlp([8, 16, 16, 1], 64),
  mlp([16, 64, 64, 1], 1),
  mlp([16, 64, 64, 1], 8),
  mlp([16, 64, 64, 1], 32),
  mlp([16, 64, 64, 1], 128),
  mlp([32, 32, 32, 32, 32, 4], 16),
  mlp([64, 128, 128, 10], 1),
  mlp([64, 128, 128, 10], 16),
  mlp([128, 256, 256, 10], 4),
  mlp([128, 256, 256, 10], 64),
  mlp([784, 256, 256, 10], 16),
  cnn([1, 4, 8], 8, 8),
  cnn([1, 2, 1], 6, 1),
  cnn([1, 8, 8, 1], 16, 4),
  cnn([1, 16, 16, 1], 32, 8),
  cnn([1, 4, 1], 16, 2),
  transformer([8, 2, 16, 1], 4, 1),
  transformer([16, 2, 32, 2], 8, 4),
  transformer([32, 4, 64, 2], 16, 8),
  transformer([64, 4, 128, 2], 16, 16),
  lstm(4, 8, 20, 4),
  lstm(2, 4, 8, 1),
  lstm(8, 16, 20, 16),
  lstm(16, 32, 50, 8),
  lstm(16, 64, 50, 32),
  unet([2, 2], 8, 1),
  unet([4, 3], 16, 2),
  unet([8, 3], 16, 4),
  depthwise([16, 16], 8, 4),
  depthwise([32, 64, 128], 16, 8),
];
const optimizers = ["SGD", "Adam"] as const;
const rounds = 5;
const secondsOfARound = 0.05;

async function prepare(network: Network, optimizer: (typeof optimizers)[number], executor: ExecutorChoice) {
  const { input, target } = network;
  const batchSize = input[0] ?? 1;
  const model = buildModel({ ...network, optimizer, steps: 1, limit: 1 }).initialize(new Generator(0));
  const generator = new Generator(1);
  const { fields } = await new TensorDataset(randn(input, { generator }), randn(target, { generator })).samples();
  const loss = new nn.MSELoss();
  const program = await compileTraining({
    fields,
    parameters: model.parameters(),
    optimizer: optim[optimizer]({ lr: 1e-3 }),
    batchSize,
    executor,
    step: ([x, y]: readonly Tensor[]) => {
      if (x === undefined || y === undefined) throw new RangeError("a batch has features and targets");
      return { loss: loss.forward(model.forward(x), y) };
    },
  });
  let state = program.initialState;
  const run = async (steps: number) => {
    const rows = Int32Array.from({ length: steps * batchSize }, (_, index) => index % batchSize);
    const before = process.cpuUsage().user;
    ({ state } = await program.run(state, { rows, batchSize, lr: 0, generator, donate: true }));
    return (process.cpuUsage().user - before) / steps;
  };
  // Compiled by the optimizing compiler after some calls, and as many steps as fill a round.
  let steps = 2;
  while ((await run(steps)) * steps < 1e6 * secondsOfARound) steps *= 2;
  return { program, run: () => run(steps) };
}

interface Row {
  readonly name: string;
  readonly features: readonly number[];
  readonly onnx: number;
  readonly wasm: number;
}

const wanted = process.argv[2] ?? "";
const rows: Row[] = [];
let names: readonly string[] = [];
console.log(
  `${cpus()[0]?.model}, node ${process.versions.node}; microseconds a step, minima of ${rounds} rounds (expected)`,
);
for (const network of networks.filter(({ name }) => name.includes(wanted)))
  for (const optimizer of optimizers) {
    const auto = await prepare(network, optimizer, "auto");
    const { executor, estimate } = auto.program;
    auto.program.release();
    if (estimate === undefined || estimate.missing.size > 0) continue;
    const onnx = await prepare(network, optimizer, "onnx");
    const wasm = await prepare(network, optimizer, "wasm");
    const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < rounds; round++)
      for (const [index, each] of [onnx, wasm].entries()) least[index] = Math.min(least[index] ?? 0, await each.run());
    onnx.program.release();
    wasm.program.release();
    const [onOnnx = 0, onWasm = 0] = least;
    const name = `${network.name}, ${optimizer}`;
    names = Object.keys(estimate.work);
    rows.push({ name, features: Object.values(estimate.work), onnx: onOnnx, wasm: onWasm });
    const chosen = executor === "wasm" ? onWasm : onOnnx;
    console.log(
      [
        name.padEnd(44),
        `onnx ${onOnnx.toFixed(2).padStart(10)} (${estimate.microseconds.onnx.toFixed(1)})`.padEnd(30),
        `wasm ${onWasm.toFixed(2).padStart(10)} (${estimate.microseconds.wasm.toFixed(1)})`.padEnd(30),
        `auto: ${executor}, ${(chosen / Math.min(onOnnx, onWasm)).toFixed(2)} of the better`,
      ].join(" "),
    );
  }

for (const executor of executorNames) {
  const nanoseconds = fitted(
    rows.map(({ features }) => features),
    rows.map((row) => 1000 * row[executor]),
  );
  console.log(`${executor}: ${names.map((name, index) => `${name} ${nanoseconds[index]?.toPrecision(2)}`).join(", ")}`);
}

/**
 * What each feature takes, none less than nothing, so that the relative errors of the sums are small: least squares, one
 * coordinate after the other, in which what fits badly counts for less.
 */
function fitted(features: readonly (readonly number[])[], times: readonly number[]): readonly number[] {
  const shares = features.map((row, index) => row.map((value) => value / (times[index] ?? 1)));
  const constants = names.map(() => 0);
  const sumOf = (row: readonly number[]) => row.reduce((sum, value, index) => sum + value * (constants[index] ?? 0), 0);
  let weights = times.map(() => 1);
  for (let round = 0; round < 3000; round++) {
    for (const [index, before] of constants.entries()) {
      let above = 0;
      let below = 0;
      for (const [place, row] of shares.entries()) {
        const value = (weights[place] ?? 0) * (row[index] ?? 0);
        above += value * (1 - sumOf(row) + before * (row[index] ?? 0)) * (weights[place] ?? 0);
        below += value * value;
      }
      constants[index] = below === 0 ? 0 : Math.max(0, above / below);
    }
    if (round % 100 === 99) weights = shares.map((row) => 1 / Math.max(1, 2 * Math.abs(Math.log(sumOf(row)))));
  }
  return constants;
}
