/** A loop over minibatches as one ONNX model: what goes in and out of it, and how a step is written. */
import type { DType, TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import type { GraphWriter } from "../onnx/graph-writer.ts";
import type { Feed } from "../runtime/session.ts";
import type { Shape } from "../shape.ts";
import { input, type Tensor } from "../tensor.ts";

/** Operator set of programs that only this process runs. */
export const programOpset = 18;

/** Something that enters the model under a name. */
export interface Entry {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Something given once may have another length along its first axis whenever the program runs. */
  readonly openLength?: boolean;
}

export interface LoopParts {
  readonly name: string;
  /** Given once for all steps. */
  readonly fixed: readonly Entry[];
  /** Carried from step to step. */
  readonly carried: readonly Entry[];
  /** One element along the first axis for each step; shapes are those of one step. */
  readonly perStep: readonly Entry[];
  /** For each random op, the per-step entries that key it. */
  readonly randomKey: (id: number) => readonly [string, string];
  /** Builds one step. */
  readonly body: (step: StepInputs) => StepOutputs;
}

export interface StepInputs {
  /** The value of an entry, as this step sees it. */
  readonly entry: (name: string) => Tensor;
  /** Says that in this program `leaf` has the value `tensor`. */
  readonly bind: (leaf: Tensor, tensor: Tensor) => void;
}

export interface StepOutputs {
  /** New values of what is carried, by name; what is not listed stays. */
  readonly carried: Readonly<Record<string, Tensor>>;
  /** Collected over the steps, by name. */
  readonly collected: Readonly<Record<string, Tensor>>;
}

export interface LoopProgram {
  /** @param feeds all fixed, carried and per-step entries, the last with an axis of steps in front */
  run(feeds: Readonly<Record<string, Feed>>, options?: LoopRunOptions): Promise<LoopResult>;
  release(): void;
}

export interface LoopRunOptions {
  /** The arrays of what is carried may be written to: the last values need no memory of their own. */
  readonly overwrite?: boolean;
}

export interface LoopResult {
  /** Last value of something carried. */
  carried(name: string): TypedArray;
  /** Something collected, with an axis of steps in front. */
  collected(name: string): TypedArray;
}

// What is collected has names from outside: the prefixes keep them from meeting others.
export const outputOf = {
  carried: (name: string) => `carried.${name}`,
  collected: (name: string) => `collected.${name}`,
};

/** The graph of one step, not yet written. */
export interface BuiltStep {
  readonly leaf: (entryName: string) => Tensor;
  /** Values of carried entries after the step, then what is collected, each under its output's name. */
  readonly results: readonly (readonly [string, Tensor])[];
  readonly bindings: readonly (readonly [Tensor, Tensor])[];
}

export function buildStep({ fixed, carried, perStep, body }: LoopParts): BuiltStep {
  const leaves = new Map(
    [...fixed, ...carried, ...perStep].map(({ name, shape, dtype }) => [name, input(name, shape, dtype)]),
  );
  const leaf = (entryName: string) => {
    const found = leaves.get(entryName);
    if (found === undefined) throw new TensorError("TENSOR_RUNTIME", `the program has no entry ${entryName}`);
    return found;
  };
  const bindings: [Tensor, Tensor][] = [];
  const outputs = body({ entry: leaf, bind: (variable, tensor) => bindings.push([variable, tensor]) });
  const results = [
    ...carried.map((entry) => [outputOf.carried(entry.name), outputs.carried[entry.name] ?? leaf(entry.name)] as const),
    ...Object.entries(outputs.collected).map(([metric, tensor]) => [outputOf.collected(metric), tensor] as const),
  ];
  return { leaf, results, bindings };
}

/** Writes a step whose entries are bound; returns the names of its results. */
export function writeStep(writer: GraphWriter, { bindings, results }: BuiltStep): readonly string[] {
  for (const [variable, tensor] of bindings) {
    const [bound] = writer.write([tensor]);
    if (bound !== undefined) writer.bind(variable, bound);
  }
  return writer.write(results.map(([, tensor]) => tensor));
}

export function feedOf(feeds: Readonly<Record<string, Feed>>, entryName: string): Feed {
  const feed = feeds[entryName];
  if (feed === undefined) throw new TensorError("TENSOR_RUNTIME", `the program needs a value for ${entryName}`);
  return feed;
}

/** How many steps the per-step entries are given for. */
export function stepsOf({ perStep }: LoopParts, feeds: Readonly<Record<string, Feed>>): number {
  return perStep[0] === undefined ? 0 : (feedOf(feeds, perStep[0].name).shape[0] ?? 0);
}

/** What the outputs of a run are found by. */
export function loopResult(find: (output: string) => TypedArray | undefined): LoopResult {
  const get = (output: string) => {
    const data = find(output);
    if (data === undefined) throw new TensorError("TENSOR_RUNTIME", `the program gave no ${output}`);
    return data;
  };
  return { carried: (name) => get(outputOf.carried(name)), collected: (name) => get(outputOf.collected(name)) };
}
