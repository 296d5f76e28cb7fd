/** The programs of examples/ports compute what their twins in PyTorch do. */
import { readFileSync } from "node:fs";
import { compileTraining, Generator, optim, type Tensor } from "@ml-mosaic/tensor";
import { expectNear } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { digits, Vae } from "../examples/ports/vae.ts";

interface Twin {
  readonly state: Readonly<Record<string, readonly number[]>>;
  readonly noise: readonly number[];
  readonly losses: readonly number[];
}

const twin: Twin = JSON.parse(readFileSync(new URL("../examples/ports/vae.json", import.meta.url), "utf8"));
const [batchSize, steps, lr] = [16, 20, 3e-3];

async function vaeProgram(withNoise: boolean) {
  const model = new Vae();
  model.loadStateDict(
    new Map(
      Array.from(model.namedParameters(), ([name, { shape }]) => [
        name,
        { data: Float32Array.from(twin.state[name] ?? []), shape, dtype: "float32" },
      ]),
    ),
  );
  const images = digits().slice(0, 0, steps * batchSize);
  const data = Float32Array.from(await images.data(), Number);
  const program = await compileTraining({
    fields: [
      { data, shape: images.shape, dtype: "float32" },
      { data: Float32Array.from(twin.noise), shape: [steps * batchSize, 4], dtype: "float32" },
    ],
    parameters: model.parameters(),
    optimizer: optim.Adam({ lr }),
    batchSize,
    step: ([batch, noise]: readonly Tensor[]) => ({
      loss: model.forward(batch ?? images, withNoise ? noise : undefined),
    }),
  });
  const rows = Int32Array.from({ length: steps * batchSize }, (_, index) => index);
  const run = async (seed: number, ends: readonly number[]) => {
    let state = program.initialState;
    const losses: number[] = [];
    for (const end of ends) {
      const chunk = {
        rows: rows.subarray(state.step * batchSize, end * batchSize),
        batchSize,
        lr,
        generator: new Generator(seed),
      };
      const result = await program.run(state, chunk);
      state = result.state;
      losses.push(...(result.values.loss ?? []));
    }
    return losses;
  };
  return { run, release: () => program.release() };
}

test("with PyTorch's weights and noise the VAE has PyTorch's losses", async () => {
  const program = await vaeProgram(true);
  expectNear(await program.run(0, [steps]), twin.losses, { relative: 1e-5, absolute: 0 });
  program.release();
});

test("with noise of its own it trains, and goes on to the bit", async () => {
  const program = await vaeProgram(false);
  const losses = await program.run(0, [steps]);
  expect(await program.run(0, [3, 4, 13, steps])).toEqual(losses);
  expect(await program.run(1, [steps])).not.toEqual(losses);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const later = mean(losses.slice(-5));
  expect(later).toBeLessThan(mean(losses.slice(0, 5)) - 3);
  expect(Math.abs(later - mean(twin.losses.slice(-5)))).toBeLessThan(1);
  program.release();
});
