import { expectFloat32 } from "../dtype.ts";
import type { Generator } from "../random/generator.ts";
import type { Device } from "../runtime/device.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { Compiled } from "./compiled.ts";
import { executorOf } from "./executor.ts";
import { compileLoop, type Loop, type LoopResult, type LoopRunOptions, type Part } from "./loop.ts";
import { type RandomRun, randomPart } from "./random-keys.ts";
import {
  checkedChunk,
  type FieldSpec,
  type SampleArray,
  type SampleChunk,
  type SampleRun,
  samplesPart,
} from "./samples.ts";
import { type StepBuilder, type StepValues, type TracedStep, traceStep } from "./step.ts";

export interface StepOptions {
  /** The samples, of which a step sees rows; or what they will be, where each chunk brings its own. */
  readonly fields: readonly (FieldSpec | SampleArray)[];
  /** Builds one step; called once for each size of batch. */
  readonly step: StepBuilder;
  readonly device?: Device | undefined;
}

export interface StepChunk extends SampleChunk {
  /** Keys the random ops; step n draws the same whatever ran before. */
  readonly generator: Generator;
}

/** What a kind of program does with a step: which parts join those of every program. */
export interface Plan<Run> {
  readonly parts: readonly Part<Run>[];
}

/** A loop of steps over the minibatches of chunks, compiled for each size of batch when that is first seen. */
export interface StepProgram<Run, Own extends Plan<Run>> {
  /** Builds the step for a size of batch, whose errors come now. */
  plan(batchSize: number): Own;
  compile(batchSize: number): Promise<unknown>;
  /** Checks a chunk, and compiles what its size of batch needs. */
  prepare(chunk: StepChunk): Promise<PreparedChunk<Run, Own>>;
  release(): void;
}

export interface PreparedChunk<Run, Own> {
  readonly plan: Own;
  readonly steps: number;
  run(given: Run, options?: Pick<LoopRunOptions, "overwrite">): Promise<StepsResult>;
}

export interface StepsResult extends Pick<LoopResult, "last"> {
  readonly values: StepValues;
}

/** @param planOf says what is done with a step that is traced for batches of a size */
export function stepProgram<Run extends Pick<RandomRun, "firstStep">, Own extends Plan<Run>>(
  name: string,
  { fields, step, device = "cpu" }: StepOptions,
  planOf: (traced: TracedStep, batchSize: number) => Own,
): StepProgram<Run, Own> {
  const planned = new Map<number, { readonly own: Own; readonly loop: Loop<Run & SampleRun & RandomRun> }>();
  const plannedFor = (batchSize: number) => {
    const known = planned.get(batchSize);
    if (known !== undefined) return known;
    const { part: samples, batch } = samplesPart(fields, batchSize);
    const traced = traceStep(batch, step);
    const own = planOf(traced, batchSize);
    const parts = [samples, constantsPart(traced.leaves, own.parts), ...own.parts, randomPart(traced.randomOps)];
    const plan = { own, loop: { name, parts, collected: traced.reported } };
    planned.set(batchSize, plan);
    return plan;
  };
  const programs = new Compiled((batchSize) => compileLoop(plannedFor(batchSize).loop, executorOf(device)));
  return {
    plan: (batchSize) => plannedFor(batchSize).own,
    compile: (batchSize) => programs.for(batchSize),
    async prepare({ generator, ...chunk }) {
      const samples = checkedChunk(fields, chunk);
      const { steps } = samples;
      const plan = plannedFor(chunk.batchSize).own;
      const program = await programs.for(chunk.batchSize);
      return {
        plan,
        steps,
        async run(given, { overwrite = false } = {}) {
          const { last, collected } = await program.run({ ...given, ...samples, generator }, { steps, overwrite });
          const values = Object.entries(collected).map(([key, array]) => [key, expectFloat32(array, key)] as const);
          return { last, values: Object.fromEntries(values) };
        },
      };
    },
    release: () => programs.release(),
  };
}

/** What the step reads and no part changes or gives, such as frozen parameters: the present values. */
function constantsPart(leaves: readonly Variable[], parts: readonly Part<never>[]): Part<unknown> {
  const given = new Set<Tensor>(
    parts.flatMap(({ fixed = [], carried = [], computed = [] }) => [
      ...[...fixed, ...carried].map(({ tensor }) => tensor),
      ...computed.map(([variable]) => variable),
    ]),
  );
  return {
    fixed: leaves.filter((leaf) => !given.has(leaf)).map((leaf) => ({ tensor: leaf, array: () => leaf.value })),
  };
}
