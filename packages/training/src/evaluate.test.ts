import {
  cat,
  compileEvaluation,
  DataLoader,
  Generator,
  metrics,
  nn,
  randn,
  type Tensor,
  TensorDataset,
  zeros,
} from "@ml-mosaic/tensor";
import { expect, test } from "vitest";
import { evaluateModel } from "./evaluate.ts";

const generator = new Generator(9);
const x = randn([50, 4], { generator: generator.stream("x") });
const y = x.sum(1, true).gt(0).float();
const loss = new nn.BCEWithLogitsLoss();

/** Drops in evaluations too, as for Monte Carlo estimates. */
class AlwaysDropping extends nn.Module {
  readonly drop = new nn.Dropout(0.5);
  readonly output = new nn.Linear(4, 1);
  forward(input: Tensor): Tensor {
    this.drop.train(true);
    return this.output.forward(this.drop.forward(input));
  }
}

function begin<Net extends nn.Module & { forward(input: Tensor): Tensor }>(net: Net) {
  net.initialize(generator.stream("initialization"));
  const model = {
    parameters: net.parameters(),
    forward: (input: Tensor) => net.forward(input),
    train: (mode: boolean) => void net.train(mode),
  };
  return { net, model };
}

test("loss and metrics of a model as it is, whatever the batches", async () => {
  const { net, model } = begin(new nn.Linear(4, 1));
  for (const batchSize of [50, 7]) {
    const loader = new DataLoader(new TensorDataset(x, y), { batchSize });
    const list = [metrics.rocAuc(), metrics.accuracy({ threshold: 0 })];
    const found = await evaluateModel({ model, loss, loader, metrics: list, generator });
    expect(found?.loss).toBeCloseTo(await loss.forward(net.forward(x), y).item(), 6);
    expect(found?.metrics.rocAuc).toBeCloseTo(await metrics.compute(metrics.rocAuc(), net.forward(x), y), 6);
    expect(found?.metrics.accuracy).toBeCloseTo(await net.forward(x).gt(0).eq(y.gt(0)).float().mean().item(), 6);
  }
});

test("what a model draws does not depend on how many batches are done at once", async () => {
  const { model } = begin(new AlwaysDropping());
  const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 5 });
  const own = generator.stream("evaluation");
  // The first call is of one batch, the next of several.
  const found = await evaluateModel({ model, loss, loader, generator: own });

  const { fields, rows } = await loader.dataset.samples();
  const whole = compileEvaluation({
    fields,
    layout: { segments: [], buffers: [] },
    step: ([points, sides]) => ({ loss: loss.forward(model.forward(points ?? x), sides ?? y) }),
  });
  const state = { step: 0, parameters: [], slots: [], buffers: [] };
  const values = await whole.run(state, { rows, batchSize: 5, generator: own });
  whole.release();
  const losses = Array.from(values.loss ?? []);
  expect(losses).toHaveLength(10);
  expect(found?.loss).toBe(losses.reduce((sum, value) => sum + 5 * value, 0) / 50);
});

test("is paused as a whole, and refuses what is no data", async () => {
  const { model } = begin(new nn.Linear(4, 1));
  const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 5 });
  const pause = new AbortController();
  const told: number[] = [];
  const onProgress = (batches: number) => {
    told.push(batches);
    pause.abort();
  };
  expect(await evaluateModel({ model, loss, loader, generator, pause: pause.signal, onProgress })).toBeUndefined();
  expect(told).toEqual([1]);
  const alone = new DataLoader(new TensorDataset(cat([x, zeros([1, 4])], 0)), { batchSize: 5 });
  await expect(evaluateModel({ model, loss, loader: alone, generator, name: "test" })).rejects.toThrow(
    "the test loader gives 1 tensor a sample; features and a target are needed",
  );
});
