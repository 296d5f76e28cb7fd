/**
 * Whole sequences of a recurrent layer in one direction, as ONNX's LSTM, GRU and RNN compute them. Gates are in
 * PyTorch's order. The gradients compute the gates of all steps anew, in one product of matrices, and go back through
 * time with one product a step; those of the weights are one product each over all steps.
 */

import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { lengthAt, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { gemm } from "./linear.ts";
import {
  defineOp,
  type Each,
  type Emitter,
  type Input,
  namesOf,
  type OnnxAttribute,
  type Op,
  type TensorType,
  type Value,
} from "./op.ts";

/** `reverse`: the last step comes first. */
export type RecurrentAttributes = { readonly reverse: boolean };
export type LstmAttributes = RecurrentAttributes & {
  /** The hidden states of all steps, or the cell state after the last one. */
  readonly result: "hidden" | "cell";
};
export type RnnAttributes = RecurrentAttributes & { readonly nonlinearity: "tanh" | "relu" };

/** x [steps, batch, features], weights [gates hidden, features] and [gates hidden, hidden], two biases, first states. */
type Operands = [x: Input, weightIh: Input, weightHh: Input, biasIh: Input, biasHh: Input, hidden: Input];
type OperandsWithCell = [...Operands, cell: Input];
type AnyOperands<T> = Each<Operands, T> | Each<OperandsWithCell, T>;

interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly features: number;
  readonly hidden: number;
}

function sizesOf([x, , weightHh]: AnyOperands<TensorType>): Sizes {
  return {
    steps: lengthAt(x.shape, 0),
    batch: lengthAt(x.shape, 1),
    features: lengthAt(x.shape, 2),
    hidden: lengthAt(weightHh.shape, 1),
  };
}

function checkOperands(name: string, inputs: AnyOperands<TensorType>, gates: number): Sizes {
  const sizes = sizesOf(inputs);
  const { steps, batch, features, hidden } = sizes;
  const wanted: readonly (readonly [string, Shape])[] = [
    ["the input", [steps, batch, features]],
    ["weight_ih", [gates * hidden, features]],
    ["weight_hh", [gates * hidden, hidden]],
    ["bias_ih", [gates * hidden]],
    ["bias_hh", [gates * hidden]],
    ["the first hidden state", [batch, hidden]],
    ["the first cell state", [batch, hidden]],
  ];
  for (const [index, input] of inputs.entries()) {
    const [what, shape] = elementAt(wanted, index);
    if (!sameShape(input.shape, shape))
      throw new TensorError("TENSOR_SHAPE", `${name}: ${what} is ${showShape(input.shape)}, not ${showShape(shape)}`);
    if (input.dtype !== "float32")
      throw new TensorError(
        "TENSOR_DTYPE",
        `${name}: ${what} is ${input.dtype}; it must be float32. Convert it with .to("float32")`,
      );
  }
  if (steps * features * hidden === 0)
    throw new TensorError(
      "TENSOR_SHAPE",
      `${name}: input ${showShape([steps, batch, features])} and ${hidden} hidden units: there must be steps, features and units`,
    );
  return sizes;
}

/** Both weights meet every step of every sample. */
function costOf([x, weightIh, weightHh]: AnyOperands<TensorType>): number {
  return lengthAt(x.shape, 0) * lengthAt(x.shape, 1) * (sizeOf(weightIh.shape) + sizeOf(weightHh.shape));
}

/** One ONNX node for the whole sequence. `order` puts PyTorch's gates into ONNX's order. */
function emitRecurrent<K extends string>(
  emitter: Emitter,
  onnx: "LSTM" | "GRU" | "RNN",
  inputs: AnyOperands<Value>,
  order: readonly number[],
  reverse: boolean,
  attributes: Readonly<Record<string, OnnxAttribute>>,
  outputs: readonly K[],
): Readonly<Record<K, string>> {
  const { features, hidden } = sizesOf(inputs);
  const [x, weightIh, weightHh, biasIh, biasHh, ...first] = inputs;
  const ints = (values: readonly number[]) => emitter.constant(BigInt64Array.from(values, BigInt), [values.length]);
  const ordered = (input: string, rest: readonly number[]) => {
    const first = emitter.node("Reshape", [input, ints([order.length, hidden, ...rest])]);
    const sorted = order.length === 1 ? first : emitter.node("Gather", [first, ints(order)], { axis: 0 });
    return emitter.node("Reshape", [sorted, ints([1, order.length * hidden, ...rest])]);
  };
  const biases = emitter.node("Concat", [ordered(biasIh.name, []), ordered(biasHh.name, [])], { axis: 1 });
  const states = first.map((state) => emitter.node("Unsqueeze", [state.name, ints([0])]));
  const key = `${namesOf(inputs)}:${reverse}:${JSON.stringify(attributes)}`;
  const operands = [
    x.name,
    ordered(weightIh.name, [features]),
    ordered(weightHh.name, [hidden]),
    biases,
    "",
    ...states,
  ];
  return emitter.nodesOnce(
    key,
    onnx,
    operands,
    { hidden_size: hidden, direction: reverse ? "reverse" : "forward", ...attributes },
    outputs,
  );
}

/** Drops ONNX's axis of directions, where that is `axis`. */
function withoutDirections(emitter: Emitter, output: string, axis: number): string {
  return emitter.node("Squeeze", [output, emitter.constant(BigInt64Array.of(BigInt(axis)), [1])]);
}

/** ONNX Runtime refuses batches of nothing. */
function emitNothing(emitter: Emitter, { shape }: TensorType): string | undefined {
  return shape.includes(0) ? emitter.constant(new Float32Array(0), shape) : undefined;
}

/** A sequence with one row for each step and sample: [steps batch, ...], and its walk through time. */
class Unrolled {
  readonly sizes: Sizes;
  readonly x: Tensor;
  /** The state before each step. */
  readonly before: Tensor;
  readonly #inputs: AnyOperands<Tensor>;
  readonly #reverse: boolean;

  constructor(inputs: AnyOperands<Tensor>, output: Tensor, reverse: boolean) {
    this.sizes = sizesOf(inputs);
    this.#inputs = inputs;
    this.#reverse = reverse;
    const { steps, batch, features, hidden } = this.sizes;
    const [x, , , , , first] = inputs;
    this.x = x.reshape([steps * batch, features]);
    const states = output.reshape([steps * batch, hidden]);
    this.before =
      steps === 1
        ? first
        : reverse
          ? states.slice(0, batch).concat([first])
          : first.concat([states.slice(0, 0, (steps - 1) * batch)]);
  }

  /** Rows of gate `index` of a weight or bias. */
  #gate(operand: Tensor, index: number): Tensor {
    return elementAt(operand.split(this.sizes.hidden), index);
  }

  /** What the input gives to a gate, its bias included: [steps batch, hidden]. */
  fromInput(gate: number): Tensor {
    const [, weightIh, , biasIh] = this.#inputs;
    return this.x.linear(this.#gate(weightIh, gate), this.#gate(biasIh, gate));
  }

  /** What the state before gives to a gate, its bias included: [steps batch, hidden]. */
  fromState(gate: number): Tensor {
    const [, , weightHh, , biasHh] = this.#inputs;
    return this.before.linear(this.#gate(weightHh, gate), this.#gate(biasHh, gate));
  }

  /** Both, as one product that adds to the other's result. */
  gateSum(gate: number): Tensor {
    const [, weightIh, weightHh, biasIh, biasHh] = this.#inputs;
    const bias = this.#gate(biasIh, gate).add(this.#gate(biasHh, gate));
    return this.before.linear(this.#gate(weightHh, gate), this.x.linear(this.#gate(weightIh, gate), bias));
  }

  /** [steps batch, ...] as one [batch, ...] for each position in time. */
  positions(sequence: Tensor): readonly Tensor[] {
    return sequence.split(this.sizes.batch);
  }

  /** Positions in the order of the recurrence. */
  get order(): readonly number[] {
    const positions = Array.from({ length: this.sizes.steps }, (_, position) => position);
    return this.#reverse ? positions.reverse() : positions;
  }

  /** gates weight_hh + rest: what a step's gates hand back to the state before it. */
  handBack(gates: Tensor, rest: Tensor): Tensor {
    return gates.apply(gemm, [this.#inputs[2], rest], { transposeA: false, transposeB: false });
  }

  /** Gradients of x, the weights and the biases from those of the gates: [steps batch, gates hidden]. */
  operandGradients(fromInput: Tensor, fromState: Tensor, needs: (index: number) => boolean) {
    const [x, weightIh] = this.#inputs;
    return [
      needs(0) ? fromInput.product(weightIh, false, false).reshape(x.shape) : undefined,
      needs(1) ? fromInput.product(this.x, true, false) : undefined,
      needs(2) ? fromState.product(this.before, true, false) : undefined,
      needs(3) ? fromInput.sum(0) : undefined,
      needs(4) ? fromState.sum(0) : undefined,
    ] as const;
  }
}

/** One below the other. */
function joined(parts: readonly Tensor[]): Tensor {
  return elementAt(parts, 0).concat(parts.slice(1));
}

/** y (1 - y), the slope of a sigmoid; 1 - y^2, that of a hyperbolic tangent. */
const sigmoidSlope = (y: Tensor) => y.sub(y.mul(y));
const tanhSlope = (y: Tensor) => y.mul(y).neg().add(1);

/** Gates i, f, g, o. */
export const lstm: Op<LstmAttributes, OperandsWithCell> = defineOp<LstmAttributes, OperandsWithCell>({
  name: "lstm",
  infer(inputs, { result }) {
    const { steps, batch, hidden } = checkOperands("LSTM", inputs, 4);
    return { shape: result === "cell" ? [batch, hidden] : [steps, batch, hidden], dtype: "float32" };
  },
  cost: (inputs, { result }) => (result === "hidden" ? costOf(inputs) : 0),
  gradient({ inputs, attributes, output, gradient, needs }) {
    const { reverse, result } = attributes;
    const [x, , weightHh, , , , firstCell] = inputs;
    const [, ...others] = inputs;
    const states = result === "hidden" ? output : x.apply(lstm, others, { reverse, result: "hidden" });
    const sequence = new Unrolled(inputs, states, reverse);
    const { steps, batch, hidden } = sequence.sizes;
    const rows = steps * batch;
    const [i, f, g, o] = [
      sequence.gateSum(0).sigmoid(),
      sequence.gateSum(1).sigmoid(),
      sequence.gateSum(2).tanh(),
      sequence.gateSum(3).sigmoid(),
    ];
    const [kept, added] = [sequence.positions(f), sequence.positions(i.mul(g))];
    const [cells, cellsBefore] = [new Array<Tensor>(steps), new Array<Tensor>(steps)];
    let cell = firstCell;
    for (const position of sequence.order) {
      cellsBefore[position] = cell;
      cell = elementAt(kept, position).mul(cell).add(elementAt(added, position));
      cells[position] = cell;
    }
    const squashed = joined(cells).tanh();
    // Of the cell by the hidden state, and of the gates by the cell (i, f, g) or the hidden state (o).
    const cellSlope = sequence.positions(o.mul(tanhSlope(squashed)));
    const slopes = sequence.positions(
      g
        .mul(sigmoidSlope(i))
        .concat([joined(cellsBefore).mul(sigmoidSlope(f)), i.mul(tanhSlope(g)), squashed.mul(sigmoidSlope(o))], 1),
    );
    const nothing = gradient.newFull([batch, hidden], 0);
    const fromOutput =
      result === "hidden" ? sequence.positions(gradient.reshape([rows, hidden])) : slopes.map(() => nothing);
    let forCell = result === "hidden" ? nothing : gradient;
    let gates: Tensor | undefined;
    const allGates = new Array<Tensor>(steps);
    for (const position of sequence.order.toReversed()) {
      const own = elementAt(fromOutput, position);
      const forHidden: Tensor = gates === undefined ? own : sequence.handBack(gates, own);
      const whole: Tensor =
        forCell === nothing
          ? forHidden.mul(elementAt(cellSlope, position))
          : forHidden.mul(elementAt(cellSlope, position)).add(forCell);
      gates = whole.concat([whole, whole, forHidden], 1).mul(elementAt(slopes, position));
      allGates[position] = gates;
      forCell = whole.mul(elementAt(kept, position));
    }
    const all = joined(allGates);
    return [
      ...sequence.operandGradients(all, all, needs),
      needs(5) && gates !== undefined ? gates.product(weightHh, false, false) : undefined,
      needs(6) ? forCell : undefined,
    ];
  },
  emit(emitter, inputs, { reverse, result }, output) {
    const nothing = emitNothing(emitter, output);
    if (nothing !== undefined) return nothing;
    const outputs = emitRecurrent(emitter, "LSTM", inputs, [0, 3, 1, 2], reverse, {}, ["sequence", "hidden", "cell"]);
    return result === "hidden"
      ? withoutDirections(emitter, outputs.sequence, 1)
      : withoutDirections(emitter, outputs.cell, 0);
  },
});

/** Gates r, z, n. */
export const gru = defineOp<RecurrentAttributes, Operands>({
  name: "gru",
  infer(inputs) {
    const { steps, batch, hidden } = checkOperands("GRU", inputs, 3);
    return { shape: [steps, batch, hidden], dtype: "float32" };
  },
  cost: costOf,
  gradient({ inputs, attributes: { reverse }, output, gradient, needs }) {
    const sequence = new Unrolled(inputs, output, reverse);
    const { steps, batch, hidden } = sequence.sizes;
    const [r, z] = [sequence.gateSum(0).sigmoid(), sequence.gateSum(1).sigmoid()];
    const remembered = sequence.fromState(2);
    const n = sequence.fromInput(2).add(r.mul(remembered)).tanh();
    // Of the new state's argument, and of the gates, by the hidden state.
    const newSlope = tanhSlope(n).mul(z.neg().add(1));
    const slopes = sequence.positions(
      newSlope
        .mul(remembered)
        .mul(sigmoidSlope(r))
        .concat([sequence.before.sub(n).mul(sigmoidSlope(z)), newSlope.mul(r)], 1),
    );
    const kept = sequence.positions(z);
    const fromOutput = sequence.positions(gradient.reshape([steps * batch, hidden]));
    const [allGates, allHidden] = [new Array<Tensor>(steps), new Array<Tensor>(steps)];
    let back: ((rest?: Tensor) => Tensor) | undefined;
    for (const position of sequence.order.toReversed()) {
      const own = elementAt(fromOutput, position);
      const forHidden: Tensor = back === undefined ? own : back(own);
      const gates = forHidden.concat([forHidden, forHidden], 1).mul(elementAt(slopes, position));
      allHidden[position] = forHidden;
      allGates[position] = gates;
      back = (rest) => {
        const direct = forHidden.mul(elementAt(kept, position));
        return sequence.handBack(gates, rest === undefined ? direct : direct.add(rest));
      };
    }
    const fromState = joined(allGates);
    const fromInput = fromState.slice(1, 0, 2 * hidden).concat([joined(allHidden).mul(newSlope)], 1);
    return [...sequence.operandGradients(fromInput, fromState, needs), needs(5) ? back?.() : undefined];
  },
  emit(emitter, inputs, { reverse }, output) {
    const nothing = emitNothing(emitter, output);
    if (nothing !== undefined) return nothing;
    // PyTorch applies the reset gate to the state's product, bias included.
    const outputs = emitRecurrent(emitter, "GRU", inputs, [1, 0, 2], reverse, { linear_before_reset: 1 }, [
      "sequence",
      "hidden",
    ]);
    return withoutDirections(emitter, outputs.sequence, 1);
  },
});

export const rnn = defineOp<RnnAttributes, Operands>({
  name: "rnn",
  infer(inputs) {
    const { steps, batch, hidden } = checkOperands("RNN", inputs, 1);
    return { shape: [steps, batch, hidden], dtype: "float32" };
  },
  cost: costOf,
  gradient({ inputs, attributes: { reverse, nonlinearity }, output, gradient, needs }) {
    const sequence = new Unrolled(inputs, output, reverse);
    const { steps, batch, hidden } = sequence.sizes;
    const rows = [steps * batch, hidden];
    const slopes = sequence.positions(
      (nonlinearity === "tanh" ? tanhSlope(output) : output.gt(0).float()).reshape(rows),
    );
    const fromOutput = sequence.positions(gradient.reshape(rows));
    let gates: Tensor | undefined;
    const allGates = new Array<Tensor>(steps);
    for (const position of sequence.order.toReversed()) {
      const own = elementAt(fromOutput, position);
      gates = (gates === undefined ? own : sequence.handBack(gates, own)).mul(elementAt(slopes, position));
      allGates[position] = gates;
    }
    const all = joined(allGates);
    return [
      ...sequence.operandGradients(all, all, needs),
      needs(5) && gates !== undefined ? gates.product(inputs[2], false, false) : undefined,
    ];
  },
  emit(emitter, inputs, { reverse, nonlinearity }, output) {
    const nothing = emitNothing(emitter, output);
    if (nothing !== undefined) return nothing;
    const activations = { strings: [nonlinearity === "tanh" ? "Tanh" : "Relu"] };
    const outputs = emitRecurrent(emitter, "RNN", inputs, [0], reverse, { activations }, ["sequence", "hidden"]);
    return withoutDirections(emitter, outputs.sequence, 1);
  },
});
