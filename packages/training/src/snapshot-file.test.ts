/** Snapshots of programs that a loop of one's own runs. */
import { join } from "node:path";
import { buffer, compileTraining, Generator, nn, optim, randn, type Tensor } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { loadSnapshot, saveSnapshot } from "./snapshot-file.ts";

const [samples, batchSize] = [24, 4];

class Pair extends nn.Module {
  readonly body = new nn.Sequential(new nn.Linear(3, 8), new nn.BatchNorm1d(8), new nn.Tanh());
  readonly left = new nn.Linear(8, 1);
  readonly right = new nn.Linear(8, 1);
  readonly average = buffer(new Float32Array(1), []);
}

/** Two phases that share a body, with noise, and an average that goes on over the steps. */
async function newProgram(seed: number) {
  const model = new Pair().initialize(new Generator(seed));
  const data = await randn([samples, 3], { generator: new Generator(9) }).data();
  const lossOf = (head: nn.Linear, x: Tensor) =>
    head
      .forward(model.body.forward(x.add(randn(x.shape))))
      .pow(2)
      .mean();
  const program = await compileTraining({
    fields: [{ data, shape: [samples, 3], dtype: "float32" }],
    batchSize,
    phases: {
      left: {
        parameters: [...model.body.parameters(), ...model.left.parameters()],
        optimizer: optim.Adam(),
        accumulate: 3,
        step: ([x]) => ({ loss: lossOf(model.left, x ?? randn([])) }),
      },
      right: {
        parameters: [...model.body.parameters(), ...model.right.parameters()],
        optimizer: optim.RMSprop({ momentum: 0.9 }),
        step([x]) {
          const loss = lossOf(model.right, x ?? randn([]));
          return { loss, carry: new Map([[model.average, model.average.mul(0.9).add(loss.detach().mul(0.1))]]) };
        },
      },
    },
  });
  const paths = new Map(Array.from(model.namedVariables(), ([path, variable]) => [variable, path]));
  return { program, paths };
}

const rows = Int32Array.from({ length: samples }, (_, index) => index);
const chunk = { rows, batchSize, generator: new Generator(5) };

test("a program of phases goes on from a snapshot to the bit", async () => {
  const first = await newProgram(1);
  const path = join(temporaryFolder(), "phases.safetensors");
  const { state: begun } = await first.program.run(first.program.initialState, { ...chunk, phases: ["right"] });
  const { state: half } = await first.program.run(begun, { ...chunk, rows: rows.subarray(0, 16) });
  const ofLoop = { scheduler: {}, earlyStopping: {} };
  await saveSnapshot(
    path,
    { state: { epoch: 1, training: half, ...ofLoop }, layout: first.program.layout },
    first.paths,
  );

  const second = await newProgram(2);
  const { state } = await loadSnapshot(path, second.program.layout, second.paths);
  expect(state.training.phases).toEqual({ left: 4, right: 10 });
  expect(await second.program.run(state.training, chunk)).toEqual(await first.program.run(half, chunk));
  for (const { program } of [first, second]) program.release();
});
