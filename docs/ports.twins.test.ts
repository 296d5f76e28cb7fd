/** The programs of examples/ports that begin with waves compute what twins.py does. */
import { readFileSync } from "node:fs";
import { compileTraining, Generator, type nn, optim, type SampleArray, type Tensor } from "@ml-mosaic/tensor";
import { expectNear } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { CharacterModel, pieces } from "../examples/ports/char-lm.ts";
import { Denoiser, times } from "../examples/ports/ddpm.ts";
import { Learner, shots } from "../examples/ports/maml.ts";
import { Burgers } from "../examples/ports/pinn.ts";

const twins: Readonly<Record<string, readonly number[]>> = JSON.parse(
  readFileSync(new URL("../examples/ports/twins.json", import.meta.url), "utf8"),
);
const steps = 20;

/** scale * sin(phase + 1.3 i): waves.py. */
function waves(count: number, phase: number, scale = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, index) => scale * Math.sin(phase + 1.3 * index));
}

function fill<Model extends nn.Module>(model: Model): Model {
  const values = Array.from(model.namedParameters(), ([name, { shape }], number) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const scale = shape.length === 1 ? 0.1 : (shape.at(-1) ?? 1) ** -0.5;
    const data = waves(count, 7 * number, scale);
    const around = name.includes("norm") && name.endsWith("weight") ? 1 : 0;
    return [name, { data: data.map((value) => value + around), shape, dtype: "float32" as const }] as const;
  });
  model.loadStateDict(new Map(values));
  return model;
}

interface Port {
  readonly fields: readonly SampleArray[];
  readonly model: nn.Module;
  readonly optimizer: optim.Optimizer;
  readonly batchSize: number;
  readonly loss: (fields: readonly Tensor[]) => Tensor;
}

const floats = (data: Float32Array<ArrayBuffer>, width: number): SampleArray => ({
  data,
  shape: [data.length / width, width],
  dtype: "float32",
});

function pinn(): Port {
  const model = fill(new Burgers());
  const count = steps * 32;
  const fields = [floats(waves(count, 1), 1), floats(waves(count, 2).map(Math.abs), 1)];
  return {
    model,
    fields,
    optimizer: optim.Adam({ lr: 1e-2 }),
    batchSize: 32,
    loss: ([x, t]) => model.loss(given(x), given(t)),
  };
}

function ddpm(): Port {
  const model = fill(new Denoiser());
  const count = steps * 16;
  const time = BigInt64Array.from({ length: count }, (_, index) => BigInt((7 * index) % times));
  const fields = [
    floats(waves(2 * count, 3), 2),
    { data: time, shape: [count], dtype: "int64" as const },
    floats(waves(2 * count, 4, 1.5), 2),
  ];
  const loss = ([points, at, noise]: readonly Tensor[]) =>
    model.loss(given(points), { time: given(at), noise: given(noise) });
  return { model, fields, optimizer: optim.Adam({ lr: 2e-3 }), batchSize: 16, loss };
}

function charLm(): Port {
  const model = fill(new CharacterModel());
  const loss = ([tokens, next]: readonly Tensor[]) => model.loss(given(tokens), given(next));
  return { model, fields: pieces(), optimizer: optim.AdamW({ lr: 3e-3 }), batchSize: 8, loss };
}

function maml(): Port {
  const model = fill(new Learner());
  const fields = [waves(steps * 20, 1, 3), waves(steps * 20, 2), waves(steps * 20, 3, 3), waves(steps * 20, 4)].map(
    (data) => ({ data, shape: [steps * 4, shots, 1], dtype: "float32" as const }),
  );
  const loss = ([xs, ys, xq, yq]: readonly Tensor[]) => model.loss([given(xs), given(ys), given(xq), given(yq)]);
  return { model, fields, optimizer: optim.Adam({ lr: 1e-2 }), batchSize: 4, loss };
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a field is missing");
  return value;
}

async function compile({ fields, model, optimizer, batchSize, loss }: Port) {
  const parameters = model.parameters();
  return compileTraining({ fields, parameters, optimizer, batchSize, step: (batch) => ({ loss: loss(batch) }) });
}

test.each([
  ["pinn", pinn],
  ["ddpm", ddpm],
  ["char-lm", charLm],
  ["maml", maml],
])("%s has PyTorch's losses for 20 steps", async (name, port) => {
  const made = port();
  const program = await compile(made);
  const rows = Int32Array.from({ length: steps * made.batchSize }, (_, index) => index);
  const { optimizer, batchSize } = made;
  const run = { rows, batchSize, lr: optimizer.lr, generator: new Generator(0) };
  const { values } = await program.run(program.initialState, run);
  expectNear(Array.from(values.loss ?? []), twins[name] ?? [], { relative: 2e-5, absolute: 0 });
  program.release();
});

test("ddpm draws times and noise anew in each step, by the seed, when none are given", async () => {
  const port = ddpm();
  const model = fill(new Denoiser());
  const program = await compile({ ...port, model, loss: ([points]) => model.loss(given(points)) });
  const losses = async (seed: number) => {
    // The same points in each step.
    const rows = Int32Array.from({ length: steps * 16 }, (_, index) => index % 16);
    const { values } = await program.run(program.initialState, {
      rows,
      batchSize: 16,
      lr: 0,
      generator: new Generator(seed),
    });
    return Array.from(values.loss ?? []);
  };
  const first = await losses(0);
  expect(new Set(first).size).toBe(steps);
  expect(await losses(0)).toEqual(first);
  expect(await losses(1)).not.toEqual(first);
  program.release();
});
