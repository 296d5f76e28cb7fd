import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import type { StepValues } from "../program/step.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Tensor } from "../tensor.ts";

/** A number, one for each class or output, or a matrix. */
export type MetricValue = number | readonly number[] | readonly (readonly number[])[];

type Elements = Float64Array | Float32Array;

/** Takes batches in as they come, and keeps less than all of them. */
export interface Accumulator<Part extends string = string> {
  /** @param batch the elements of each part, in row-major order; they are not kept */
  add(batch: Readonly<Record<Part, Float32Array>>): void;
  /** What `result` gets. */
  parts(): Readonly<Record<string, Elements>>;
}

/** A rule of a metric's own for putting batches together. */
export interface Accumulation {
  /** For one epoch. */
  start(): Accumulator;
}

/**
 * A figure of how good predictions are, as data: what one batch gives, which is built into the evaluation program, and
 * what follows from all batches. No state is kept, so that one metric serves many trainings.
 */
export interface Metric<Result extends MetricValue = MetricValue, Part extends string = string> {
  readonly name: string;
  /** Which values are better: higher ones if left out. */
  readonly direction?: "higher" | "lower" | undefined;
  /** Whether every value lies between 0 and 1, so that intervals around a mean of it do too; false if left out. */
  readonly isShare?: boolean | undefined;
  /**
   * How batches are put together: added element by element in double precision, one behind the other, or by a rule of the
   * metric's own.
   */
  readonly join: "sum" | "append" | Accumulation;
  /**
   * What one batch gives; prediction and target are what the loss gets.
   *
   * @throws TensorError if their shapes are not what this metric judges
   */
  step(prediction: Tensor, target: Tensor): Readonly<Record<Part, Tensor>>;
  /** From the elements of all batches, in row-major order, or from what the metric's own rule kept. */
  result(parts: Readonly<Record<Part, Elements>>): Result;
}

/**
 * A metric of predictions that are there already.
 *
 * @example
 * await compute(accuracy(), tensor([0.2, 0.9]), tensor([0, 1])); // 1
 */
export async function compute<Result extends MetricValue>(
  metric: Metric<Result>,
  prediction: Tensor,
  target: Tensor,
): Promise<Result> {
  const totals = new MetricTotals([metric]);
  const tensors = Object.entries(metricStep([metric], prediction, target));
  const data = await evaluate(tensors.map(([, tensor]) => tensor.to("float32")));
  totals.add(
    Object.fromEntries(tensors.map(([name], index) => [name, Float32Array.from(data[index] ?? [], Number)])),
    1,
  );
  return metric.result(totals.parts(metric));
}

/** What a step has to collect for metrics. */
export function metricStep(metrics: readonly Metric[], prediction: Tensor, target: Tensor): Record<string, Tensor> {
  return Object.fromEntries(
    metrics.flatMap((metric) =>
      Object.entries(metric.step(prediction, target)).map(([part, tensor]) => [partName(metric, part), tensor]),
    ),
  );
}

function partName({ name }: Metric, part: string): string {
  return `${name}/${part}`;
}

/** Puts the batches of an epoch together, in their order: chunks of any size give the same bits. */
export class MetricTotals {
  readonly #metrics: readonly Metric[];
  readonly #sums = new Map<string, Float64Array>();
  readonly #pieces = new Map<string, Float32Array[]>();
  readonly #accumulators = new Map<Metric, Accumulator>();

  /** @throws TensorError if two metrics have one name */
  constructor(metrics: readonly Metric[]) {
    for (const [index, { name }] of metrics.entries()) {
      if (metrics.findIndex((other) => other.name === name) < index) {
        throw new TensorError(
          "TENSOR_VALUE",
          `two metrics are called ${name}; give one another name, as in { ...metric, name: "other" }`,
        );
      }
    }
    this.#metrics = metrics;
    for (const metric of metrics)
      if (typeof metric.join === "object") this.#accumulators.set(metric, metric.join.start());
  }

  /** @param values of the steps of a chunk */
  add(values: StepValues, steps: number): void {
    for (const metric of this.#metrics) {
      const prefix = partName(metric, "");
      const own = Object.entries(values).filter(([name]) => name.startsWith(prefix));
      const accumulator = this.#accumulators.get(metric);
      if (accumulator !== undefined) {
        for (let step = 0; step < steps; step++) {
          const batch = own.map(([name, elements]) => {
            const size = elements.length / steps;
            return [name.slice(prefix.length), elements.subarray(step * size, (step + 1) * size)];
          });
          accumulator.add(Object.fromEntries(batch));
        }
        continue;
      }
      for (const [name, elements] of own) {
        if (metric.join === "append") this.#append(name, elements);
        else this.#addUp(name, elements, elements.length / steps);
      }
    }
  }

  #append(name: string, elements: Float32Array): void {
    const pieces = this.#pieces.get(name) ?? [];
    pieces.push(elements);
    this.#pieces.set(name, pieces);
  }

  #addUp(name: string, elements: Float32Array, size: number): void {
    const sum = this.#sums.get(name) ?? new Float64Array(size);
    for (const [index, element] of elements.entries()) sum[index % size] = elementAt(sum, index % size) + element;
    this.#sums.set(name, sum);
  }

  /** All elements of a metric, by part, or what its own rule kept. */
  parts(metric: Metric): Readonly<Record<string, Elements>> {
    const accumulator = this.#accumulators.get(metric);
    if (accumulator !== undefined) return accumulator.parts();
    const prefix = partName(metric, "");
    const found: readonly (readonly [string, Elements])[] =
      metric.join === "sum"
        ? [...this.#sums]
        : Array.from(this.#pieces, ([name, pieces]) => [name, joinPieces(pieces)] as const);
    return Object.fromEntries(
      found
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, elements]) => [name.slice(prefix.length), elements]),
    );
  }

  results(): Record<string, MetricValue> {
    return Object.fromEntries(this.#metrics.map((metric) => [metric.name, metric.result(this.parts(metric))]));
  }
}

function joinPieces(pieces: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}
