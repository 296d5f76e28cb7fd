import { toNumbers } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Tensor } from "../tensor.ts";
import type { Parameter } from "../variable.ts";
import { checkNumber, checkPositive } from "./checks.ts";
import { type LinePoint, strongWolfe } from "./strong-wolfe.ts";

export interface LBFGSOptions {
  readonly lr?: number;
  /** Iterations of a step. */
  readonly maxIter?: number;
  /** Evaluations of a step; 5/4 of the iterations without it. */
  readonly maxEval?: number;
  /** A step ends where no element of the gradient is larger. */
  readonly toleranceGrad?: number;
  /** A step ends where the loss or the parameters change by less. */
  readonly toleranceChange?: number;
  /** How many of the last moves the curvature is estimated from. */
  readonly historySize?: number;
  readonly lineSearchFn?: "strongWolfe" | undefined;
}

interface Move {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly weight: number;
}

/**
 * L-BFGS with PyTorch's formulas and defaults. It chooses its moves by the loss of the whole data, and so trains outside of
 * programs, by steps of its own.
 *
 * @example
 * const optimizer = new optim.LBFGS(model.parameters(), { lineSearchFn: "strongWolfe" });
 * for (let step = 0; step < 10; step++) console.log(await optimizer.step(() => loss.forward(model.forward(x), y)));
 */
export class LBFGS {
  readonly #parameters: readonly Parameter[];
  readonly #options: Required<Omit<LBFGSOptions, "lineSearchFn">> & Pick<LBFGSOptions, "lineSearchFn">;
  #moves: Move[] = [];
  #scale = 1;
  #iterations = 0;
  #last: { readonly direction: Float64Array; readonly t: number; readonly gradient: Float64Array } | undefined;

  constructor(parameters: readonly Parameter[], options: LBFGSOptions = {}) {
    const {
      lr = 1,
      maxIter = 20,
      toleranceGrad = 1e-7,
      toleranceChange = 1e-9,
      historySize = 100,
      lineSearchFn,
    } = options;
    const { maxEval = Math.floor((maxIter * 5) / 4) } = options;
    checkPositive("LBFGS", "lr", lr);
    for (const [name, value] of Object.entries({ maxIter, maxEval, historySize }))
      checkNumber("LBFGS", name, value, Number.isInteger(value) && value > 0, "a whole number above 0");
    for (const [name, value] of Object.entries({ toleranceGrad, toleranceChange }))
      checkNumber("LBFGS", name, value, value >= 0, "0 or more");
    if (lineSearchFn !== undefined && lineSearchFn !== "strongWolfe") {
      throw new TensorError(
        "TENSOR_VALUE",
        `LBFGS: lineSearchFn is ${String(lineSearchFn)}; it must be "strongWolfe", or undefined`,
      );
    }
    this.#parameters = parameters.filter(({ requiresGrad }) => requiresGrad);
    this.#options = { lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn };
  }

  /**
   * Some iterations, which change the parameters.
   *
   * @param closure builds the loss, a scalar
   * @returns the loss before them
   */
  async step(closure: () => Tensor): Promise<number> {
    const { lr, maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = this.#options;
    const evaluated = this.#evaluator(closure());
    const first = await evaluated();
    let { value, gradient } = first;
    let evaluations = 1;
    if (largest(gradient) <= toleranceGrad) return first.value;
    for (let iteration = 1; ; iteration++) {
      const direction = this.#direction(gradient);
      const slope = dot(gradient, direction);
      const before = value;
      const start = this.#iterations === 1 ? Math.min(1, 1 / sumOfSizes(gradient)) * lr : lr;
      this.#last = { direction, t: start, gradient };
      if (slope > -toleranceChange) break;
      const origin = this.#values();
      let t = start;
      if (lineSearchFn === undefined) {
        this.#move(origin, t, direction);
        if (iteration === maxIter) break;
        ({ value, gradient } = await evaluated());
        evaluations++;
      } else {
        const found = await strongWolfe({
          from: { t: 0, value, gradient, slope },
          first: start,
          reach: largest(direction),
          toleranceChange,
          at: async (far): Promise<LinePoint> => {
            this.#move(origin, far, direction);
            const there = await evaluated();
            return { ...there, t: far, slope: dot(there.gradient, direction) };
          },
        });
        ({ t, value, gradient } = found.point);
        evaluations += found.evaluations;
        this.#move(origin, t, direction);
        this.#last = { ...this.#last, t };
      }
      const isDone =
        iteration === maxIter ||
        evaluations >= maxEval ||
        largest(gradient) <= toleranceGrad ||
        largest(direction) * t <= toleranceChange ||
        Math.abs(value - before) < toleranceChange;
      if (isDone) break;
    }
    return first.value;
  }

  /** Loss and gradient at the present values. */
  #evaluator(loss: Tensor): () => Promise<{ readonly value: number; readonly gradient: Float64Array }> {
    if (loss.numel !== 1) throw new TensorError("TENSOR_SHAPE", `LBFGS: the loss ${loss} must be one number`);
    const gradients = grad(loss, this.#parameters).map(
      (gradient, at) => gradient ?? elementAt(this.#parameters, at).zerosLike(),
    );
    return async () => {
      const [value, ...parts] = (await evaluate([loss, ...gradients])).map(toNumbers);
      return { value: elementAt(value ?? [], 0), gradient: Float64Array.from(parts.flat()) };
    };
  }

  /** Where to move: minus the gradient, times what the last moves say of the inverse curvature. */
  #direction(gradient: Float64Array): Float64Array {
    this.#iterations++;
    const last = this.#last;
    if (last === undefined) return gradient.map((value) => -value);
    const change = gradient.map((value, at) => value - elementAt(last.gradient, at));
    const step = last.direction.map((value) => value * last.t);
    const product = dot(change, step);
    if (product > 1e-10) {
      if (this.#moves.length === this.#options.historySize) this.#moves.shift();
      this.#moves.push({ step, change, weight: 1 / product });
      this.#scale = product / dot(change, change);
    }
    const direction = gradient.map((value) => -value);
    const shares = this.#moves.map(() => 0);
    for (const [index, move] of [...this.#moves.entries()].reverse()) {
      const share = dot(move.step, direction) * move.weight;
      shares[index] = share;
      add(direction, move.change, -share);
    }
    for (const [at, value] of direction.entries()) direction[at] = value * this.#scale;
    for (const [index, move] of this.#moves.entries())
      add(direction, move.step, elementAt(shares, index) - dot(move.change, direction) * move.weight);
    return direction;
  }

  #values(): Float64Array {
    return Float64Array.from(this.#parameters.flatMap(({ value }) => toNumbers(value)));
  }

  #move(origin: Float64Array, t: number, direction: Float64Array): void {
    let offset = 0;
    for (const parameter of this.#parameters) {
      const start = offset;
      parameter.value = Float32Array.from(
        { length: parameter.numel },
        (_, at) => elementAt(origin, start + at) + t * elementAt(direction, start + at),
      );
      offset += parameter.numel;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, at) => sum + value * elementAt(b, at), 0);
}

function add(target: Float64Array, source: Float64Array, factor: number): void {
  for (const [at, value] of source.entries()) target[at] = elementAt(target, at) + factor * value;
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function sumOfSizes(values: Float64Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0);
}
