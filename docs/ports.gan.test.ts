/** examples/ports/gan.ts computes what its twin in PyTorch does. */
import { readFileSync } from "node:fs";
import { compileTraining, Generator } from "@ml-mosaic/tensor";
import { expectNear } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { Gan } from "../examples/ports/gan.ts";
import { digits } from "../examples/ports/vae.ts";

interface Twin {
  readonly state: Readonly<Record<string, readonly number[]>>;
  readonly noise: readonly number[];
  readonly losses: Readonly<Record<string, readonly number[]>>;
  readonly running_mean: readonly number[];
}

const twin: Twin = JSON.parse(readFileSync(new URL("../examples/ports/gan.json", import.meta.url), "utf8"));
const [batchSize, steps, latent] = [16, 20, 8];
const rows = Int32Array.from({ length: steps * batchSize }, (_, index) => index);

async function ganProgram(withNoise: boolean) {
  const model = new Gan();
  for (const [name, parameter] of model.namedParameters()) parameter.value = Float32Array.from(twin.state[name] ?? []);
  const images = digits().slice(0, 0, steps * batchSize);
  const data = Float32Array.from(await images.data(), Number);
  const noise = {
    data: Float32Array.from(twin.noise),
    shape: [steps * batchSize, latent],
    dtype: "float32",
  } as const;
  const program = await compileTraining({
    fields: [{ data, shape: images.shape, dtype: "float32" }, ...(withNoise ? [noise] : [])],
    phases: model.phases(),
    batchSize,
  });
  return { model, program };
}

test("with PyTorch's weights and noise the GAN has PyTorch's losses, and moves its batch norm as often", async () => {
  const { model, program } = await ganProgram(true);
  const { state, values } = await program.run(program.initialState, { rows, batchSize, generator: new Generator(0) });
  for (const [phase, losses] of Object.entries(twin.losses))
    expectNear(values[`${phase}.loss`] ?? new Float32Array(), losses, { relative: 1e-4 }, phase);
  program.store(state);
  const { data } = model.stateDict().get("generator.1.running_mean") ?? { data: [] };
  expectNear(Array.from(data, Number), twin.running_mean, { absolute: 1e-5 });
  program.release();
});

test("with noise of its own it goes on to the bit, one step a call too", async () => {
  const { program } = await ganProgram(false);
  const run = async (ends: readonly number[], donate: boolean) => {
    let state = program.initialState;
    for (const end of ends) {
      const part = rows.subarray(state.step * batchSize, end * batchSize);
      ({ state } = await program.run(state, { rows: part, batchSize, generator: new Generator(1), donate }));
    }
    return state;
  };
  const whole = await run([steps], false);
  expect(await run([4, 5, steps], false)).toEqual(whole);
  expect(
    await run(
      Array.from({ length: steps }, (_, index) => index + 1),
      true,
    ),
  ).toEqual(whole);
  program.release();
});
