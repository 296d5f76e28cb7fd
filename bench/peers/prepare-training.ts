import { compileTraining, Generator, nn, optim, randint, randn, type Tensor, TensorDataset } from "@ml-mosaic/tensor";
import type { TrainingCase } from "../peers.ts";
import { buildModel } from "./models.ts";

export interface PreparedTraining {
  run(steps: number): Promise<void>;
  readonly compileMilliseconds: number;
  release(): void;
}

/** The training of a case as a program that goes on from its last state. */
export async function prepareTraining(training: TrainingCase): Promise<PreparedTraining> {
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
    ...(training.threads === undefined ? {} : { threads: training.threads }),
    step: ([x, y]: readonly Tensor[]) => {
      if (x === undefined || y === undefined) throw new RangeError("a batch has features and targets");
      return { loss: loss.forward(model.forward(x), y) };
    },
  });
  const compileMilliseconds = performance.now() - start;
  let state = program.initialState;
  // As the peers, which number their batch once: making these takes as long as some steps.
  let rows = new Int32Array();
  const run = async (steps: number) => {
    if (rows.length !== steps * batchSize)
      rows = Int32Array.from({ length: steps * batchSize }, (_, index) => index % batchSize);
    ({ state } = await program.run(state, { rows, batchSize, lr: 1e-3, generator, donate: true }));
  };
  return { run, compileMilliseconds, release: () => program.release() };
}
