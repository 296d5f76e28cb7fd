/**
 * Whole sequences of a recurrent layer in one direction, as ONNX's LSTM, GRU and RNN compute them. Gates are in
 * PyTorch's order. The gradients compute the gates of all steps anew, in one product of matrices, and go back through
 * time with one product a step; those of the weights are one product each over all steps.
 */
import { TensorError } from "../errors.ts";
import { lengthAt, type Shape, sameShape, showShape } from "../shape.ts";
import { apply, cat, type Tensor } from "../tensor.ts";
import { gemm } from "./linear.ts";
import { defineOp, type Emitter, inputAt, type OnnxAttribute, type Op, type TensorType, type Value } from "./op.ts";

/** `reverse`: the last step comes first. */
export type RecurrentAttributes = { readonly reverse: boolean };
export type LstmAttributes = RecurrentAttributes & {
  /** The hidden states of all steps, or the cell state after the last one. */
  readonly result: "hidden" | "cell";
};
export type RnnAttributes = RecurrentAttributes & { readonly nonlinearity: "tanh" | "relu" };

interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly features: number;
  readonly hidden: number;
}

function sizesOf([x, weightIh, weightHh]: readonly TensorType[]): Sizes {
  if (x === undefined || weightIh === undefined || weightHh === undefined) throw new RangeError("operands are missing");
  return {
    steps: lengthAt(x.shape, 0),
    batch: lengthAt(x.shape, 1),
    features: lengthAt(x.shape, 2),
    hidden: lengthAt(weightHh.shape, 1),
  };
}

/** Inputs: x [steps, batch, features], weights [gates hidden, features] and [gates hidden, hidden], two biases, states. */
function checkOperands(name: string, inputs: readonly TensorType[], gates: number, states: number): Sizes {
  const sizes = sizesOf(inputs);
  const { steps, batch, features, hidden } = sizes;
  const wanted: readonly (readonly [string, Shape])[] = [
    ["the input", [steps, batch, features]],
    ["weight_ih", [gates * hidden, features]],
    ["weight_hh", [gates * hidden, hidden]],
    ["bias_ih", [gates * hidden]],
    ["bias_hh", [gates * hidden]],
    ...["the first hidden state", "the first cell state"]
      .slice(0, states)
      .map((what): readonly [string, Shape] => [what, [batch, hidden]]),
  ];
  for (const [index, [what, shape]] of wanted.entries()) {
    const input = inputAt(inputs, index);
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

/** One ONNX node for the whole sequence. `order` puts PyTorch's gates into ONNX's order. */
function emitRecurrent(
  emitter: Emitter,
  onnx: "LSTM" | "GRU" | "RNN",
  inputs: readonly Value[],
  order: readonly number[],
  reverse: boolean,
  attributes: Readonly<Record<string, OnnxAttribute>>,
): readonly string[] {
  const { features, hidden } = sizesOf(inputs);
  const name = (index: number) => inputAt(inputs, index).name;
  const ints = (values: readonly number[]) => emitter.constant(BigInt64Array.from(values, BigInt), [values.length]);
  const ordered = (input: string, rest: readonly number[]) => {
    const first = emitter.node("Reshape", [input, ints([order.length, hidden, ...rest])]);
    const sorted = order.length === 1 ? first : emitter.node("Gather", [first, ints(order)], { axis: 0 });
    return emitter.node("Reshape", [sorted, ints([1, order.length * hidden, ...rest])]);
  };
  const biases = emitter.node("Concat", [ordered(name(3), []), ordered(name(4), [])], { axis: 1 });
  const states = inputs.slice(5).map((state) => emitter.node("Unsqueeze", [state.name, ints([0])]));
  const key = `${inputs.map((input) => input.name).join(",")}:${reverse}:${JSON.stringify(attributes)}`;
  const operands = [name(0), ordered(name(1), [features]), ordered(name(2), [hidden]), biases, "", ...states];
  return emitter.nodeOnce(
    key,
    onnx,
    operands,
    { hidden_size: hidden, direction: reverse ? "reverse" : "forward", ...attributes },
    onnx === "LSTM" ? 3 : 2,
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
  readonly #inputs: readonly Tensor[];
  readonly #reverse: boolean;

  constructor(inputs: readonly Tensor[], output: Tensor, reverse: boolean) {
    this.sizes = sizesOf(inputs);
    this.#inputs = inputs;
    this.#reverse = reverse;
    const { steps, batch, features, hidden } = this.sizes;
    this.x = inputAt(inputs, 0).reshape([steps * batch, features]);
    const states = output.reshape([steps * batch, hidden]);
    const first = inputAt(inputs, 5);
    this.before =
      steps === 1
        ? first
        : reverse
          ? cat([states.slice(0, batch), first])
          : cat([first, states.slice(0, 0, (steps - 1) * batch)]);
  }

  /** Rows of gate `index` of a weight or bias. */
  gate(operand: number, index: number): Tensor {
    const tensor = inputAt(this.#inputs, operand);
    return tensor.split(this.sizes.hidden).at(index) ?? tensor;
  }

  /** What the input gives to a gate, its bias included: [steps batch, hidden]. */
  fromInput(gate: number): Tensor {
    return this.x.linear(this.gate(1, gate), this.gate(3, gate));
  }

  /** What the state before gives to a gate, its bias included: [steps batch, hidden]. */
  fromState(gate: number): Tensor {
    return this.before.linear(this.gate(2, gate), this.gate(4, gate));
  }

  /** Both, as one product that adds to the other's result. */
  gateSum(gate: number): Tensor {
    const bias = this.gate(3, gate).add(this.gate(4, gate));
    return this.before.linear(this.gate(2, gate), this.x.linear(this.gate(1, gate), bias));
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
    return apply(gemm, [gates, inputAt(this.#inputs, 2), rest], { transposeA: false, transposeB: false });
  }

  /** Gradients of x, the weights and the biases from those of the gates: [steps batch, gates hidden]. */
  operandGradients(fromInput: Tensor, fromState: Tensor, needs: (index: number) => boolean): (Tensor | undefined)[] {
    const [x, weightIh] = [inputAt(this.#inputs, 0), inputAt(this.#inputs, 1)];
    return [
      needs(0) ? fromInput.product(weightIh, false, false).reshape(x.shape) : undefined,
      needs(1) ? fromInput.product(this.x, true, false) : undefined,
      needs(2) ? fromState.product(this.before, true, false) : undefined,
      needs(3) ? fromInput.sum(0) : undefined,
      needs(4) ? fromState.sum(0) : undefined,
    ];
  }
}

/** y (1 - y), the slope of a sigmoid; 1 - y^2, that of a hyperbolic tangent. */
const sigmoidSlope = (y: Tensor) => y.sub(y.mul(y));
const tanhSlope = (y: Tensor) => y.mul(y).neg().add(1);

/** Inputs: x, weight_ih, weight_hh, bias_ih, bias_hh, h0, c0; gates i, f, g, o. */
export const lstm: Op<LstmAttributes> = defineOp<LstmAttributes>({
  name: "lstm",
  infer(inputs, { result }) {
    const { steps, batch, hidden } = checkOperands("LSTM", inputs, 4, 2);
    return { shape: result === "cell" ? [batch, hidden] : [steps, batch, hidden], dtype: "float32" };
  },
  gradient({ inputs, attributes, output, gradient, needs }) {
    const { reverse, result } = attributes;
    const states = result === "hidden" ? output : apply(lstm, inputs, { reverse, result: "hidden" });
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
    const firstCell = inputAt(inputs, 6);
    const [cells, cellsBefore] = [new Array<Tensor>(steps), new Array<Tensor>(steps)];
    let cell = firstCell;
    for (const position of sequence.order) {
      cellsBefore[position] = cell;
      cell = inputAt(kept, position).mul(cell).add(inputAt(added, position));
      cells[position] = cell;
    }
    const squashed = cat(cells).tanh();
    // Of the cell by the hidden state, and of the gates by the cell (i, f, g) or the hidden state (o).
    const cellSlope = sequence.positions(o.mul(tanhSlope(squashed)));
    const slopes = sequence.positions(
      cat(
        [
          g.mul(sigmoidSlope(i)),
          cat(cellsBefore).mul(sigmoidSlope(f)),
          i.mul(tanhSlope(g)),
          squashed.mul(sigmoidSlope(o)),
        ],
        1,
      ),
    );
    const nothing = gradient.newFull([batch, hidden], 0);
    const fromOutput =
      result === "hidden" ? sequence.positions(gradient.reshape([rows, hidden])) : slopes.map(() => nothing);
    let forCell = result === "hidden" ? nothing : gradient;
    let gates: Tensor | undefined;
    const allGates = new Array<Tensor>(steps);
    for (const position of sequence.order.toReversed()) {
      const own = inputAt(fromOutput, position);
      const forHidden: Tensor = gates === undefined ? own : sequence.handBack(gates, own);
      const whole: Tensor =
        forCell === nothing
          ? forHidden.mul(inputAt(cellSlope, position))
          : forHidden.mul(inputAt(cellSlope, position)).add(forCell);
      gates = cat([whole, whole, whole, forHidden], 1).mul(inputAt(slopes, position));
      allGates[position] = gates;
      forCell = whole.mul(inputAt(kept, position));
    }
    const joined = cat(allGates);
    return [
      ...sequence.operandGradients(joined, joined, needs),
      needs(5) && gates !== undefined ? gates.product(inputAt(inputs, 2), false, false) : undefined,
      needs(6) ? forCell : undefined,
    ];
  },
  emit(emitter, inputs, { reverse, result }, output) {
    const nothing = emitNothing(emitter, output);
    if (nothing !== undefined) return nothing;
    const outputs = emitRecurrent(emitter, "LSTM", inputs, [0, 3, 1, 2], reverse, {});
    return result === "hidden"
      ? withoutDirections(emitter, inputAt(outputs, 0), 1)
      : withoutDirections(emitter, inputAt(outputs, 2), 0);
  },
});

/** Inputs: x, weight_ih, weight_hh, bias_ih, bias_hh, h0; gates r, z, n. */
export const gru: Op<RecurrentAttributes> = defineOp<RecurrentAttributes>({
  name: "gru",
  infer(inputs) {
    const { steps, batch, hidden } = checkOperands("GRU", inputs, 3, 1);
    return { shape: [steps, batch, hidden], dtype: "float32" };
  },
  gradient({ inputs, attributes: { reverse }, output, gradient, needs }) {
    const sequence = new Unrolled(inputs, output, reverse);
    const { steps, batch, hidden } = sequence.sizes;
    const [r, z] = [sequence.gateSum(0).sigmoid(), sequence.gateSum(1).sigmoid()];
    const remembered = sequence.fromState(2);
    const n = sequence.fromInput(2).add(r.mul(remembered)).tanh();
    // Of the new state's argument, and of the gates, by the hidden state.
    const newSlope = tanhSlope(n).mul(z.neg().add(1));
    const slopes = sequence.positions(
      cat(
        [newSlope.mul(remembered).mul(sigmoidSlope(r)), sequence.before.sub(n).mul(sigmoidSlope(z)), newSlope.mul(r)],
        1,
      ),
    );
    const kept = sequence.positions(z);
    const fromOutput = sequence.positions(gradient.reshape([steps * batch, hidden]));
    const [allGates, allHidden] = [new Array<Tensor>(steps), new Array<Tensor>(steps)];
    let back: ((rest?: Tensor) => Tensor) | undefined;
    for (const position of sequence.order.toReversed()) {
      const own = inputAt(fromOutput, position);
      const forHidden: Tensor = back === undefined ? own : back(own);
      const gates = cat([forHidden, forHidden, forHidden], 1).mul(inputAt(slopes, position));
      allHidden[position] = forHidden;
      allGates[position] = gates;
      back = (rest) => {
        const direct = forHidden.mul(inputAt(kept, position));
        return sequence.handBack(gates, rest === undefined ? direct : direct.add(rest));
      };
    }
    const fromState = cat(allGates);
    const fromInput = cat([fromState.slice(1, 0, 2 * hidden), cat(allHidden).mul(newSlope)], 1);
    return [...sequence.operandGradients(fromInput, fromState, needs), needs(5) ? back?.() : undefined];
  },
  emit(emitter, inputs, { reverse }, output) {
    const nothing = emitNothing(emitter, output);
    if (nothing !== undefined) return nothing;
    // PyTorch applies the reset gate to the state's product, bias included.
    const outputs = emitRecurrent(emitter, "GRU", inputs, [1, 0, 2], reverse, { linear_before_reset: 1 });
    return withoutDirections(emitter, inputAt(outputs, 0), 1);
  },
});

/** Inputs: x, weight_ih, weight_hh, bias_ih, bias_hh, h0. */
export const rnn: Op<RnnAttributes> = defineOp<RnnAttributes>({
  name: "rnn",
  infer(inputs) {
    const { steps, batch, hidden } = checkOperands("RNN", inputs, 1, 1);
    return { shape: [steps, batch, hidden], dtype: "float32" };
  },
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
      const own = inputAt(fromOutput, position);
      gates = (gates === undefined ? own : sequence.handBack(gates, own)).mul(inputAt(slopes, position));
      allGates[position] = gates;
    }
    const joined = cat(allGates);
    return [
      ...sequence.operandGradients(joined, joined, needs),
      needs(5) && gates !== undefined ? gates.product(inputAt(inputs, 2), false, false) : undefined,
    ];
  },
  emit(emitter, inputs, { reverse, nonlinearity }, output) {
    const nothing = emitNothing(emitter, output);
    if (nothing !== undefined) return nothing;
    const activations = { strings: [nonlinearity === "tanh" ? "Tanh" : "Relu"] };
    const outputs = emitRecurrent(emitter, "RNN", inputs, [0], reverse, { activations });
    return withoutDirections(emitter, inputAt(outputs, 0), 1);
  },
});
