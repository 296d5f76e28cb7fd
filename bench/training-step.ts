/** Time of a training step, as a ratio to PyTorch's in the same run, both on one thread. */
import { cpus } from "node:os";
import { compileTraining, fromArray, Generator, nn, optim, randn, type Tensor, TensorDataset } from "@ml-mosaic/tensor";
import { startTorch, type TrainingCase } from "./torch-peer.ts";

const rounds = 5;

const cases: readonly TrainingCase[] = (["SGD", "Adam"] as const).flatMap((optimizer): TrainingCase[] => [
  {
    name: "MLP 2-2-2-2-1, batch 1",
    model: "mlp",
    sizes: [2, 2, 2, 2, 1],
    activation: "sigmoid",
    batch: 1,
    optimizer,
    steps: 2000,
    limit: 0.2,
  },
  {
    name: "MLP 16-64-64-1, batch 32",
    model: "mlp",
    sizes: [16, 64, 64, 1],
    activation: "relu",
    batch: 32,
    optimizer,
    steps: 1000,
    limit: 0.4,
  },
  {
    name: "MLP 784-256-256-10, batch 128",
    model: "mlp",
    sizes: [784, 256, 256, 10],
    activation: "relu",
    batch: 128,
    optimizer,
    steps: 100,
    limit: 1.1,
  },
]);

function mlp({ sizes, activation }: TrainingCase): nn.Sequential {
  const layers = sizes.slice(1).flatMap((size, index): nn.Layer[] => {
    const linear = new nn.Linear(sizes[index] ?? size, size);
    if (activation === "sigmoid") return [linear, new nn.Sigmoid()];
    return index < sizes.length - 2 ? [linear, new nn.ReLU()] : [linear];
  });
  return new nn.Sequential(...layers).initialize(new Generator(0));
}

interface Prepared {
  measure(): Promise<number>;
  release(): void;
}

async function prepare(training: TrainingCase): Promise<Prepared> {
  const { batch, sizes, steps } = training;
  const model = mlp(training);
  const samples = batch * 4;
  const generator = new Generator(1);
  const { fields } = await new TensorDataset(
    randn([samples, sizes[0] ?? 1], { generator }),
    randn([samples, sizes.at(-1) ?? 1], { generator }),
  ).samples();
  const loss = new nn.MSELoss();
  const program = await compileTraining({
    fields,
    parameters: model.parameters(),
    optimizer: optim[training.optimizer]({ lr: 1e-3 }),
    batchSize: batch,
    step: ([x = missing, y = missing]: readonly Tensor[]) => ({ loss: loss.forward(model.forward(x), y) }),
  });
  const rowsOf = (count: number) => Int32Array.from({ length: count * batch }, (_, index) => index % samples);
  let state = program.initialState;
  const run = async (count: number) => {
    ({ state } = await program.run(state, { rows: rowsOf(count), batchSize: batch, lr: 1e-3, generator }));
  };
  await run(Math.max(2, Math.floor(steps / 10)));
  return {
    async measure() {
      const start = performance.now();
      await run(steps);
      return ((performance.now() - start) / steps) * 1000;
    },
    release: () => program.release(),
  };
}

const missing = fromArray(new Float32Array(1), [1]);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const torch = await startTorch();
console.log(
  `${cpus()[0]?.model}, node ${process.versions.node}, PyTorch ${torch.version}; medians of ${rounds} rounds, alternating`,
);
let over = 0;
for (const training of cases) {
  const prepared = await prepare(training);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await prepared.measure());
    theirs.push(await torch.measure(training));
  }
  prepared.release();
  const ratio = median(ours.map((time, round) => time / (theirs[round] ?? Number.NaN)));
  if (ratio > training.limit) over++;
  console.log(
    `${training.name.padEnd(32)} ${training.optimizer.padEnd(5)} ${median(ours).toFixed(1).padStart(8)} us  PyTorch ${median(theirs).toFixed(1).padStart(8)} us  ratio ${ratio.toFixed(2)} (limit ${training.limit})`,
  );
}
torch.close();
process.exitCode = over > 0 ? 1 : 0;
