/** Steps that write what they carry over itself give the bits that a loop gives. */

import { sha256 } from "@ml-mosaic/base";
import { describe, expect, test } from "vitest";
import { bitsOf } from "../../test/states.ts";
import { zeros } from "../creation.ts";
import type { TypedArray } from "../dtype.ts";
import * as nn from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { randn } from "../random/draws.ts";
import { Generator } from "../random/generator.ts";
import { input, type Tensor } from "../tensor.ts";
import { type Buffer, buffer } from "../variable.ts";
import { compileInPlace } from "./in-place.ts";
import { writeInPlace } from "./in-place-model.ts";
import { stateSource, type TrainingState } from "./layout.ts";
import { type Carried, compileLoop, type Executor, type PlannedLoop, planLoop } from "./loop.ts";
import { differentiate, type TracedPhase, type TrainingPhase, tracePhase } from "./phase.ts";
import { type RandomRun, randomPart } from "./random-keys.ts";
import { type SampleRun, samplesPart } from "./samples.ts";
import { compileScan } from "./scan.ts";
import { layoutOf, planTraining } from "./training-plan.ts";
import type { UpdateRun } from "./update.ts";

type Run = UpdateRun & SampleRun & RandomRun;

const [samples, batchSize] = [12, 4];
const numbers = new Generator(5);
const fields = [
  { data: Float32Array.from({ length: samples * 128 }, () => numbers.normal()), shape: [samples, 128] },
  { data: Float32Array.from({ length: samples * 3 }, () => numbers.normal()), shape: [samples, 3] },
].map((field) => ({ ...field, dtype: "float32" as const }));
const words = { data: Int32Array.from({ length: samples }, (_, index) => (index * 7) % 640), shape: [samples] };
const allFields = [...fields, { ...words, dtype: "int32" as const }];

/** A training as its executors get it, and a run of it. */
function plan(phases: Readonly<Record<string, TrainingPhase>>) {
  const { part, batch } = samplesPart(allFields, batchSize);
  const traced: TracedPhase[] = [];
  for (const [name, phase] of Object.entries(phases))
    traced.push(tracePhase(name, phase, batch, traced.at(-1)?.traced.nextRandomId ?? 0));
  const turns = traced.map(differentiate);
  const layout = layoutOf(
    turns,
    turns.map(({ reached }) => reached),
  );
  const { parts, reported, randomOps } = planTraining(turns, layout, []);
  const loop = planLoop<Run>({
    name: "training",
    parts: [part, ...parts, randomPart(randomOps)],
    collected: reported,
  });
  const initial = stateSource(layout);
  const run = (state: TrainingState, steps: number): Run => ({
    state,
    steps,
    firstStep: 2,
    lr: () => (base) => base,
    optimizers: (name) => {
      const { optimizer, groups = [] } = phases[name] ?? {};
      return [...(optimizer === undefined ? [] : [optimizer]), ...groups.map((group) => group.optimizer)];
    },
    fields: allFields,
    rows: Int32Array.from({ length: steps * batchSize }, (_, index) => (index * 5) % samples),
    generator: new Generator(3),
  });
  return { loop, initial, run };
}

/** A digest of each array: comparing element by element takes seconds. */
const digest = (array: TypedArray) =>
  `${array.constructor.name} ${sha256([new Uint8Array(array.buffer, array.byteOffset, array.byteLength)])}`;

async function results<R>(loop: PlannedLoop<R>, executor: Executor, run: () => R, steps: number, overwrite = false) {
  const program = await compileLoop(loop, executor);
  const { last, collected } = await program.run(run(), { steps, firstStep: 2, overwrite });
  program.release();
  const carried = loop.parts.flatMap((part) => part.carried ?? []);
  return [
    ...carried.map((entry: Carried<never>) => digest(last(entry))),
    ...Object.entries(collected).map(([name, array]) => `${name} ${digest(array)}`),
  ];
}

const inPlace: Executor = (graph) => compileInPlace(graph, 0, 1);

class Net extends nn.Module {
  readonly table = new nn.Embedding(640, 128);
  readonly first = new nn.Linear(128, 640);
  readonly norm = new nn.BatchNorm1d(640);
  readonly dropout = new nn.Dropout(0.3);
  readonly second = new nn.Linear(640, 3);
  forward([x = zeros([batchSize, 128]), , word = zeros([batchSize])]: readonly Tensor[]): Tensor {
    const hidden = this.norm.forward(this.first.forward(x.add(this.table.forward(word)))).relu();
    return this.second.forward(this.dropout.forward(hidden));
  }
}

function phaseOf(optimizer: Optimizer, rest: Partial<TrainingPhase> = {}): TrainingPhase {
  const net = new Net().initialize(new Generator(1));
  return {
    parameters: net.parameters(),
    optimizer,
    step: (batch) => {
      const y = net.forward(batch);
      const target = batch[1] ?? y;
      // Reads a weight besides, which a step may not write before.
      return { loss: y.sub(target).pow(2).mean(), metrics: { size: net.first.weight.abs().sum() } };
    },
    ...rest,
  };
}

const table = (optimizer: Optimizer): Partial<TrainingPhase> => {
  const net = new Net().initialize(new Generator(1));
  return {
    parameters: net.parameters(),
    groups: [{ parameters: net.table.parameters(), optimizer }],
    step: (batch) => ({ loss: net.forward(batch).pow(2).mean() }),
  };
};

const trainings: Readonly<Record<string, Readonly<Record<string, TrainingPhase>>>> = {
  SGD: { "": phaseOf(optim.SGD({ lr: 0.1 })) },
  "SGD with momentum and decay": { "": phaseOf(optim.SGD({ lr: 0.1, momentum: 0.9, weightDecay: 0.01 })) },
  "Nesterov's SGD": { "": phaseOf(optim.SGD({ lr: 0.1, momentum: 0.9, nesterov: true })) },
  Adam: { "": phaseOf(optim.Adam({ lr: 0.01, weightDecay: 0.1 })) },
  "Adam with the largest averages": { "": phaseOf(optim.Adam({ lr: 0.01, amsgrad: true })) },
  AdamW: { "": phaseOf(optim.AdamW({ lr: 0.01 })) },
  RMSprop: { "": phaseOf(optim.RMSprop({ lr: 0.01, momentum: 0.9, centered: true })) },
  Adagrad: { "": phaseOf(optim.Adagrad({ lr: 0.01 })) },
  Adadelta: { "": phaseOf(optim.Adadelta()) },
  NAdam: { "": phaseOf(optim.NAdam()) },
  RAdam: { "": phaseOf(optim.RAdam()) },
  "averaged weights": { "": phaseOf(optim.averaged(optim.Adam({ lr: 0.01 }), { decay: 0.9 })) },
  "clipped gradients": { "": phaseOf(optim.AdamW({ lr: 0.01 }), { clipNorm: 0.5, clipValue: 0.1 }) },
  "accumulated gradients": { "": phaseOf(optim.Adam({ lr: 0.01 }), { accumulate: 2 }) },
  "rows of a table": { "": phaseOf(optim.Adam({ lr: 0.01 }), table(optim.SparseAdam({ lr: 0.01 }))) },
};

describe("a training", () => {
  test.each(Object.entries(trainings))("by %s has the bits that the loop gives", async (_name, phases) => {
    const { loop, initial, run } = plan(phases);
    const { isInPlace } = writeInPlace(loop.graph, 0);
    const isLarge = loop.graph.carried.map(({ tensor }) => tensor.numel > 2 ** 14);
    expect(isLarge.filter(Boolean).length).toBeGreaterThan(1);
    expect(isInPlace.filter((_, index) => isLarge[index])).not.toContain(false);
    for (const steps of [1, 4]) {
      const expected = await results(loop, compileScan, () => run(initial(), steps), steps);
      const given = initial();
      const before = bitsOf(given);
      expect(await results(loop, inPlace, () => run(given, steps), steps)).toEqual(expected);
      expect(bitsOf(given)).toBe(before);
      expect(await results(loop, inPlace, () => run(given, steps), steps, true)).toEqual(expected);
    }
  });

  test("of several phases, each upon what the others have made, has the bits that the loop gives", async () => {
    const [one, other] = [new Net().initialize(new Generator(1)), new Net().initialize(new Generator(2))];
    const { loop, initial, run } = plan({
      first: {
        parameters: one.parameters(),
        optimizer: optim.Adam({ lr: 0.01 }),
        step: (batch) => ({ loss: one.forward(batch).sub(other.forward(batch)).pow(2).mean() }),
      },
      second: {
        parameters: other.parameters(),
        optimizer: optim.RMSprop({ lr: 0.01 }),
        step: (batch) => ({ loss: one.forward(batch).mul(other.forward(batch)).mean() }),
      },
    });
    for (const overwrite of [false, true])
      expect(await results(loop, inPlace, () => run(initial(), 5), 5, overwrite)).toEqual(
        await results(loop, compileScan, () => run(initial(), 5), 5),
      );
  });

  test("on two threads has the bits that the loop gives on two", async () => {
    const { loop, initial, run } = plan({ "": phaseOf(optim.Adam({ lr: 0.01 })) });
    expect(
      await results(
        loop,
        (graph) => compileInPlace(graph, 0, 2),
        () => run(initial(), 3),
        3,
      ),
    ).toEqual(
      await results(
        loop,
        (graph) => compileScan(graph, 2),
        () => run(initial(), 3),
        3,
      ),
    );
  });
});

const size = 2 ** 17;
const [a, b] = ["a", "b"].map((name) => input(name, [size], "float32"));
if (a === undefined || b === undefined) throw new Error("two inputs are needed");
const half = a.slice(0, 0, size / 2);
const [together, doubled] = [a.add(b), a.mul(2)];

/** What a and b become, whether they can be written over themselves, and what is collected. */
const hazards: Readonly<Record<string, readonly [a: Tensor, b: Tensor, isInPlace: readonly boolean[], seen: Tensor]>> =
  {
    "what changes places": [b, a, [false, false], a.sum()],
    "what stays": [a, b.add(1), [true, true], b.mean()],
    "the same for both": [together, together, [true, true], a.max()],
    "equal values for both": [a.add(b), a.add(b), [false, false], a.max()],
    "a value of which the other is made afterwards": [a.mul(2), b.sub(a), [false, true], a.add(0).sum()],
    "one made of the other's next": [doubled, b.sub(doubled), [true, true], b],
    "a view of itself at other places": [
      a.mul(
        half
          .reshape([2, -1])
          .slice(0, 1)
          .expand([4, size / 4])
          .reshape([-1]),
      ),
      b,
      [true, true],
      a,
    ],
    "a part of itself, repeated": [
      a
        .reshape([2, size / 2])
        .mul(a.slice(0, 0, size / 2))
        .reshape([-1]),
      b.mul(a.slice(0, 5, 6)),
      [false, true],
      a,
    ],
    "a number of another": [a.add(1), b.mul(a.slice(0, 5, 6)), [false, true], a],
    "nothing else than sums": [a.sum().expand([size]), b.sub(b.mean()), [true, true], b],
  };

test.each(Object.entries(hazards))("%s is right", async (_name, [nextA, nextB, isInPlace, seen]) => {
  const values = (seed: number) => Float32Array.from({ length: size }, (_, index) => ((index * seed) % 97) / 97);
  const loop = planLoop<{ readonly steps: number }>({
    name: "hazard",
    parts: [
      {
        perStep: [{ tensor: input("nothing", [], "float32"), array: ({ steps }) => new Float32Array(steps) }],
        carried: [
          { tensor: a, array: () => values(5), next: nextA },
          { tensor: b, array: () => values(11), next: nextB },
        ],
      },
    ],
    collected: { seen },
  });
  expect(writeInPlace(loop.graph, 0).isInPlace).toEqual(isInPlace);
  for (const steps of [1, 2, 3])
    for (const overwrite of [false, true])
      expect(await results(loop, inPlace, () => ({ steps }), steps, overwrite)).toEqual(
        await results(loop, compileScan, () => ({ steps }), steps),
      );
});

test("buffers of all kinds are carried", async () => {
  const memory: Buffer = buffer(new Float32Array(batchSize * 3).fill(0.5), [batchSize, 3]);
  const count: Buffer = buffer(BigInt64Array.of(3n), []);
  const flags: Buffer = buffer(Uint8Array.of(1, 0, 1), [3], "bool");
  const net = new Net().initialize(new Generator(1));
  const { loop, initial, run } = plan({
    "": {
      parameters: net.parameters(),
      optimizer: optim.Adam({ lr: 0.01 }),
      step: (batch) => {
        const y = net
          .forward(batch)
          .add(memory)
          .add(randn([batchSize, 3]));
        const carry = new Map<Buffer, Tensor>([
          [memory, y.detach()],
          [count, count.add(1)],
          [flags, flags.logicalNot()],
        ]);
        return { loss: y.pow(2).mean(), carry };
      },
    },
  });
  for (const overwrite of [false, true])
    expect(await results(loop, inPlace, () => run(initial(), 3), 3, overwrite)).toEqual(
      await results(loop, compileScan, () => run(initial(), 3), 3),
    );
});
