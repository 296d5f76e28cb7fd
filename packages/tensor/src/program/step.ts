import { TensorError } from "../errors.ts";
import { topologicalOrder } from "../graph/order.ts";
import { type BufferUpdates, trace, updateBuffer } from "../graph/trace.ts";
import { showShape } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { type Buffer, Variable } from "../variable.ts";

/** What one step computes from its minibatch. */
export interface StepResult {
  /** Scalar: what training makes small, or evaluation reports. */
  readonly loss: Tensor;
  /** Further scalars to report for each step. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
  /** Further tensors of any shape to report for each step, such as counts by class or the scores of the samples. */
  readonly collected?: Readonly<Record<string, Tensor>>;
  /**
   * What buffers hold after a step of training, besides what modules ask for with `updateBuffer`: recurrent state, moving
   * averages. `detach()` the value where no gradient is to flow, as it cannot beyond a step.
   */
  readonly carry?: ReadonlyMap<Buffer, Tensor>;
}

/** For each step of a chunk the loss, the metrics and what is collected, one step's elements after the other's. */
export type StepValues = Readonly<Record<string, Float32Array>>;

/**
 * Builds one step from a minibatch: one tensor for each field, [batch, ...]. Called when a size of batch first occurs,
 * which may be late: it sets what it depends on, such as train() or eval(), itself.
 */
export type StepBuilder = (batch: readonly Tensor[]) => StepResult;

export interface TracedStep {
  readonly loss: Tensor;
  /** What a chunk reports of each step: the loss and all others. */
  readonly reported: Readonly<Record<string, Tensor>>;
  readonly updates: BufferUpdates;
  readonly leaves: readonly Variable[];
  /** The ids of the random ops that the results depend on. */
  readonly randomOps: readonly number[];
  /** The id that is free for random ops of what comes behind the step. */
  readonly nextRandomId: number;
}

/** Builds the graph of one step. */
export function traceStep(batch: readonly Tensor[], build: StepBuilder, firstRandomId = 0): TracedStep {
  const { result, updates, nextRandomId } = trace(() => {
    const built = build(batch);
    refuseOthers(built);
    for (const [buffer, value] of built.carry ?? []) updateBuffer(buffer, value);
    return built;
  }, firstRandomId);
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
  const randomOps = new Set(order.map(({ randomId }) => randomId).filter((id) => id !== undefined));
  return { loss, reported, updates, leaves, randomOps: [...randomOps], nextRandomId };
}

const parts: Readonly<Record<keyof StepResult, true>> = { loss: true, metrics: true, collected: true, carry: true };

/** A figure that stands beside the loss instead of among the metrics would be dropped without a word. */
function refuseOthers(built: StepResult): void {
  if (built instanceof Promise)
    throw new TensorError("TENSOR_VALUE", "a step is built at once, without values: it must not be async");
  if (!(built instanceof Object))
    throw new TensorError(
      "TENSOR_VALUE",
      `a step returns { loss }, a tensor of one number; this one returned ${built}`,
    );
  const [other] = Object.keys(built).filter((name) => !Object.hasOwn(parts, name));
  if (other === undefined) return;
  throw new TensorError(
    "TENSOR_VALUE",
    `a step returns ${Object.keys(parts).join(", ")}, and this one ${JSON.stringify(other)} too; put what is to be reported into metrics: { ${other} }`,
  );
}

function scalarOf(what: string, tensor: Tensor): Tensor {
  if (!(tensor instanceof Tensor))
    throw new TensorError("TENSOR_VALUE", `${what} must be a tensor of one number; it is ${String(tensor)}`);
  if (tensor.numel !== 1) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${what} must be one number, not of shape ${showShape(tensor.shape)}; reduce it with mean() or sum()`,
    );
  }
  return tensor.to("float32").reshape([]);
}
