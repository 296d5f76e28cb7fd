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
import { type ScanStep, scanOver } from "./scan.ts";

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

type Walk = (states: readonly Tensor[], slices: readonly Tensor[]) => ScanStep;

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

  /** What a step keeps, over all steps in their order: [steps batch, ...]. */
  forwards(first: Tensor, slices: readonly Tensor[], step: Walk): readonly Tensor[] {
    const { steps, batch } = this.sizes;
    const { kept } = scanOver(
      step,
      [first],
      slices.map((rows) => rows.reshape([steps, batch, rows.size(1)])),
      { length: steps, reverse: this.#reverse, unrolled: true },
    );
    return kept.map((each) => each.reshape([steps * batch, each.size(-1)]));
  }

  /**
   * The same back through time. The last step is built on its own: its states are none, as nothing comes from behind it.
   */
  backwards(slices: readonly Tensor[], step: Walk): ReturnType<typeof scanOver> {
    const { steps, batch } = this.sizes;
    const last = this.#reverse ? 0 : steps - 1;
    const begin = step(
      [],
      slices.map((rows) => rows.slice(0, last * batch, (last + 1) * batch)),
    );
    if (steps === 1) return { states: begin.next, kept: begin.kept };
    const [from, to] = this.#reverse ? [1, steps] : [0, steps - 1];
    const { states, kept } = scanOver(
      step,
      begin.next,
      slices.map((rows) => rows.slice(0, from * batch, to * batch).reshape([steps - 1, batch, rows.size(1)])),
      { length: steps - 1, reverse: !this.#reverse, unrolled: true },
    );
    const joined = kept.map((each, index) => {
      const rest = each.reshape([(steps - 1) * batch, each.size(-1)]);
      const own = elementAt(begin.kept, index);
      return this.#reverse ? own.concat([rest]) : rest.concat([own]);
    });
    return { states, kept: joined };
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

/** What the input gives to all gates of all steps, with its bias and perhaps the state's: [steps, batch, gates hidden]. */
function fromInput([x, weightIh, , biasIh, biasHh]: AnyOperands<Tensor>, withStates: boolean): Tensor {
  const [steps, batch, features] = [x.size(0), x.size(1), x.size(2)];
  const bias = withStates ? biasIh.add(biasHh) : biasIh;
  return x
    .reshape([steps * batch, features])
    .linear(weightIh, bias)
    .reshape([steps, batch, weightIh.size(0)]);
}

function pairOf(tensors: readonly Tensor[]): readonly [Tensor, Tensor] {
  return [elementAt(tensors, 0), elementAt(tensors, 1)];
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
    const [cells, cellsBefore] = pairOf(
      sequence.forwards(firstCell, [f, i.mul(g)], ([before = firstCell], slices) => {
        const [kept, added] = pairOf(slices);
        const cell = kept.mul(before).add(added);
        return { next: [cell], kept: [cell, before] };
      }),
    );
    const squashed = cells.tanh();
    // Of the cell by the hidden state, and of the gates by the cell (i, f, g) or the hidden state (o).
    const cellSlope = o.mul(tanhSlope(squashed));
    const slopes = g
      .mul(sigmoidSlope(i))
      .concat([cellsBefore.mul(sigmoidSlope(f)), i.mul(tanhSlope(g)), squashed.mul(sigmoidSlope(o))], 1);
    const fromOutput = result === "hidden" ? [gradient.reshape([rows, hidden])] : [];
    const back = sequence.backwards(
      [cellSlope, slopes, f, ...fromOutput],
      ([gates, forCell], [slope = cellSlope, gateSlopes = slopes, kept = f, given]) => {
        const own = given ?? gradient.newFull([batch, hidden], 0);
        const forHidden = gates === undefined ? own : sequence.handBack(gates, own);
        const behind = forCell ?? (result === "cell" ? gradient : undefined);
        const byHidden = forHidden.mul(slope);
        const whole = behind === undefined ? byHidden : byHidden.add(behind);
        const next = whole.concat([whole, whole, forHidden], 1).mul(gateSlopes);
        return { next: [next, whole.mul(kept)], kept: [next] };
      },
    );
    const all = elementAt(back.kept, 0);
    const [gates, forCell] = pairOf(back.states);
    return [
      ...sequence.operandGradients(all, all, needs),
      needs(5) ? gates.product(weightHh, false, false) : undefined,
      needs(6) ? forCell : undefined,
    ];
  },
  composed(inputs, { reverse, result }) {
    const [, , weightHh, , , hidden, cell] = inputs;
    const { states, kept } = scanOver(
      ([h = hidden, c = cell], [fromInput = hidden]) => {
        const gates = h.apply(gemm, [weightHh, fromInput], { transposeA: false, transposeB: true });
        const [i = gates, f = gates, g = gates, o = gates] = gates.chunk(4, 1);
        const next = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
        const state = o.sigmoid().mul(next.tanh());
        return { next: [state, next], kept: [state] };
      },
      [hidden, cell],
      [fromInput(inputs, true)],
      { length: sizesOf(inputs).steps, reverse },
    );
    return result === "hidden" ? elementAt(kept, 0) : elementAt(states, 1);
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
    const slopes = newSlope
      .mul(remembered)
      .mul(sigmoidSlope(r))
      .concat([sequence.before.sub(n).mul(sigmoidSlope(z)), newSlope.mul(r)], 1);
    const back = sequence.backwards(
      [slopes, z, gradient.reshape([steps * batch, hidden])],
      ([gatesBehind, direct], [gateSlopes = slopes, kept = z, own = gradient]) => {
        const forHidden =
          gatesBehind === undefined || direct === undefined ? own : sequence.handBack(gatesBehind, direct.add(own));
        const gates = forHidden.concat([forHidden, forHidden], 1).mul(gateSlopes);
        return { next: [gates, forHidden.mul(kept)], kept: [gates, forHidden] };
      },
    );
    const [fromState, allHidden] = pairOf(back.kept);
    const [gates, direct] = pairOf(back.states);
    const fromInput = fromState.slice(1, 0, 2 * hidden).concat([allHidden.mul(newSlope)], 1);
    return [
      ...sequence.operandGradients(fromInput, fromState, needs),
      needs(5) ? sequence.handBack(gates, direct) : undefined,
    ];
  },
  composed(inputs, { reverse }) {
    const [, , weightHh, , biasHh, hidden] = inputs;
    const { kept } = scanOver(
      ([h = hidden], [given = hidden]) => {
        const remembered = h.linear(weightHh, biasHh);
        const [r = given, z = given, n = given] = given.chunk(3, 1);
        const [fromR = given, fromZ = given, fromN = given] = remembered.chunk(3, 1);
        const share = z.add(fromZ).sigmoid();
        const fresh = n.add(r.add(fromR).sigmoid().mul(fromN)).tanh();
        const state = share.neg().add(1).mul(fresh).add(share.mul(h));
        return { next: [state], kept: [state] };
      },
      [hidden],
      [fromInput(inputs, false)],
      { length: sizesOf(inputs).steps, reverse },
    );
    return elementAt(kept, 0);
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
    const slopes = (nonlinearity === "tanh" ? tanhSlope(output) : output.gt(0).float()).reshape(rows);
    const back = sequence.backwards(
      [slopes, gradient.reshape(rows)],
      ([gatesBehind], [slope = slopes, own = gradient]) => {
        const gates = (gatesBehind === undefined ? own : sequence.handBack(gatesBehind, own)).mul(slope);
        return { next: [gates], kept: [gates] };
      },
    );
    const all = elementAt(back.kept, 0);
    return [
      ...sequence.operandGradients(all, all, needs),
      needs(5) ? elementAt(back.states, 0).product(inputs[2], false, false) : undefined,
    ];
  },
  composed(inputs, { reverse, nonlinearity }) {
    const [, , weightHh, , , hidden] = inputs;
    const { kept } = scanOver(
      ([h = hidden], [given = hidden]) => {
        const sum = h.apply(gemm, [weightHh, given], { transposeA: false, transposeB: true });
        const state = nonlinearity === "tanh" ? sum.tanh() : sum.relu();
        return { next: [state], kept: [state] };
      },
      [hidden],
      [fromInput(inputs, true)],
      { length: sizesOf(inputs).steps, reverse },
    );
    return elementAt(kept, 0);
  },
  emit(emitter, inputs, { reverse, nonlinearity }, output) {
    const nothing = emitNothing(emitter, output);
    if (nothing !== undefined) return nothing;
    const activations = { strings: [nonlinearity === "tanh" ? "Tanh" : "Relu"] };
    const outputs = emitRecurrent(emitter, "RNN", inputs, [0], reverse, { activations }, ["sequence", "hidden"]);
    return withoutDirections(emitter, outputs.sequence, 1);
  },
});
