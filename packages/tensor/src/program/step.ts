import { TensorError } from "../errors.ts";
import { topologicalOrder } from "../graph/order.ts";
import { type BufferUpdates, trace } from "../graph/trace.ts";
import { isRandom } from "../ops/random.ts";
import type { Feed } from "../runtime/session.ts";
import { showShape } from "../shape.ts";
import { input, type Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import type { FieldSpec } from "./batches.ts";
import type { Layout, TrainingState } from "./layout.ts";
import type { Entry, StepInputs } from "./loop.ts";

/** What one step computes from its minibatch. */
export interface StepResult {
  /** Scalar: what training makes small, or evaluation reports. */
  readonly loss: Tensor;
  /** Further scalars to report for each step. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
  /** Further tensors of any shape to report for each step, such as counts by class or the scores of the samples. */
  readonly collected?: Readonly<Record<string, Tensor>>;
}

/** For each step of a chunk the loss, the metrics and what is collected, one step's elements after the other's. */
export type StepValues = Readonly<Record<string, Float32Array>>;

/**
 * Builds one step from a minibatch: one tensor for each field, [batch, ...]. Called when a size of batch first occurs,
 * which may be late: it sets what it depends on, such as train() or eval(), itself.
 */
export type StepBuilder = (batch: readonly Tensor[]) => StepResult;

export interface TracedStep {
  /** Stand for the minibatch in the graph. */
  readonly batch: readonly Tensor[];
  readonly loss: Tensor;
  /** What a chunk reports of each step: the loss and all others. */
  readonly reported: Readonly<Record<string, Tensor>>;
  readonly updates: BufferUpdates;
  readonly leaves: readonly Variable[];
  /** The ids of the random ops that the results depend on. */
  readonly randomOps: readonly number[];
}

/** Builds the graph of one step for batches of `batchSize` samples. */
export function traceStep(fields: readonly FieldSpec[], build: StepBuilder, batchSize: number): TracedStep {
  const batch = fields.map(({ shape, dtype }, index) => input(`batch${index}`, [batchSize, ...shape.slice(1)], dtype));
  const { result, updates } = trace(() => build(batch));
  const { metrics = {}, collected = {} } = result;
  const repeated = Object.keys(collected).find((name) => Object.hasOwn(metrics, name));
  if (repeated !== undefined)
    throw new TensorError("TENSOR_VALUE", `two metrics are called ${JSON.stringify(repeated)}`);
  if (Object.hasOwn({ ...metrics, ...collected }, "loss"))
    throw new TensorError("TENSOR_VALUE", 'a metric is called "loss", which is the name of the loss itself');
  const loss = scalarOf("the loss", result.loss);
  const reported = Object.fromEntries([
    ["loss", loss],
    ...Object.entries(metrics).map(([name, tensor]) => [name, scalarOf(`metric ${name}`, tensor)] as const),
    ...Object.entries(collected).map(([name, tensor]) => [name, tensor.to("float32")] as const),
  ]);
  const order = topologicalOrder([...Object.values(reported), ...updates.values()]);
  const leaves = order.filter((tensor) => tensor instanceof Variable);
  const randomOps = new Set(
    order.filter(({ op }) => op !== undefined && isRandom(op)).map(({ attributes }) => Number(attributes.id)),
  );
  return { batch, loss, reported, updates, leaves, randomOps: [...randomOps] };
}

function scalarOf(what: string, tensor: Tensor): Tensor {
  if (tensor.numel !== 1) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${what} must be one number, not of shape ${showShape(tensor.shape)}; reduce it with mean() or sum()`,
    );
  }
  return tensor.to("float32").reshape([]);
}

/** Entries for a state's vectors; the optimizer's slots belong to training alone. */
export function layoutEntries({ segments, buffers }: Layout): readonly Entry[] {
  return [
    ...segments.map(({ shape }, index): Entry => ({ name: `parameters${index}`, shape, dtype: "float32" })),
    ...buffers.map(({ shape, dtype }, index): Entry => ({ name: `buffer${index}`, shape, dtype })),
  ];
}

export function layoutFeeds({ segments, buffers }: Layout, state: TrainingState): Record<string, Feed> {
  const feeds: Record<string, Feed> = {};
  for (const [index, { shape }] of segments.entries())
    feeds[`parameters${index}`] = { data: present(state.parameters[index]), shape, dtype: "float32" };
  for (const [index, { shape, dtype }] of buffers.entries())
    feeds[`buffer${index}`] = { data: present(state.buffers[index]), shape, dtype };
  return feeds;
}

/** A part of a state that its layout promises. */
export function present<T>(part: T | undefined): T {
  if (part === undefined) throw new TensorError("TENSOR_VALUE", "this state belongs to another model: it lacks a part");
  return part;
}

/** Says where the step finds the values of the variables that the layout holds. */
export function bindLayout({ segments, buffers }: Layout, { entry, bind }: StepInputs): void {
  for (const [index, { parameters }] of segments.entries()) {
    const vector = entry(`parameters${index}`);
    const sizes = parameters.map((parameter) => parameter.numel);
    for (const [position, parameter] of parameters.entries()) {
      bind(
        parameter,
        parameters.length === 1
          ? vector.reshape(parameter.shape)
          : vector.part(0, sizes, position).reshape(parameter.shape),
      );
    }
  }
  for (const [index, buffer] of buffers.entries()) bind(buffer, entry(`buffer${index}`));
}

/** Entries for variables that the program reads but does not change, such as frozen parameters. */
export function constantEntries(variables: readonly Variable[]): readonly Entry[] {
  return variables.map(({ shape, dtype }, index) => ({ name: `constant${index}`, shape, dtype }));
}

export function constantFeeds(variables: readonly Variable[]): Record<string, Feed> {
  return Object.fromEntries(
    variables.map((variable, index) => [
      `constant${index}`,
      { data: variable.value, shape: variable.shape, dtype: variable.dtype },
    ]),
  );
}
