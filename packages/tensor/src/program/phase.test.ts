import { readFileSync } from "node:fs";
import { expectNear } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { bufferValue } from "../graph/trace.ts";
import * as nn from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import { randn } from "../random/draws.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { type Buffer, buffer } from "../variable.ts";
import type { TrainingState } from "./layout.ts";
import type { TrainingPhase } from "./phase.ts";
import { type Chunk, compileTraining, type TrainingProgram } from "./training-program.ts";

interface PhasesCase {
  readonly name: string;
  readonly model: "Gan" | "Shared";
  /** How many minibatches train which phases. */
  readonly plan: readonly (readonly [number, readonly string[]])[];
  readonly accumulate: Readonly<Record<string, number>>;
  readonly clipNorm: Readonly<Record<string, number>>;
  readonly losses: Readonly<Record<string, readonly number[]>>;
  readonly state: Readonly<Record<string, readonly number[]>>;
}

/** Written by fixtures/phases.py with PyTorch in float64. */
const fixture: {
  readonly cases: readonly PhasesCase[];
  readonly truncated: Readonly<Record<"losses" | "averages" | "hidden", readonly number[]>>;
} = JSON.parse(readFileSync(new URL("../../fixtures/phases.json", import.meta.url), "utf8"));

const [samples, batchSize] = [24, 6];

/** As the fixture's script computes it: every number is exact in float32. */
function spread(count: number, seed: number, scale: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, index) => (((((index + 1) * 7919 + seed * 104729) % 2048) - 1024) / 1024) * scale,
  );
}

function setWeights<M extends nn.Module>(module: M): M {
  for (const [index, parameter] of module.parameters().entries())
    parameter.value = spread(parameter.numel, 10 + index, 0.5);
  return module;
}

const fields = [
  { data: spread(samples * 3, 1, 2), shape: [samples, 3], dtype: "float32" as const },
  { data: spread(samples * 4, 2, 1), shape: [samples, 4], dtype: "float32" as const },
];
const generator = new Generator(0);

function two([x, z]: readonly Tensor[]): readonly [Tensor, Tensor] {
  if (x === undefined || z === undefined) throw new Error("a batch of two fields is needed");
  return [x, z];
}

class Gan extends nn.Module {
  readonly generator = new nn.Sequential(
    new nn.Linear(4, 8, { bias: false }),
    new nn.BatchNorm1d(8),
    new nn.Tanh(),
    new nn.Linear(8, 3, { bias: false }),
  );
  readonly discriminator = new nn.Sequential(
    new nn.Linear(3, 8, { bias: false }),
    new nn.BatchNorm1d(8),
    new nn.LeakyReLU(0.2),
    new nn.Linear(8, 1),
  );

  phases(): Record<string, TrainingPhase> {
    const bce = new nn.BCEWithLogitsLoss();
    return {
      discriminator: {
        parameters: this.discriminator.parameters(),
        optimizer: optim.Adam({ lr: 0.02, betas: [0.5, 0.999], eps: 1e-3 }),
        step: (batch) => {
          const [x, z] = two(batch);
          const real = this.discriminator.forward(x);
          const fake = this.discriminator.forward(this.generator.forward(z).detach());
          return { loss: bce.forward(real, real.onesLike()).add(bce.forward(fake, fake.zerosLike())) };
        },
      },
      generator: {
        parameters: this.generator.parameters(),
        optimizer: optim.Adam({ lr: 0.01, betas: [0.5, 0.999], eps: 1e-3 }),
        step: (batch) => {
          const score = this.discriminator.forward(this.generator.forward(two(batch)[1]));
          return { loss: bce.forward(score, score.onesLike()) };
        },
      },
    };
  }
}

class Shared extends nn.Module {
  readonly body = new nn.Linear(3, 8);
  readonly actor = new nn.Linear(8, 4);
  readonly critic = new nn.Linear(8, 1);

  phases(): Record<string, TrainingPhase> {
    return {
      critic: {
        parameters: [...this.body.parameters(), ...this.critic.parameters()],
        optimizer: optim.SGD({ lr: 0.1, momentum: 0.9 }),
        step: (batch) => {
          const [x, z] = two(batch);
          const value = this.critic.forward(this.body.forward(x).tanh());
          return {
            loss: value
              .sub(z.slice(1, 0, 1))
              .pow(2)
              .mean(),
          };
        },
      },
      actor: {
        parameters: [...this.body.parameters(), ...this.actor.parameters()],
        optimizer: optim.RMSprop({ lr: 0.01 }),
        step: (batch) => {
          const [x, z] = two(batch);
          const hidden = this.body.forward(x).tanh();
          const advantage = z.slice(1, 0, 1).sub(this.critic.forward(hidden)).detach();
          const probability = this.actor.forward(hidden).logSoftmax(1).slice(1, 0, 1);
          return { loss: probability.mul(advantage).mean().neg() };
        },
      },
    };
  }
}

const models = { Gan, Shared };

async function compiled({ model: name, accumulate, clipNorm }: Pick<PhasesCase, "model" | "accumulate" | "clipNorm">) {
  const model = setWeights(new models[name]());
  const phases = Object.fromEntries(
    Object.entries(model.phases()).map(([phase, each]) => [
      phase,
      { ...each, accumulate: accumulate[phase], clipNorm: clipNorm[phase] },
    ]),
  );
  return { model, program: await compileTraining({ fields, phases, batchSize }) };
}

const rowsOf = (from: number, count: number) =>
  Int32Array.from({ length: count * batchSize }, (_, index) => ((from * batchSize + index) * 5) % samples);

/** @param most minibatches of a call */
async function run(
  program: TrainingProgram,
  plan: PhasesCase["plan"],
  most = Number.POSITIVE_INFINITY,
  options: Partial<Chunk> = {},
) {
  let state = program.initialState;
  const losses: Record<string, number[]> = {};
  for (const [count, phases] of plan) {
    for (let done = 0; done < count; ) {
      const now = Math.min(most, count - done);
      const result = await program.run(state, {
        rows: rowsOf(state.step, now),
        batchSize,
        generator,
        phases,
        ...options,
      });
      state = result.state;
      done += now;
      for (const [key, values] of Object.entries(result.values)) {
        const phase = key.replace(/\.loss$/, "");
        losses[phase] = [...(losses[phase] ?? []), ...values];
      }
    }
  }
  return { state, losses };
}

describe.each(fixture.cases)("$name", (each) => {
  test("has PyTorch's losses, parameters and running statistics", async () => {
    const { model, program } = await compiled(each);
    const { state, losses } = await run(program, each.plan);
    for (const [phase, expected] of Object.entries(each.losses))
      expectNear(losses[phase] ?? [], expected, { absolute: 2e-6 }, phase);
    program.store(state);
    for (const [name, { data }] of model.stateDict())
      expectNear(Array.from(data, Number), each.state[name] ?? [], { absolute: 2e-5 }, name);
    program.release();
  });

  test("comes out with the same bits in chunks of any size, given away or not", async () => {
    const { program } = await compiled(each);
    const whole = await run(program, each.plan);
    for (const [most, donate] of [
      [1, false],
      [2, true],
      [3, false],
    ] as const)
      expect(await run(program, each.plan, most, { donate })).toEqual(whole);
    program.release();
  });
});

const gan = { model: "Gan", accumulate: {}, clipNorm: {} } as const;

test("a phase that is not run leaves its parameters, what its optimizer remembers, and its count", async () => {
  const { program } = await compiled(gan);
  const { state } = await run(program, [[2, ["discriminator"]]]);
  expect(state.phases).toEqual({ discriminator: 2, generator: 0 });
  const { initialState, layout } = program;
  for (const [index, { updaters }] of layout.segments.entries()) {
    const isStill = updaters.every(({ phase }) => phase === "generator");
    for (const [before, after] of [
      [initialState.parameters[index], state.parameters[index]],
      [initialState.slots[index], state.slots[index]],
    ])
      if (isStill) expect(after).toEqual(before);
      else expect(after).not.toEqual(before);
  }
  program.release();
});

test("rates: a number is that of the first phase, to which others keep their ratio; each may have its own", async () => {
  const { program } = await compiled(gan);
  const plan = [[3, ["discriminator", "generator"]]] as const;
  const own = await run(program, plan);
  expect(await run(program, plan, 3, { lr: 0.02 })).toEqual(own);
  expect(await run(program, plan, 3, { lr: { discriminator: 0.02, generator: (base) => base } })).toEqual(own);
  const other = await run(program, plan, 3, { lr: { generator: 0.001 } });
  expect(other.losses.discriminator?.[0]).toBe(own.losses.discriminator?.[0]);
  expect(other.losses.generator).not.toEqual(own.losses.generator);
  program.release();
});

test("each phase draws numbers of its own, the same whatever ran in one call", async () => {
  const model = setWeights(new nn.Linear(3, 1));
  const phase = (lr: number): TrainingPhase => ({
    parameters: model.parameters(),
    optimizer: optim.SGD({ lr }),
    step: ([x]) => ({
      loss: x === undefined ? randn([]) : model.forward(x).mean(),
      metrics: { noise: randn([]) },
    }),
  });
  const program = await compileTraining({ fields, phases: { one: phase(0.1), two: phase(0.2) }, batchSize });
  const noise = async (ends: readonly number[]) => {
    let state = program.initialState;
    const seen: number[] = [];
    for (const end of ends) {
      const rows = rowsOf(state.step, end - state.step);
      const result = await program.run(state, { rows, batchSize, generator });
      state = result.state;
      for (let step = 0; step < rows.length / batchSize; step++)
        seen.push(result.values["one.noise"]?.[step] ?? 0, result.values["two.noise"]?.[step] ?? 0);
    }
    return seen;
  };
  const whole = await noise([6]);
  expect(new Set(whole).size).toBe(12);
  expect(await noise([1, 2, 5, 6])).toEqual(whole);
  program.release();
});

test("mistakes are named", async () => {
  const { program } = await compiled(gan);
  const chunk = { rows: rowsOf(0, 1), batchSize, generator };
  const fail = (options: Partial<Chunk>) => program.run(program.initialState, { ...chunk, ...options });
  await expect(fail({ phases: ["discriminator", "genrator"] })).rejects.toThrow(
    'phases: there is no phase "genrator"; there are discriminator, generator. Did you mean "generator"?',
  );
  await expect(fail({ phases: [] })).rejects.toThrow(
    "phases: there is none to run; there are discriminator, generator",
  );
  await expect(fail({ lr: { critic: 1 } })).rejects.toThrow('phases: there is no phase "critic"');
  const { phases: _, ...uncounted } = program.initialState;
  await expect(program.run(uncounted, chunk)).rejects.toThrow("this state belongs to another model");
  program.release();
  await expect(compileTraining({ fields, phases: {}, batchSize })).rejects.toThrow("name at least one phase");
  const frozen = new Gan();
  frozen.generator.freeze();
  await expect(compileTraining({ fields, phases: frozen.phases(), batchSize })).rejects.toThrow(
    "phase generator: the loss depends on none of the 4 parameters",
  );
  frozen.generator.unfreeze();
  const again = await compileTraining({ fields, phases: frozen.phases(), batchSize });
  again.release();
});

test("a frozen part is left as it is by a program whose loss goes through it", async () => {
  const model = setWeights(new Shared());
  model.body.freeze();
  const { critic } = model.phases();
  if (critic === undefined) throw new Error("there is no critic");
  const program = await compileTraining({ fields, ...critic, batchSize });
  expect(program.layout.segments.flatMap(({ parameters }) => parameters)).toEqual(model.critic.parameters());
  program.release();
});

describe("state that steps carry", () => {
  const [steps, sequences, length] = [10, 2, 4];
  const text = spread(sequences * (steps * length + 1) * 3, 3, 1);

  /** Rows are pieces of the sequences, [length + 1, 3], one after the other in time, batch by batch. */
  const pieces = Float32Array.from({ length: steps * sequences * (length + 1) * 3 }, (_, index) => {
    const [feature, inner] = [index % 3, Math.floor(index / 3)];
    const [at, row] = [inner % (length + 1), Math.floor(inner / (length + 1))];
    const [sequence, step] = [row % sequences, Math.floor(row / sequences)];
    return text[(sequence * (steps * length + 1) + step * length + at) * 3 + feature] ?? 0;
  });

  class Stateful extends nn.Module {
    readonly rnn = new nn.RNN(3, 5, { batchFirst: true });
    readonly head = new nn.Linear(5, 3);
  }

  async function stateful() {
    const model = setWeights(new Stateful());
    const hidden = buffer(new Float32Array(sequences * 5), [1, sequences, 5]);
    const average = buffer(new Float32Array(1), []);
    const program = await compileTraining({
      fields: [{ data: pieces, shape: [steps * sequences, length + 1, 3], dtype: "float32" }],
      parameters: model.parameters(),
      optimizer: optim.Adam({ lr: 0.02 }),
      batchSize: sequences,
      step: ([batch]) => {
        if (batch === undefined) throw new Error("a batch is needed");
        const { output, hidden: next } = model.rnn.forward(batch.slice(1, 0, length), { hidden });
        const prediction = model.head.forward(output);
        const largest = average.mul(0.9).add(prediction.detach().abs().max().mul(0.1));
        return {
          loss: prediction.sub(batch.slice(1, 1)).pow(2).mean(),
          metrics: { average: largest },
          carry: new Map<Buffer, Tensor>([
            [hidden, next.detach()],
            [average, largest],
          ]),
        };
      },
    });
    const rows = Int32Array.from({ length: steps * sequences }, (_, index) => index);
    const train = async (ends: readonly number[]) => {
      let state: TrainingState = program.initialState;
      const losses: number[] = [];
      const averages: number[] = [];
      for (const end of ends) {
        const part = rows.subarray(state.step * sequences, end * sequences);
        const result = await program.run(state, { rows: part, batchSize: sequences, generator });
        state = structuredClone(result.state);
        losses.push(...(result.values.loss ?? []));
        averages.push(...(result.values.average ?? []));
      }
      return { state, losses, averages };
    };
    return { program, hidden, train };
  }

  test("goes on over the batches as in PyTorch, and to the bit from a state that was kept", async () => {
    const { program, hidden, train } = await stateful();
    const whole = await train([steps]);
    expectNear(whole.losses, fixture.truncated.losses, { absolute: 1e-6 });
    expectNear(whole.averages, fixture.truncated.averages, { absolute: 1e-6 });
    expect(await train([1, 3, 7, steps])).toEqual(whole);
    program.store(whole.state);
    expectNear(Array.from(hidden.value, Number), fixture.truncated.hidden, { absolute: 1e-5 });
    program.release();
  });

  test("a value of another shape or type is refused", async () => {
    const model = setWeights(new nn.Linear(3, 1));
    const count = buffer(BigInt64Array.of(0n), []);
    const compile = (next: (x: Tensor) => Tensor) =>
      compileTraining({
        fields,
        parameters: model.parameters(),
        optimizer: optim.SGD(),
        batchSize,
        step: (batch) => {
          const [x] = two(batch);
          return { loss: model.forward(x).mean(), carry: new Map([[count, next(x)]]) };
        },
      });
    await expect(compile((x) => x)).rejects.toThrow("a buffer of int64 [] cannot become float32 [6, 3]");
    const counting = await compile(() => bufferValue(count).add(1));
    const { state } = await counting.run(counting.initialState, { rows: rowsOf(0, 3), batchSize, generator });
    expect(state.buffers).toEqual([BigInt64Array.of(3n)]);
    counting.release();
  });
});
