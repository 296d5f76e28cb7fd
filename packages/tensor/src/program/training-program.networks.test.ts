/** Small convolutional networks, from PyTorch's weights and in its order of samples, follow its losses. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type DType, fromNumbers, toNumbers } from "../dtype.ts";
import type { StateEntry } from "../io/safetensors.ts";
import { cat } from "../methods/movement.ts";
import * as nn from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import { Generator } from "../random/generator.ts";
import { constant, type Tensor } from "../tensor.ts";
import { executorNames } from "./executor.ts";
import { compileTraining } from "./training-program.ts";

interface Given {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Case {
  readonly name: string;
  readonly options: { readonly lr: number; readonly momentum?: number };
  readonly weights: Readonly<Record<string, Given>>;
  readonly rows: readonly number[];
  readonly losses: readonly number[];
  readonly x: Given;
  readonly y: Given;
  readonly evaluation: readonly number[];
}
const fixture: { readonly batch: number; readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/networks.json", import.meta.url), "utf8"),
);

class Cnn extends nn.Module {
  readonly layers = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(4, 8, 3, { stride: 2, padding: 1 }),
    new nn.ReLU(),
    new nn.AdaptiveAvgPool2d(2),
    new nn.Flatten(),
    new nn.Linear(32, 3),
  );
  forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}

class UNetBlock extends nn.Module {
  readonly down = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
  );
  readonly pool = new nn.MaxPool2d(2);
  readonly bottom = new nn.Sequential(new nn.Conv2d(4, 8, 3, { padding: 1 }), new nn.GroupNorm(2, 8), new nn.ReLU());
  readonly up = new nn.ConvTranspose2d(8, 4, 2, { stride: 2 });
  readonly merge = new nn.Sequential(new nn.Conv2d(8, 4, 3, { padding: 1 }), new nn.ReLU());
  readonly head = new nn.Conv2d(4, 1, 1);
  forward(x: Tensor): Tensor {
    const skip = this.down.forward(x);
    const below = this.bottom.forward(this.pool.forward(skip));
    return this.head.forward(this.merge.forward(cat([skip, this.up.forward(below)], 1)));
  }
}

const classes: DType = "int64";
const probabilities: DType = "float32";

const networks = {
  cnn: () => ({ model: new Cnn(), loss: new nn.CrossEntropyLoss(), optimizer: optim.SGD, target: classes }),
  unet: () => ({
    model: new UNetBlock(),
    loss: new nn.BCEWithLogitsLoss(),
    optimizer: optim.Adam,
    target: probabilities,
  }),
} as const;

function field({ shape, data }: Given, dtype: DType) {
  return { data: fromNumbers(dtype, data), shape, dtype };
}

test.each(fixture.cases.flatMap((each) => executorNames.map((executor) => [each.name, executor, each] as const)))(
  "%s on %s follows PyTorch for 30 steps",
  async (_name, executor, each) => {
    const { model, loss, optimizer, target } = networks[each.name === "cnn" ? "cnn" : "unet"]();
    const weights = Object.entries(each.weights).map(([path, given]): [string, StateEntry] => [
      path,
      field(given, path.endsWith("num_batches_tracked") ? classes : probabilities),
    ]);
    // Strict: the paths and shapes are PyTorch's.
    model.loadStateDict(new Map(weights));
    const program = await compileTraining({
      fields: [field(each.x, "float32"), field(each.y, target)],
      parameters: model.parameters(),
      optimizer: optimizer(each.options),
      batchSize: fixture.batch,
      executor,
      step: ([x, y]: readonly Tensor[]) => {
        if (x === undefined || y === undefined) throw new RangeError("two fields are given");
        model.train();
        return { loss: loss.forward(model.forward(x), y) };
      },
    });
    const chunk = {
      rows: Int32Array.from(each.rows),
      batchSize: fixture.batch,
      lr: each.options.lr,
      generator: new Generator(0),
    };
    const { state, values } = await program.run(program.initialState, chunk);
    for (const [step, expected] of each.losses.entries()) {
      expect(Math.abs((values.loss?.[step] ?? Number.NaN) - expected) / expected, `step ${step}`).toBeLessThan(1e-3);
    }
    expect(each.losses.at(-1)).toBeLessThan(0.8 * (each.losses[0] ?? 0));
    program.store(state);
    program.release();
    model.eval();
    const images = constant(fromNumbers("float32", each.x.data), each.x.shape, "float32").slice(0, 0, 2);
    const evaluated = toNumbers(await model.forward(images).data());
    for (const [index, expected] of each.evaluation.entries()) expect(evaluated[index]).toBeCloseTo(expected, 2);
  },
);
