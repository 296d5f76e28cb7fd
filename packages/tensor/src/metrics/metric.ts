import { TensorError } from "../errors.ts";
import type { StepValues } from "../program/step.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Tensor } from "../tensor.ts";

/** A number, one for each class or output, or a matrix. */
export type MetricValue = number | readonly number[] | readonly (readonly number[])[];

type Elements = Float64Array | Float32Array;

/**
 * A figure of how good predictions are, as data: what one batch gives, which is built into the evaluation program, and
 * what follows from all batches. No state is kept, so that one metric serves many trainings.
 */
export interface Metric<Result extends MetricValue = MetricValue, Part extends string = string> {
  readonly name: string;
  /** How batches are put together: added element by element in double precision, or one behind the other. */
  readonly join: "sum" | "append";
  /**
   * What one batch gives; prediction and target are what the loss gets.
   *
   * @throws TensorError if their shapes are not what this metric judges
   */
  step(prediction: Tensor, target: Tensor): Readonly<Record<Part, Tensor>>;
  /** From the elements of all batches, in row-major order. */
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
  }

  /** @param values of the steps of a chunk */
  add(values: StepValues, steps: number): void {
    for (const metric of this.#metrics) {
      const prefix = partName(metric, "");
      for (const [name, elements] of Object.entries(values)) {
        if (!name.startsWith(prefix)) continue;
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
    for (const [index, element] of elements.entries()) sum[index % size] = (sum[index % size] ?? 0) + element;
    this.#sums.set(name, sum);
  }

  /** All elements of a metric, by part. */
  parts(metric: Metric): Record<string, Elements> {
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
