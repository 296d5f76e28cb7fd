/**
 * A loop over the slices of tensors, as ONNX's Scan computes it. Its results are an op each: the states at the end, then what is
 * kept of every step. The gradient is a loop in turn, which goes the other way: it computes each step anew from the state
 * that the step began with, which the first loop keeps where a gradient is asked for, and carries the gradients of the state
 * and the sums of those of what all steps share.
 */
import { elementAt } from "../element-at.ts";
import { grad } from "../graph/gradient.ts";
import { topologicalOrder } from "../graph/order.ts";
import { substitute } from "../graph/substitute.ts";
import type { Shape } from "../shape.ts";
import { input, Tensor } from "../tensor.ts";
import type { JointGradientContext, Op, ScanGraph, TensorType } from "./op.ts";

/** What a step makes of its state and its slices. */
export interface ScanStep {
  readonly next: readonly Tensor[];
  readonly kept: readonly Tensor[];
}

export interface ScanResult {
  /** The states after the last step. */
  readonly states: readonly Tensor[];
  /** What was kept, with an axis of steps in front. */
  readonly kept: readonly Tensor[];
}

let loops = 0;
/** Constants of no more elements are written into the bodies of loops. */
const mostKnown = 16;

/**
 * @param length how many slices each of `xs` has along its first axis
 * @param step gets a tensor for each of `states` and `xs`
 */
export function scanOver(
  step: (states: readonly Tensor[], slices: readonly Tensor[]) => ScanStep,
  states: readonly Tensor[],
  xs: readonly Tensor[],
  {
    length,
    reverse,
    unrolled = false,
  }: { readonly length: number; readonly reverse: boolean; readonly unrolled?: boolean },
): ScanResult {
  const standIn = (name: string, shape: Shape, { dtype }: TensorType) => input(name, shape, dtype);
  const stateInputs = states.map((state, index) => standIn(`state ${index}`, state.shape, state));
  const sliceInputs = xs.map((x, index) => standIn(`slice ${index}`, x.shape.slice(1), x));
  const { next, kept } = step(stateInputs, sliceInputs);
  const outer = outside([...next, ...kept], new Set([...stateInputs, ...sliceInputs]));
  const captured = outer.map((tensor, index) => standIn(`captured ${index}`, tensor.shape, tensor));
  const places = new Map(outer.map((tensor, index) => [tensor, elementAt(captured, index)]));
  const own = substitute([...next, ...kept], places);
  // Gradients may be asked for with respect to constants; but what is computed knows small ones by their values.
  const known = new Map(
    pairs(captured, outer).filter(([, { source, numel }]) => source.kind === "constant" && numel <= mostKnown),
  );
  const bodyOf = (results: readonly Tensor[]): ScanGraph => ({
    states: stateInputs,
    slices: sliceInputs,
    captured,
    next: results.slice(0, next.length),
    kept: results.slice(next.length),
    length,
    reverse,
    unrolled,
  });
  const loop = new Loop(bodyOf(own), bodyOf(substitute(own, known)));
  const inputs = [...states, ...xs, ...outer];
  const results = loop.ops.map((op) => resultOf(op, inputs));
  return {
    states: results.slice(0, states.length),
    kept: results.slice(states.length, states.length + kept.length),
  };
}

function resultOf(op: Op, inputs: readonly Tensor[]): Tensor {
  const { shape, dtype } = op.infer(inputs, {});
  return new Tensor({ shape, dtype, source: { kind: "computed" }, op, inputs });
}

/**
 * What a body needs from outside: tensors that depend on nothing of a step, used by some that do, or results themselves. They
 * are computed once.
 */
function outside(results: readonly Tensor[], inputs: ReadonlySet<Tensor>): readonly Tensor[] {
  const inside = new Set<Tensor>();
  const outer = new Set<Tensor>();
  const add = (tensor: Tensor) => {
    if (!inside.has(tensor) && !inputs.has(tensor)) outer.add(tensor);
  };
  for (const tensor of topologicalOrder(results)) {
    if (!tensor.inputs.some((each) => inputs.has(each) || inside.has(each))) continue;
    inside.add(tensor);
    for (const each of tensor.inputs) add(each);
  }
  for (const result of results) add(result);
  return [...outer];
}

class Loop {
  readonly ops: readonly Op[];
  readonly #body: ScanGraph;
  readonly #written: ScanGraph;
  readonly #name = `scan ${loops++}`;
  /** Whether the state that each step begins with is kept too. */
  #keepsStates = false;

  /** @param written the same as the body, as it is computed */
  constructor(body: ScanGraph, written: ScanGraph) {
    this.#body = body;
    this.#written = written;
    const ops: Op[] = [];
    const types = [
      ...body.next,
      ...body.kept.map((each) => this.#overSteps(each)),
      ...body.states.map((each) => this.#overSteps(each)),
    ];
    for (const [index, { shape, dtype }] of types.entries()) {
      ops.push({
        name: `${this.#name}.${index}`,
        anyType: true,
        results: ops,
        infer: () => ({ shape, dtype }),
        jointGradient: (context) => this.#gradient(context),
        ...(index === 0 ? { cost: () => this.#cost() } : {}),
        emit: (emitter, inputs) => {
          const names = inputs.map((each) => each?.name ?? "");
          return elementAt(emitter.scan(`${this.#name}(${names})`, names, this.#graph()), index);
        },
        scan: () => ({ graph: this.#graph(), index }),
      });
    }
    this.ops = ops;
  }

  #graph(): ScanGraph {
    const { kept, states } = this.#written;
    return this.#keepsStates ? { ...this.#written, kept: [...kept, ...states] } : this.#written;
  }

  #overSteps({ shape, dtype }: TensorType): TensorType {
    return { shape: [this.#body.length, ...shape], dtype };
  }

  #cost(): number {
    const { next, kept } = this.#body;
    const costs = topologicalOrder([...next, ...kept]).map(
      (each) => each.op?.cost?.(each.inputs, each.attributes, each) ?? 0,
    );
    return this.#body.length * costs.reduce((sum, cost) => sum + cost, 0);
  }

  #gradient({ inputs, gradients, needs }: JointGradientContext): readonly (Tensor | undefined)[] {
    const { states, slices, captured, next, kept, length, reverse, unrolled } = this.#body;
    const firstCaptured = states.length + slices.length;
    const [xs, outer] = [inputs.slice(states.length, firstCaptured), inputs.slice(firstCaptured)];
    this.#keepsStates = true;
    const firstKept = states.length + kept.length;
    const began = states.map((_, index) => resultOf(elementAt(this.ops, firstKept + index), inputs));
    const isFloat = ({ dtype }: TensorType) => dtype === "float32";
    // The gradients that come from behind, and the sum whose gradients are those of the step.
    const carried = states.flatMap((state, index) =>
      isFloat(state) ? [{ state, index, seed: input(`gradient ${index}`, state.shape, "float32") }] : [],
    );
    const given = [...kept, ...states].flatMap((result, index) => {
      const gradient = gradients[states.length + index];
      return gradient === undefined || !isFloat(result)
        ? []
        : [{ result, gradient, seed: input(`kept ${index}`, result.shape, "float32") }];
    });
    const sum = [
      ...carried.map(({ index, seed }) => elementAt(next, index).mul(seed).sum()),
      ...given.map(({ result, seed }) => result.mul(seed).sum()),
    ].reduce((total, term) => total.add(term));
    const wanted = (list: readonly Tensor[], first: number) =>
      list.flatMap((tensor, index) => (needs(first + index) ? [{ tensor, index: first + index }] : []));
    const [ofSlices, ofCaptured] = [wanted(slices, states.length), wanted(captured, firstCaptured)];
    const targets = [
      ...carried.map(({ state }) => state),
      ...ofSlices.map(({ tensor }) => tensor),
      ...ofCaptured.map(({ tensor }) => tensor),
    ];
    const steps = grad(sum, targets).map((gradient, index) => gradient ?? elementAt(targets, index).zerosLike());
    const back = scanOver(
      (now, [...each]) => {
        const [gradientsNow, sums] = [now.slice(0, carried.length), now.slice(carried.length)];
        const places = new Map<Tensor, Tensor>([
          ...pairs([...states, ...slices, ...given.map(({ seed }) => seed)], each),
          ...pairs(captured, outer),
          ...pairs(
            carried.map(({ seed }) => seed),
            gradientsNow,
          ),
        ]);
        const found = substitute(steps, places);
        const added = found
          .slice(carried.length + ofSlices.length)
          .map((part, index) => elementAt(sums, index).add(part));
        return {
          next: [...found.slice(0, carried.length), ...added],
          kept: found.slice(carried.length, carried.length + ofSlices.length),
        };
      },
      [
        ...carried.map(({ state, index }) => gradients[index] ?? state.zerosLike()),
        ...ofCaptured.map(({ tensor }) => tensor.zerosLike()),
      ],
      [...began, ...xs, ...given.map(({ gradient }) => gradient)],
      { length, reverse: !reverse, unrolled },
    );
    const result: (Tensor | undefined)[] = inputs.map(() => undefined);
    for (const [position, { index }] of carried.entries()) result[index] = back.states[position];
    for (const [position, { index }] of ofCaptured.entries()) result[index] = back.states[carried.length + position];
    for (const [position, { index }] of ofSlices.entries()) result[index] = back.kept[position];
    return result;
  }
}

function pairs(keys: readonly Tensor[], values: readonly Tensor[]): [Tensor, Tensor][] {
  return keys.map((key, index) => [key, elementAt(values, index)]);
}
