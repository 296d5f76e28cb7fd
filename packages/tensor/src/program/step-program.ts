import type { Latest } from "@ml-mosaic/base";
import { expectFloat32 } from "../dtype.ts";
import { topologicalOrder } from "../graph/order.ts";
import type { Generator } from "../random/generator.ts";
import type { Device } from "../runtime/device.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { requireLoops } from "../wasm/nodes.ts";
import { Compiled } from "./compiled.ts";
import { estimateStep, type StepEstimate } from "./cost.ts";
import {
  cheaperExecutor,
  checkExecutor,
  type ExecutorChoice,
  type ExecutorName,
  executorOf,
  onlyExecutor,
} from "./executor.ts";
import { compileLoop, type LoopResult, type LoopRunOptions, type Part, type PlannedLoop, planLoop } from "./loop.ts";
import { type RandomRun, randomPart } from "./random-keys.ts";
import {
  checkedChunk,
  type FieldSpec,
  type SampleArray,
  type SampleChunk,
  type SampleRun,
  samplesPart,
} from "./samples.ts";
import type { StepValues } from "./step.ts";

export interface ProgramOptions {
  /** The samples, of which a step sees rows; or what they will be, where each chunk brings its own. */
  readonly fields: readonly (FieldSpec | SampleArray)[];
  readonly device?: Device | undefined;
  /**
   * What computes: ONNX Runtime; `wasm`, for small networks, whose steps take that longer to begin than to compute; or with `auto`
   * which of the two takes less time by what is known of the first step that is planned. All steps have the same.
   */
  readonly executor?: ExecutorChoice | undefined;
  /** Threads of the processor that share the work of each step. Bits are promised for one number of threads. */
  readonly threads?: number | undefined;
}

export interface StepChunk extends SampleChunk {
  /** Keys the random ops; step n draws the same whatever ran before. */
  readonly generator: Generator;
}

/** What a kind of program does in each step. */
export interface Plan<Run> {
  /** Which parts join those of every program. */
  readonly parts: readonly Part<Run>[];
  /** What a chunk reports of each step. */
  readonly reported: Readonly<Record<string, Tensor>>;
  /** What the step reads. */
  readonly leaves: readonly Variable[];
  /** The ids of the random ops that the results depend on. */
  readonly randomOps: readonly number[];
}

/** What the values of a run's variables are read from. */
export interface VariableRun {
  readonly variables: readonly Variable[];
}

/** What is made of a step, for all that have its key. */
export interface PlannedStep<Run, Own> {
  readonly own: Own;
  readonly loop: PlannedLoop<Run & SampleRun & RandomRun & VariableRun>;
  readonly isShared: boolean;
}

/** A step as it was traced. */
export interface KeyedStep<Own> {
  /** The same for two steps that can have one plan. */
  readonly key: string;
  /** The plan knows them by their places. */
  readonly variables: readonly Variable[];
  make(): Own;
  /** Whether a plan that was made of this step is one for all with the key. */
  readonly isShared: (own: Own) => boolean;
  /** Called with the plan, which may have been made of another step. */
  readonly planned?: (own: Own) => void;
}

/** Plans hold the variables that they were made of, as long as they are kept: those of large networks are not. */
const mostElementsKept = 16_384;

/** A loop of steps over the minibatches of chunks, compiled for each size of batch and kind of step when that is first seen. */
export interface StepProgram<Run, Kind, Own extends Plan<Run>> {
  /** What computes: known from the first step that is planned. */
  readonly executor: ExecutorName | undefined;
  /** What `auto` has gone by. */
  readonly estimate: StepEstimate | undefined;
  /** Builds the step for a size of batch, whose errors come now. */
  plan(batchSize: number, kind: Kind): Own;
  compile(batchSize: number, kind: Kind): Promise<unknown>;
  /** Checks a chunk, and compiles what its size of batch needs. */
  prepare(chunk: StepChunk, kind: Kind): Promise<PreparedChunk<Run, Own>>;
  release(): void;
}

export interface PreparedChunk<Run, Own> {
  readonly plan: Own;
  readonly steps: number;
  run(given: Run, options?: Pick<LoopRunOptions, "overwrite" | "goesOn">): Promise<StepsResult>;
  /** Whether what a result carries is still inside of this chunk's program, so that it can go on from there. */
  keeps(result: StepsResult): boolean;
}

export interface StepsResult extends Pick<LoopResult, "last"> {
  readonly values: StepValues;
}

/**
 * @param plans of the latest steps, which most programs have in common
 * @param stepOf says what a step of a kind does with batches of a size
 */
export function stepProgram<Run extends Pick<RandomRun, "firstStep">, Kind, Own extends Plan<Run>>(
  name: string,
  { fields, device = "cpu", executor: choice = "auto", threads = 1 }: ProgramOptions,
  plans: Latest<PlannedStep<Run, Own>>,
  stepOf: (batch: readonly Tensor[], batchSize: number, kind: Kind) => KeyedStep<Own>,
): StepProgram<Run, Kind, Own> {
  checkExecutor(device, choice, threads);
  let executor = onlyExecutor(choice, device, threads);
  let estimate: StepEstimate | undefined;
  const planned = new Map<string, PlannedStep<Run, Own> & VariableRun>();
  const plannedFor = (batchSize: number, kind: Kind) => {
    const key = JSON.stringify([batchSize, kind]);
    const known = planned.get(key);
    if (known !== undefined) return { key, ...known };
    const { part: samples, batch } = samplesPart(fields, batchSize);
    const step = stepOf(batch, batchSize, kind);
    const { variables } = step;
    const make = () => {
      const own = step.make();
      const parts = [samples, constantsPart(variables, own), ...own.parts, randomPart(own.randomOps)];
      const loop = planLoop<Run & SampleRun & RandomRun & VariableRun>({ name, parts, collected: own.reported });
      return { own, loop, isShared: step.isShared(own) && isSmall(variables, loop) };
    };
    const plan = { ...plans.for(step.key, make, ({ isShared }) => isShared), variables };
    step.planned?.(plan.own);
    if (executor !== "onnx") {
      const estimated = estimateStep(plan.loop.graph);
      if (executor === undefined) {
        estimate = estimated;
        executor = cheaperExecutor(estimated);
      } else requireLoops(estimated);
    }
    planned.set(key, plan);
    return { key, ...plan };
  };
  const programs = new Compiled((key: string) => {
    const plan = planned.get(key);
    if (plan === undefined || executor === undefined) throw new RangeError(`nothing is planned for ${key}`);
    return compileLoop(plan.loop, executorOf(executor, device, threads));
  });
  return {
    get executor() {
      return executor;
    },
    get estimate() {
      return estimate;
    },
    plan: (batchSize, kind) => plannedFor(batchSize, kind).own,
    compile: (batchSize, kind) => programs.for(plannedFor(batchSize, kind).key),
    async prepare({ generator, ...chunk }, kind) {
      const samples = checkedChunk(fields, chunk);
      const { steps } = samples;
      const { own: plan, key, variables } = plannedFor(chunk.batchSize, kind);
      const program = await programs.for(key);
      return {
        plan,
        steps,
        keeps: (result) => program.keeps(result),
        async run(given, options = {}) {
          const { last, collected } = await program.run(
            { ...given, ...samples, generator, variables },
            {
              ...options,
              steps,
              firstStep: given.firstStep,
            },
          );
          const values = Object.entries(collected).map(([key, array]) => [key, expectFloat32(array, key)] as const);
          return { last, values: Object.fromEntries(values) };
        },
      };
    },
    release: () => programs.release(),
  };
}

function isSmall(variables: readonly Variable[], { graph }: PlannedLoop<never>): boolean {
  let elements = variables.reduce((sum, { numel }) => sum + numel, 0);
  for (const { source, numel } of topologicalOrder(graph.results)) if (source.kind === "constant") elements += numel;
  return elements <= mostElementsKept;
}

/** What the step reads and no part changes or gives, such as frozen parameters: the present values. */
function constantsPart<Run>(variables: readonly Variable[], { leaves, parts }: Plan<Run>): Part<VariableRun> {
  const given = new Set<Tensor>(
    parts.flatMap(({ fixed = [], carried = [], computed = [] }) => [
      ...[...fixed, ...carried].map(({ tensor }) => tensor),
      ...computed.map(([variable]) => variable),
    ]),
  );
  return {
    fixed: leaves
      .filter((leaf) => !given.has(leaf))
      .map((leaf) => {
        const place = variables.indexOf(leaf);
        return { tensor: leaf, array: ({ variables: own }: VariableRun) => own[place]?.value };
      }),
  };
}
