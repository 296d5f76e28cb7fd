/** A loop over minibatches as data: what enters it, and what a step makes of it. An executor makes a program of it. */
import type { TypedArray } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import type { Feed } from "../runtime/session.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";

/** Something that enters the loop: the tensor that stands for it in the graph of a step, and its elements in a run. */
export interface Entry<Run> {
  /** An input or a variable; no two entries have the same. */
  readonly tensor: Tensor;
  readonly array: (run: Run) => TypedArray | undefined;
  /** The length along the first axis in a run, where it need not be that of the tensor. */
  readonly length?: (run: Run) => number | undefined;
}

/** Something that every step changes. */
export interface Carried<Run> extends Entry<Run> {
  /** The value after the step. */
  readonly next: Tensor;
}

/** A share in a loop: samples, an optimizer's update, random numbers. Each part declares all that it needs of a run. */
export interface Part<Run> {
  /** The same in all steps. */
  readonly fixed?: readonly Entry<Run>[];
  readonly carried?: readonly Carried<Run>[];
  /** Another in each step; the arrays have an axis of steps in front of the tensors' own. */
  readonly perStep?: readonly Entry<Run>[];
  /** Variables whose values are computed from entries. */
  readonly computed?: readonly (readonly [Variable, Tensor])[];
  /** The two tensors that key each random op. */
  readonly randomKeys?: ReadonlyMap<number, RandomKey>;
}

export type RandomKey = readonly [Tensor, Tensor];

export interface Loop<Run> {
  readonly name: string;
  readonly parts: readonly Part<Run>[];
  /** What is kept of every step. */
  readonly collected: Readonly<Record<string, Tensor>>;
}

export interface LoopProgram<Run> {
  run(run: Run, options: LoopRunOptions): Promise<LoopResult>;
  /** Whether the carried values of a result are still inside, so that a run can go on from them without their arrays. */
  keeps(result: Pick<LoopResult, "last">): boolean;
  release(): void;
}

export interface LoopRunOptions {
  readonly steps: number;
  /** The number of the first step, where steps are counted over several runs. */
  readonly firstStep?: number;
  /** The arrays of what is carried may be written to: the last values need no memory of their own. */
  readonly overwrite?: boolean;
  /** The carried values are those inside, as `LoopProgram.keeps` says, and their arrays are not asked for. */
  readonly goesOn?: boolean;
}

export interface LoopResult {
  /** The value of something carried after the last step, copied out of the program when it is first asked for. */
  last(entry: Carried<never>): TypedArray;
  /** What was collected, with an axis of steps in front. */
  readonly collected: Readonly<Record<string, TypedArray>>;
}

/** The loop as an executor gets it. */
export interface LoopGraph {
  readonly name: string;
  readonly fixed: readonly LoopInput[];
  readonly carried: readonly LoopInput[];
  readonly perStep: readonly LoopInput[];
  readonly computed: readonly (readonly [Variable, Tensor])[];
  readonly randomKeys: ReadonlyMap<number, RandomKey>;
  /** What a step makes: first the next values of what is carried, in its order, then what is collected. */
  readonly results: readonly Tensor[];
}

export interface LoopInput {
  readonly name: string;
  readonly tensor: Tensor;
  /** The length along the first axis is known when the program runs. */
  readonly isOpen: boolean;
}

export interface LoopFeeds extends LoopRunOptions {
  readonly fixed: readonly NamedFeed[];
  readonly carried: readonly NamedFeed[];
  readonly perStep: readonly NamedFeed[];
}

export interface NamedFeed extends Feed {
  readonly name: string;
}

/** A loop that is ready to run: by ONNX Runtime, in one form or another. */
export interface Executable {
  /** Whether carried values stay inside after a run, for one that goes on from them. */
  readonly keeps?: true;
  /** @returns each result of the graph, when it is asked for; what is collected has an axis of steps in front */
  run(feeds: LoopFeeds): Promise<LoopOutputs>;
  release(): void;
}

/** By the number of the result. */
export type LoopOutputs = (index: number) => TypedArray | undefined;

export type Executor = (graph: LoopGraph) => Promise<Executable>;

/** A loop, and its graph. */
export interface PlannedLoop<Run> extends Loop<Run> {
  readonly graph: LoopGraph;
}

export function planLoop<Run>(loop: Loop<Run>): PlannedLoop<Run> {
  const { name, parts, collected } = loop;
  const { fixed, carried, perStep } = entriesOf(parts);
  const graph = {
    name,
    fixed: fixed.map((entry, index) => loopInput(`fixed${index}`, entry)),
    carried: carried.map((entry, index) => loopInput(`carried${index}`, entry)),
    perStep: perStep.map((entry, index) => loopInput(`perStep${index}`, entry)),
    computed: parts.flatMap((part) => part.computed ?? []),
    randomKeys: new Map(parts.flatMap((part) => [...(part.randomKeys ?? [])])),
    results: [...carried.map(({ next }) => next), ...Object.values(collected)],
  };
  return { ...loop, graph };
}

function entriesOf<Run>(parts: readonly Part<Run>[]) {
  return {
    fixed: parts.flatMap((part) => part.fixed ?? []),
    carried: parts.flatMap((part) => part.carried ?? []),
    perStep: parts.flatMap((part) => part.perStep ?? []),
  };
}

export async function compileLoop<Run>(
  { name, parts, collected, graph }: PlannedLoop<Run>,
  execute: Executor,
): Promise<LoopProgram<Run>> {
  const { fixed, carried, perStep } = entriesOf(parts);
  const positions = new Map<Carried<never>, number>(carried.map((entry, index) => [entry, index]));
  const kept = Object.keys(collected);
  const executable = await execute(graph);
  let latest: LoopResult["last"] | undefined;
  let runs = 0;
  return {
    keeps: ({ last }) => last === latest,
    async run(run, options) {
      latest = undefined;
      const own = ++runs;
      const outputs = await executable.run({
        ...options,
        fixed: fixed.map((entry, index) => feedOf(elementAt(graph.fixed, index), entry, run)),
        carried:
          options.goesOn === true
            ? []
            : carried.map((entry, index) => feedOf(elementAt(graph.carried, index), entry, run)),
        perStep: perStep.map((entry, index) => feedOf(elementAt(graph.perStep, index), entry, run, options.steps)),
      });
      const result = (index: number | undefined) => {
        const array = index === undefined ? undefined : outputs(index);
        if (array === undefined) throw new TensorError("TENSOR_RUNTIME", `${name} gave no result ${index}`);
        return array;
      };
      const last: LoopResult["last"] = (entry) => result(positions.get(entry));
      // Another run may have begun since.
      if (executable.keeps && own === runs) latest = last;
      return {
        last,
        collected: Object.fromEntries(kept.map((key, index) => [key, result(carried.length + index)])),
      };
    },
    release() {
      latest = undefined;
      executable.release();
    },
  };
}

function loopInput(name: string, { tensor, length }: Entry<never>): LoopInput {
  return { name, tensor, isOpen: length !== undefined };
}

function feedOf<Run>({ name }: LoopInput, { tensor, array, length }: Entry<Run>, run: Run, steps?: number): NamedFeed {
  const { dtype, shape } = tensor;
  const data = array(run);
  const first = length?.(run);
  if (data === undefined || (length !== undefined && first === undefined))
    throw new TensorError("TENSOR_VALUE", `the program is given no array for ${tensor}`);
  const own = first === undefined ? shape : [first, ...shape.slice(1)];
  return { name, data, dtype, shape: steps === undefined ? own : [steps, ...own] };
}
