/** The U-Nets against their twins in PyTorch (fixtures/models.py). */
import { readFileSync } from "node:fs";
import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import { compileTraining, fromArray, Generator, grad, nn, optim, type StateEntry, Tensor } from "@ml-mosaic/tensor";
import { BaseLoss, BaseModel } from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import { BigsfError } from "../errors.ts";
import "../losses/built-in.ts";
import "./built-in.ts";
import { BaseEncoder } from "./encoders/base-encoder.ts";
import { SegmentationModel } from "./segmentation-model.ts";
import { UNet } from "./unet.ts";
import { UNetPlusPlus } from "./unetpp.ts";

interface Given {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Training {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: Readonly<Record<string, Given>>;
  readonly evaluated: readonly number[];
  readonly trained: readonly (readonly number[])[];
  readonly rows: readonly number[];
  readonly losses: readonly number[];
  readonly evaluatedAfter: readonly number[];
  readonly sensitivity: number;
  readonly lossSensitivity: number;
}
interface Large {
  readonly config: Readonly<Record<string, unknown>>;
  readonly size: number;
  readonly names: readonly string[];
  readonly evaluated: readonly number[];
  readonly trained: readonly number[];
}
const fixture: {
  readonly batch: number;
  readonly lr: number;
  readonly patches: Given;
  readonly positions: Given;
  readonly target: Given;
  readonly trainings: readonly Training[];
  readonly large: readonly Large[];
} = JSON.parse(readFileSync(new URL("../../fixtures/models.json", import.meta.url), "utf8"));

const array = ({ shape, data }: Given) => fromArray(Float32Array.from(data), shape);
const positionsFor = ({ encoder }: SegmentationModel) => {
  const positions = array(fixture.positions);
  return encoder?.constructor.name === "IdentityEncoder" ? positions.div(100) : positions;
};
const outputsOf = (output: Tensor | readonly Tensor[]) => (output instanceof Tensor ? [output] : output);

function load(model: SegmentationModel, weights: Training["weights"]): void {
  const entries = Object.entries(weights).map(([path, { shape, data }]): [string, StateEntry] => [
    path,
    path.endsWith("num_batches_tracked")
      ? { shape, data: BigInt64Array.from(data, BigInt), dtype: "int64" }
      : { shape, data: Float32Array.from(data), dtype: "float32" },
  ]);
  model.loadStateDict(new Map(entries));
}

function modelOf(config: Readonly<Record<string, unknown>>): SegmentationModel {
  const model = BaseModel.fromConfig(config);
  if (!(model instanceof SegmentationModel)) throw new Error("no model of ours");
  return model;
}

async function expectOutput(output: Tensor | undefined, expected: readonly number[], tolerance = 1e-5): Promise<void> {
  const values = (await output?.data()) ?? [];
  expect(values.length).toBe(expected.length);
  const size = Math.max(1, ...expected.map(Math.abs));
  const largest = Math.max(...expected.map((value, index) => Math.abs(Number(values[index]) - value)));
  expect(largest / size).toBeLessThan(tolerance);
}

describe.each(fixture.trainings.map((each) => [JSON.stringify(each.config), each] as const))("%s", (_, each) => {
  const model = modelOf(each.config);
  const forward = (patches: Tensor, positions: Tensor) =>
    outputsOf(model.encoder === undefined ? model.forward(patches) : model.forward(patches, positions));
  const firstThree = () => forward(array(fixture.patches).slice(0, 0, 3), positionsFor(model).slice(0, 0, 3));

  test("has PyTorch's outputs in evaluation and in training", async () => {
    load(model, each.weights);
    model.eval();
    const [evaluated, ...none] = firstThree();
    expect(none).toEqual([]);
    await expectOutput(evaluated, each.evaluated);
    model.train();
    const trained = firstThree();
    expect(trained.length).toBe(each.trained.length);
    for (const [index, expected] of each.trained.entries()) await expectOutput(trained[index], expected);
  });

  test("follows PyTorch's losses for 20 steps", async () => {
    load(model, each.weights);
    const loss = BaseLoss.fromConfig({ type: "bce_dice" });
    const field = async (tensor: Tensor) => ({
      data: Float32Array.from(await tensor.data(), Number),
      shape: tensor.shape,
      dtype: "float32" as const,
    });
    const program = await compileTraining({
      fields: await Promise.all([array(fixture.patches), positionsFor(model), array(fixture.target)].map(field)),
      parameters: model.parameters(),
      optimizer: optim.Adam({ lr: fixture.lr }),
      batchSize: fixture.batch,
      step: ([patches, positions, target]: readonly Tensor[]) => {
        if (patches === undefined || positions === undefined || target === undefined) throw new Error("three fields");
        model.train();
        const losses = forward(patches, positions).map((output) => loss.forward(output, target));
        return { loss: losses.reduce((a, b) => a.add(b)).div(losses.length) };
      },
    });
    const { values, state } = await program.run(program.initialState, {
      rows: Int32Array.from(each.rows),
      batchSize: fixture.batch,
      lr: fixture.lr,
      generator: new Generator(0),
    });
    // Two of these trainings magnify the rounding of their weights a million times, in PyTorch too.
    const tolerance = Math.max(1e-5, 2 * each.lossSensitivity);
    for (const [step, expected] of each.losses.entries())
      expect(Math.abs((values.loss?.[step] ?? Number.NaN) / expected - 1), `step ${step}`).toBeLessThan(tolerance);
    program.store(state);
    program.release();
    model.eval();
    await expectOutput(firstThree()[0], each.evaluatedAfter, Math.max(1e-4, 2 * each.sensitivity));
  });
});

/** Numbers that look random, as models.py has them. */
function formula(index: number, count: number, scale: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => {
    const digits = 43758.5453 * Math.sin(12.9898 * (i + 1) + index);
    return scale * (2 * (digits - Math.floor(digits)) - 1);
  });
}

function loadFormula(model: SegmentationModel, names: readonly string[]): void {
  const state = new Map(model.stateDict());
  for (const [index, name] of names.entries()) {
    const { shape = [] } = state.get(name) ?? {};
    const count = shape.reduce((a, b) => a * b, 1);
    const set = (scale: number, offset = 0) => {
      const data = formula(index, count, scale).map((value) => offset + value);
      state.set(name, { shape, data, dtype: "float32" });
    };
    if (name.endsWith("running_var")) set(0.5, 1);
    else if (name.endsWith("running_mean")) set(0.5);
    else if (shape.length === 1) set(0.5, 0.5);
    else if (shape.length > 1) set(Math.sqrt(3 / (count / (shape[0] ?? 1))));
  }
  model.loadStateDict(state);
}

test.each(fixture.large.map((each) => [JSON.stringify(each.config), each] as const))(
  "%s with weights from a formula has PyTorch's outputs",
  async (_, { config, size, names, evaluated, trained }) => {
    const model = modelOf(config);
    expect(new Set(model.stateDict().keys())).toEqual(new Set(names));
    loadFormula(model, names);
    const images = fromArray(formula(7, 4 * size * size, 1), [4, 1, size, size]);
    const middle = (output: Tensor | undefined) => output?.select(2, size / 2);
    model.eval();
    await expectOutput(middle(outputsOf(model.forward(images)).at(-1)), evaluated);
    model.train();
    await expectOutput(middle(outputsOf(model.forward(images)).at(-1)), trained);
  },
);

describe.each(["unet", "unetpp"])("%s and positions", (type) => {
  const encoders = [{ type: "lin", height: 200, width: 400 }, { type: "sin", width: 400 }, { type: "identity" }];
  const places = ["before", "middle", "after"];
  test.each(encoders.flatMap((encoder) => places.map((place) => [encoder.type, place, encoder] as const)))(
    "the encoder %s reaches the output %s, and gradients reach it",
    async (_name, place, encoder) => {
      const config = { type, features: 2, num_blocks: 2, encoder, encoder_cat_position: place };
      const model = modelOf(config).initialize(new Generator(3)).eval();
      const patches = array(fixture.patches).slice(0, 0, 2);
      const position = (at: number) => fromArray(Float32Array.of(at, at + 8, 90, 98, 16, 24, at, at + 8), [2, 2, 2]);
      const outputs = await Promise.all(
        [10, 61].map(async (at) =>
          Array.from((await outputsOf(model.forward(patches, position(at)))[0]?.data()) ?? [], Number),
        ),
      );
      const distance = (sample: number) =>
        Math.max(
          ...Array.from({ length: 64 }, (_, pixel) =>
            Math.abs((outputs[0]?.[64 * sample + pixel] ?? 0) - (outputs[1]?.[64 * sample + pixel] ?? 0)),
          ),
        );
      // Both coordinates of the first sample say so only where y is encoded.
      if (encoder.type !== "sin") expect(distance(0)).toBeGreaterThan(1e-6);
      expect(distance(1)).toBeGreaterThan(1e-6);
      const input = position(10);
      const [slope] = grad((outputsOf(model.forward(patches, input))[0] ?? patches).mul(patches).sum(), [input]);
      const slopes = Array.from((await slope?.data()) ?? [], Number);
      expect(slopes.filter((value) => value !== 0).length).toBeGreaterThan(0);
    },
  );

  test("without an encoder they change nothing", async () => {
    const model = modelOf({ type, features: 2, num_blocks: 1 }).initialize(new Generator(0)).eval();
    const patches = array(fixture.patches);
    const [without, withPositions] = [model.forward(patches), model.forward(patches, array(fixture.positions))];
    expect(await outputsOf(without)[0]?.data()).toEqual(await outputsOf(withPositions)[0]?.data());
  });
});

/** The example of `BaseEncoder`. */
class Learned extends configurable({ size: schema(int, { default: 2 }) }, BaseEncoder) {
  static override readonly aliases = ["learned"];
  readonly linear = new nn.Linear(4, this.size);
  override get channels(): number {
    return this.size;
  }
  override forward(position: Tensor): Tensor {
    return this.linear.forward(position.reshape([-1, 4]).div(1000));
  }
}
register(Learned);

test("one's own encoder is trained with the model", async () => {
  const config = { type: "unet", features: 2, num_blocks: 1, encoder: { type: "learned", size: 3 } };
  const model = modelOf({ ...config, encoder_cat_position: "middle" }).initialize(new Generator(1));
  expect([...model.stateDict().keys()]).toContain("encoder.linear.weight");
  const weights = Array.from(model.namedParameters()).filter(([name]) => name.startsWith("encoder."));
  const [output] = outputsOf(model.forward(array(fixture.patches), array(fixture.positions)));
  const slopes = grad(
    (output ?? array(fixture.patches)).mul(array(fixture.patches)).sum(),
    weights.map(([, each]) => each),
  );
  for (const slope of slopes) {
    const values = Array.from((await slope?.data()) ?? [], Number);
    expect(values.some((value) => Math.abs(value) > 1e-6)).toBe(true);
  }
});

describe("what models refuse", () => {
  const patches = (...shape: number[]) => fromArray(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  const net = (options: Readonly<Record<string, unknown>>) => UNet.fromConfig({ features: 2, ...options });
  test.each([
    [
      "patches that cannot be halved so often",
      () => net({ num_blocks: 5 }).forward(patches(2, 1, 48, 48)),
      /48 x 48 5 times.*multiples of 32; choose num_blocks of at most 4, or a patch_size such as 64/,
    ],
    [
      "odd patches",
      () => net({ num_blocks: 1 }).forward(patches(2, 1, 7, 8)),
      /multiples of 2; choose a patch_size such as 8/,
    ],
    [
      "another number of channels",
      () => net({ in_channels: 3 }).forward(patches(2, 1, 16, 16)),
      /\[batch, 3, height, width\] and got \[2, 1, 16, 16\]: in_channels is 3/,
    ],
    [
      "an encoder without positions",
      () => net({ encoder: { type: "identity" } }).forward(patches(2, 1, 16, 16)),
      /add toEncode: \[positions\]/,
    ],
    [
      "positions of another shape",
      () => net({ encoder: { type: "identity" } }).forward(patches(2, 1, 16, 16), patches(2, 4)),
      /\[batch, 2, 2\].*got \[2, 4\]/,
    ],
  ])("%s", (_, run, message) => {
    expect(run).toThrow(BigsfError);
    expect(run).toThrow(message);
  });

  test("options, all at once", () => {
    const config = {
      type: "unet",
      features: 0,
      num_blocks: 1.5,
      encoder_cat_position: "start",
      encoder: { type: "lin" },
    };
    const message = (() => {
      try {
        BaseModel.fromConfig(config);
      } catch (error) {
        return String(error);
      }
      return "";
    })();
    for (const text of ["features", "num_blocks", "encoder_cat_position", '"before", "middle", "after"', "height"])
      expect(message).toContain(text);
  });
});

test("names of the original's configurations are understood", () => {
  const model = modelOf({
    type: "UNetPlusPlus",
    in_channels: 1,
    init_features: 4,
    is_ds: false,
    encoder_pos: "middle",
  });
  expect(model).toBeInstanceOf(UNetPlusPlus);
  expect(model).toMatchObject({ features: 4, deep_supervision: false, encoder_cat_position: "middle" });
});
