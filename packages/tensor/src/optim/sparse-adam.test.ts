/** Against PyTorch's SparseAdam on sparse gradients, and what it refuses. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { relativeDistance } from "../../test/states.ts";
import { tensor } from "../creation.ts";
import { elementAt } from "../element-at.ts";
import { MSELoss } from "../losses/regression.ts";
import { Embedding } from "../nn/embedding.ts";
import { Linear } from "../nn/linear.ts";
import { executorNames } from "../program/executor.ts";
import { compileTraining, type SinglePhaseOptions } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { Adam } from "./adam.ts";
import { averaged } from "./averaged.ts";
import { SparseAdam } from "./sparse-adam.ts";

interface FixtureCase {
  readonly options: Readonly<Record<string, number>>;
  readonly lr: number;
  readonly padding?: number;
  readonly norm?: number;
  readonly twice: boolean;
  readonly losses: readonly number[];
  readonly recorded: Readonly<Record<string, readonly number[]>>;
}

/** Written by fixtures/sparse-adam.py with PyTorch in float64. */
const cases: readonly FixtureCase[] = JSON.parse(
  readFileSync(new URL("../../fixtures/sparse-adam.json", import.meta.url), "utf8"),
);

const [numRows, width, steps, batchSize] = [9, 3, 24, 4];

function spread(count: number, seed: number, scale: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, index) => (((((index + 1) * 7919 + seed * 104729) % 2048) - 1024) / 1024) * scale,
  );
}

const words = (step: number) =>
  Array.from({ length: batchSize }, (_, j) => BigInt((step * step + 3 * j * j) % (step < 10 ? 6 : numRows)));

/** Of all steps: the words, those of the step after it, and the factors. */
const samples = Array.from({ length: steps }, (_, step) => step);
const shape = [steps * batchSize];
const fields = [
  { data: BigInt64Array.from(samples.flatMap(words)), shape, dtype: "int64" as const },
  { data: BigInt64Array.from(samples.flatMap((step) => words(step + 1))), shape, dtype: "int64" as const },
];

function tableOf(padding?: number): Embedding {
  const table = new Embedding(numRows, width, padding === undefined ? {} : { paddingIdx: padding });
  table.weight.value = spread(numRows * width, 1, 1);
  return table;
}

const factors = tensor([...spread(batchSize * width, 2, 2)]).reshape([batchSize, width]);

describe.each(executorNames)("on %s", (executor) => {
  test.each(cases.map((each) => [JSON.stringify({ ...each, losses: undefined, recorded: undefined }), each] as const))(
    "%s: 24 steps as PyTorch's, in chunks of any size",
    async (_, { options, lr, padding, norm, twice, losses, recorded }) => {
      const table = tableOf(padding);
      const program = await compileTraining({
        fields,
        parameters: table.parameters(),
        optimizer: SparseAdam(options),
        ...(norm === undefined ? {} : { clipNorm: norm }),
        batchSize,
        executor,
        step(batch) {
          const y = table.forward(elementAt(batch, 0)).mul(factors).tanh();
          const all = twice ? y.mul(table.forward(elementAt(batch, 1))) : y;
          return { loss: all.sub(0.25).pow(2).mean() };
        },
      });
      const found: number[] = [];
      let state = program.initialState;
      for (const end of [1, 2, 8, 12, 24]) {
        const rows = Int32Array.from(
          { length: (end - state.step) * batchSize },
          (__, at) => state.step * batchSize + at,
        );
        const chunk = { rows, batchSize, lr: state.step < 12 ? lr : lr / 2, generator: new Generator(0) };
        const result = await program.run(state, chunk);
        state = result.state;
        found.push(...(result.values.loss ?? []));
        const expected = recorded[end];
        if (expected === undefined) continue;
        program.store(state);
        expect(relativeDistance([...table.weight.value].map(Number), expected), `after ${end} steps`).toBeLessThan(
          1e-5,
        );
      }
      expect(relativeDistance(found, losses), "losses").toBeLessThan(1e-5);
      program.release();
    },
  );

  test("rows that no step reads keep their bits, beside parameters with Adam, and averages", async () => {
    const table = tableOf();
    const head = new Linear(width, 1).initialize(new Generator(0));
    const before = table.weight.value.slice();
    const program = await compileTraining({
      fields,
      parameters: [...table.parameters(), ...head.parameters()],
      optimizer: averaged(SparseAdam({ lr: 0.1 }), { decay: 0.5 }),
      groups: [{ parameters: head.parameters(), optimizer: Adam({ lr: 0.1 }) }],
      batchSize,
      executor,
      step: ([index = factors]) => ({ loss: head.forward(table.forward(index)).pow(2).mean() }),
    });
    // Of these three steps the words are 0, 3, 1, 4 and 5.
    const rows = Int32Array.from({ length: 3 * batchSize }, (_, at) => at);
    const { state } = await program.run(program.initialState, { rows, batchSize, generator: new Generator(0) });
    program.store(state);
    const moved = Array.from({ length: numRows }, (_, row) =>
      table.weight.value
        .subarray(row * width, (row + 1) * width)
        .some((value, at) => value !== before[row * width + at]),
    );
    expect(moved).toEqual(
      Array.from({ length: numRows }, (_, row) => [0, 1, 2].some((step) => words(step).includes(BigInt(row)))),
    );
    expect(moved).toContain(false);
    program.release();
  });
});

describe("a dense gradient is refused, as PyTorch's SparseAdam refuses it:", () => {
  const layer = new Linear(width, numRows);
  const table = tableOf();
  const lookup = ([index = factors]: readonly Tensor[]) => ({ loss: table.forward(index).pow(2).mean() });
  const refused: Readonly<
    Record<string, Partial<SinglePhaseOptions> & Pick<SinglePhaseOptions, "parameters" | "step">>
  > = {
    "of a layer": {
      parameters: layer.parameters(),
      step: () => ({ loss: new MSELoss().forward(layer.forward(factors), layer.forward(factors.add(1))) }),
    },
    "of a table that is multiplied by too": {
      parameters: table.parameters(),
      step: ([index = factors]) => ({ loss: table.forward(index).matmul(table.weight.t()).pow(2).mean() }),
    },
    "of limited elements": { parameters: table.parameters(), step: lookup, clipValue: 1 },
    "of several minibatches": { parameters: table.parameters(), step: lookup, accumulate: 2 },
  };
  test.each(Object.entries(refused))("%s", async (_, options) => {
    const compiled = compileTraining({ fields, batchSize, optimizer: SparseAdam(), ...options });
    await expect(compiled).rejects.toMatchObject({
      code: "TENSOR_GRADIENT",
      message: expect.stringMatching(
        /^SparseAdam does not support dense gradients, and a parameter of shape \[9.* by groups$/,
      ),
    });
  });
});

test("what it may not be told", () => {
  expect(() => SparseAdam({ lr: -1 })).toThrow("SparseAdam: lr is -1; it must be 0 or more");
  expect(() => SparseAdam({ betas: [0.9, 1] })).toThrow("SparseAdam: betas[1] is 1");
});
