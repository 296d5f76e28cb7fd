/** Our side of the benchmarks: reads one case a line, answers as peers/torch_peer.py does. */
import { createInterface } from "node:readline";
import { compileTraining, Generator, nn, optim, randint, randn, type Tensor, TensorDataset } from "@ml-mosaic/tensor";
import type { TrainingCase } from "../peers.ts";
import { buildModel } from "./models.ts";

async function prepare(training: TrainingCase) {
  const { input, target } = training;
  const batchSize = input[0] ?? 1;
  const model = buildModel(training).initialize(new Generator(0));
  const generator = new Generator(1);
  const { words } = training;
  const features = words === undefined ? randn(input, { generator }) : randint(0, words, input, { generator });
  const { fields } = await new TensorDataset(features, randn(target, { generator })).samples();
  const loss = new nn.MSELoss();
  const start = performance.now();
  const program = await compileTraining({
    fields,
    parameters: model.parameters(),
    optimizer: optim[training.optimizer]({ lr: 1e-3 }),
    batchSize,
    executor: training.executor,
    step: ([x, y]: readonly Tensor[]) => {
      if (x === undefined || y === undefined) throw new RangeError("a batch has features and targets");
      return { loss: loss.forward(model.forward(x), y) };
    },
  });
  const compileMilliseconds = performance.now() - start;
  let state = program.initialState;
  const run = async (steps: number) => {
    const rows = Int32Array.from({ length: steps * batchSize }, (_, index) => index % batchSize);
    ({ state } = await program.run(state, { rows, batchSize, lr: 1e-3, generator, donate: true }));
  };
  return { run, compileMilliseconds, release: () => program.release() };
}

console.log(JSON.stringify({ version: `node ${process.versions.node}` }));
// Rounds of one case go on with one training: the process has the memory of that.
let last: { readonly line: string; readonly prepared: Awaited<ReturnType<typeof prepare>> } | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const training: TrainingCase = JSON.parse(line);
  if (last?.line !== line) {
    last?.prepared.release();
    last = { line, prepared: await prepare(training) };
  }
  const { run, compileMilliseconds } = last.prepared;
  await run(Math.max(2, Math.floor(training.steps / 10)));
  const start = process.cpuUsage();
  await run(training.steps);
  const microseconds = process.cpuUsage(start).user / training.steps;
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ microseconds, megabytes, compileMilliseconds }));
}
last?.prepared.release();
