/**
 * Processor time of a training step, as a ratio to PyTorch's in the same run, both on one thread, and each side's peak memory.
 * On all sides a step begins with taking its batch out of all samples, by their numbers.
 * An argument picks the cases whose name contains it. With `--profile` it says instead which kernels of ONNX Runtime take how long
 * in a step, and what its products of matrices take alone, by it and by PyTorch; with `--threads`, what two threads take by the
 * clock, beside one.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { Profile } from "./peers/profile-peer.ts";
import {
  startOurs,
  startOwnScript,
  startTensorFlow,
  startTorch,
  startTorchScript,
  type TrainingCase,
} from "./peers.ts";

const rounds = 5;

function both(training: Omit<TrainingCase, "optimizer">): readonly TrainingCase[] {
  return [
    { ...training, optimizer: "SGD" },
    { ...training, optimizer: "Adam" },
  ];
}

const cases: readonly TrainingCase[] = [
  ...both({
    name: "MLP 2-2-2-2-1, batch 1",
    model: "mlp",
    sizes: [2, 2, 2, 2, 1],
    activation: "sigmoid",
    input: [1, 2],
    target: [1, 1],
    steps: 2000,
    limit: 0.2,
    isSmall: true,
  }),
  ...both({
    name: "MLP 16-64-64-1, batch 1",
    model: "mlp",
    sizes: [16, 64, 64, 1],
    activation: "relu",
    input: [1, 16],
    target: [1, 1],
    steps: 2000,
    limit: 0.4,
    isSmall: true,
  }),
  ...both({
    name: "MLP 16-64-64-1, batch 32",
    model: "mlp",
    sizes: [16, 64, 64, 1],
    activation: "relu",
    input: [32, 16],
    target: [32, 1],
    steps: 1000,
    limit: 0.4,
    isSmall: true,
  }),
  {
    name: "LSTM 8 units, 20 steps, batch 4",
    model: "lstm",
    sizes: [4, 8],
    input: [4, 20, 4],
    target: [4, 20, 1],
    optimizer: "Adam",
    steps: 500,
    limit: 1,
    isSmall: true,
  },
  {
    name: "CNN 1-4-8, 8 x 8 x 8",
    model: "cnn",
    sizes: [1, 4, 8],
    input: [8, 1, 8, 8],
    target: [8, 8, 8, 8],
    optimizer: "Adam",
    steps: 500,
    limit: 1,
    isSmall: true,
  },
  {
    name: "Transformer 2 x 16, 8 words, batch 4",
    model: "transformer",
    sizes: [16, 2, 32, 2],
    input: [4, 8, 16],
    target: [4, 8, 1],
    optimizer: "Adam",
    steps: 300,
    limit: 1,
    isSmall: true,
  },
  ...both({
    name: "MLP 784-256-256-10, batch 128",
    model: "mlp",
    sizes: [784, 256, 256, 10],
    activation: "relu",
    input: [128, 784],
    target: [128, 10],
    steps: 100,
    limit: 1.1,
  }),
  ...both({
    name: "MLP 1024-1024-1024-10, batch 256",
    model: "mlp",
    sizes: [1024, 1024, 1024, 10],
    activation: "relu",
    input: [256, 1024],
    target: [256, 10],
    steps: 10,
    limit: 1.15,
  }),
  {
    name: "CNN 1-32-32-1, 16 x 64 x 64",
    model: "cnn",
    sizes: [1, 32, 32, 1],
    input: [16, 1, 64, 64],
    target: [16, 1, 64, 64],
    optimizer: "SGD",
    steps: 8,
    limit: 1.3,
  },
  {
    name: "CNN 1-64-64-64-1, 64 x 32 x 32",
    model: "cnn",
    sizes: [1, 64, 64, 64, 1],
    input: [64, 1, 32, 32],
    target: [64, 1, 32, 32],
    optimizer: "SGD",
    steps: 3,
    limit: 1.3,
  },
  {
    name: "U-Net 4 levels, 16 features, 16 x 32 x 32",
    model: "unet",
    sizes: [16, 4],
    input: [16, 1, 32, 32],
    target: [16, 1, 32, 32],
    optimizer: "SGD",
    steps: 5,
    limit: 1.3,
  },
  {
    name: "MNIST CNN, batch 64",
    model: "mnist",
    sizes: [],
    input: [64, 1, 28, 28],
    target: [64, 10],
    optimizer: "SGD",
    steps: 6,
    limit: 1,
  },
  {
    name: "depthwise-separable net, 16 x 32 x 32",
    model: "depthwise",
    sizes: [32, 64, 128, 128],
    input: [16, 3, 32, 32],
    target: [16, 10],
    optimizer: "SGD",
    steps: 5,
    limit: 0.9,
  },
  {
    name: "ResNet-18, 16 wide, 32 x 32 x 32",
    model: "resnet",
    sizes: [16],
    input: [32, 3, 32, 32],
    target: [32, 10],
    optimizer: "SGD",
    steps: 3,
    limit: 1.1,
  },
  {
    name: "ResNet-18, 64 wide, 32 x 32 x 32",
    model: "resnet",
    sizes: [64],
    input: [32, 3, 32, 32],
    target: [32, 10],
    optimizer: "SGD",
    steps: 1,
    limit: 1.1,
  },
  ...both({
    name: "MLP 512-1024-1024-10, batch 1024",
    model: "mlp",
    sizes: [512, 1024, 1024, 10],
    activation: "relu",
    input: [1024, 512],
    target: [1024, 10],
    steps: 4,
    limit: 1.05,
  }),
  {
    name: "GPT 4 x 256, 128 words, batch 8",
    model: "gpt",
    sizes: [256, 8, 4, 128],
    words: 65,
    input: [8, 128],
    target: [8, 128, 65],
    optimizer: "SGD",
    steps: 3,
    limit: 1,
  },
  ...both({
    name: "embedding of 50,000 x 64, batch 64 x 16",
    model: "words",
    sizes: [64],
    words: 50_000,
    input: [64, 16],
    target: [64, 10],
    steps: 50,
    limit: 1,
  }),
  ...(["layer", "batch", "group"] as const).map(
    (kind): TrainingCase => ({
      name: `${kind} norm`,
      model: "norm",
      kind,
      sizes: [256],
      input: kind === "group" ? [16, 256, 16, 16] : [1024, 256],
      target: kind === "group" ? [16, 256, 16, 16] : [1024, 256],
      optimizer: "SGD",
      steps: 50,
      limit: 1,
    }),
  ),
  {
    name: "LSTM 64 units, 50 steps, batch 32",
    model: "lstm",
    sizes: [16, 64],
    input: [32, 50, 16],
    target: [32, 50, 1],
    optimizer: "SGD",
    steps: 20,
    limit: 1,
  },
  {
    name: "Transformer 2 x 64, 32 words, batch 32",
    model: "transformer",
    sizes: [64, 4, 128, 2],
    input: [32, 32, 64],
    target: [32, 32, 1],
    optimizer: "SGD",
    steps: 20,
    limit: 1,
  },
];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function timeText(microseconds: number): string {
  return microseconds < 1000 ? `${microseconds.toFixed(1)} us` : `${(microseconds / 1000).toFixed(1)} ms`;
}

async function printProfile(training: TrainingCase): Promise<void> {
  const [profiling, ours, torch, torchProducts] = await Promise.all([
    startOwnScript("profile-peer.ts"),
    startOurs(),
    startTorch(),
    startTorchScript("products_torch.py"),
  ]);
  const { kernels, products, largeProduct }: Profile = Object(await profiling.ask(training));
  profiling.close();
  const byTorch = Number((await torchProducts.ask(products.all)).microseconds);
  torchProducts.close();
  const times: (readonly [number, number])[] = [];
  for (let round = 0; round < rounds; round++) {
    const own = await ours.measure({ ...training, executor: "onnx" });
    times.push([own.microseconds, (await torch.measure(training)).microseconds]);
  }
  ours.close();
  torch.close();
  const other = median(times.map(([, each]) => each));
  const whole = kernels.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const speed = (flops: number, microseconds: number) => `${(flops / microseconds / 1000).toFixed(0)} GFLOP/s`;
  const ratio = (median(times.map(([own]) => own)) / other).toFixed(2);
  console.log(`${training.name} ${training.optimizer}: ${timeText(other)} by PyTorch, ${ratio} of that by us`);
  for (const { name, count, microseconds, flops } of kernels.filter((each) => each.microseconds >= whole / 200))
    console.log(
      [
        `  ${name.padEnd(22)} ${String(count).padStart(4)} x  ${timeText(microseconds).padStart(9)}`,
        `${((100 * microseconds) / whole).toFixed(1).padStart(5)} %`,
        flops === 0 ? "" : speed(flops, microseconds),
      ].join("  "),
    );
  if (products.flops > 0)
    console.log(
      `  its products alone: ${timeText(products.microseconds)}, ${(products.microseconds / other).toFixed(2)} of PyTorch's step, at ${speed(products.flops, products.microseconds)}; by PyTorch ${timeText(byTorch)}, at ${speed(products.flops, byTorch)}; one of 1024 x 1024 x 1024: ${speed(largeProduct.flops, largeProduct.microseconds)}`,
    );
}

/** What a second thread saves, by the clock: on a machine that does nothing else. */
async function printThreads(training: TrainingCase): Promise<void> {
  const [one, two] = await Promise.all([startOurs(), startOurs()]);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const single = await one.measure({ ...training, executor: "onnx" });
    const both = await two.measure({ ...training, executor: "onnx", threads: 2 });
    ratios.push(both.wallMicroseconds / single.wallMicroseconds);
  }
  one.close();
  two.close();
  console.log(`${training.name.padEnd(42)} two threads take ${median(ratios).toFixed(2)} of one's time by the clock`);
}

const { values: modes, positionals } = parseArgs({
  allowPositionals: true,
  options: { profile: { type: "boolean" }, threads: { type: "boolean" } },
});
const [wanted = ""] = positionals;
const chosen = cases.filter(({ name }) => name.includes(wanted));
if (modes.profile === true || modes.threads === true) {
  for (const training of chosen) {
    if (modes.profile === true) await printProfile(training);
    if (modes.threads === true) await printThreads(training);
  }
  process.exit();
}
let over = 0;
let isFirst = true;
for (const training of chosen) {
  // New processes for each case: peak memory is the process's.
  const [ours, torch, tensorFlow] = await Promise.all([startOurs(), startTorch(), startTensorFlow()]);
  if (isFirst)
    console.log(
      `${cpus()[0]?.model}, ${ours.version}, PyTorch ${torch.version}; medians of ${rounds} rounds, alternating`,
    );
  isFirst = false;
  const pairs: (readonly [number, number])[] = [];
  const memory = [0, 0];
  const onWasm = training.isSmall === true ? await startOurs() : undefined;
  const wasmTimes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const own = await ours.measure(training);
    const other = await torch.measure(training);
    pairs.push([own.microseconds, other.microseconds]);
    const wasm = await onWasm?.measure({ ...training, executor: "wasm" });
    if (wasm !== undefined) wasmTimes.push(wasm.microseconds / other.microseconds);
    memory[0] = own.megabytes;
    memory[1] = other.megabytes;
  }
  // Once is enough: it is slower by so much.
  const other = await tensorFlow?.measure(training);
  ours.close();
  torch.close();
  tensorFlow?.close();
  onWasm?.close();
  const ratio = median(pairs.map(([own, other]) => own / other));
  if (ratio > training.limit) over++;
  console.log(
    [
      training.name.padEnd(42),
      training.optimizer.padEnd(5),
      timeText(median(pairs.map(([own]) => own))).padStart(9),
      ` PyTorch ${timeText(median(pairs.map(([, other]) => other))).padStart(9)}`,
      ` ratio ${ratio.toFixed(4)} with auto (limit ${training.limit})`,
      wasmTimes.length === 0 ? "" : `  with wasm ${median(wasmTimes).toFixed(4)}`,
      `  memory ${memory.map((size) => size.toFixed(0)).join(" / ")} MB`,
      other === undefined
        ? ""
        : `  TensorFlow.js ${Number.isNaN(other.microseconds) ? "cannot" : timeText(other.microseconds)}`,
    ].join(""),
  );
}
process.exitCode = over > 0 ? 1 : 0;
