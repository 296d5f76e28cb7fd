/** Recurrences of one step, for loops that are written out: PyTorch's RNNCell, LSTMCell and GRUCell. */
import { TensorError } from "../errors.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Parameter } from "../variable.ts";
import { uniform } from "./init.ts";
import { Module } from "./module.ts";
import type { LSTMState } from "./recurrent.ts";

export interface CellOptions {
  readonly bias?: boolean;
}

/** Weights with PyTorch's names, and what becomes of input and hidden state. */
abstract class Cell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** [gates * hiddenSize, inputSize] */
  readonly weight_ih: Parameter;
  /** [gates * hiddenSize, hiddenSize] */
  readonly weight_hh: Parameter;
  /** [gates * hiddenSize] */
  readonly bias_ih: Parameter | undefined;
  /** [gates * hiddenSize] */
  readonly bias_hh: Parameter | undefined;

  constructor(gates: number, inputSize: number, hiddenSize: number, { bias = true }: CellOptions) {
    super();
    for (const [name, value] of Object.entries({ inputSize, hiddenSize })) {
      if (!Number.isInteger(value) || value < 1) {
        throw new TensorError(
          "TENSOR_VALUE",
          `${new.target.name}: ${name} is ${value}; it must be a whole number above 0`,
        );
      }
    }
    const parameter = (...shape: Shape) =>
      new Parameter([gates * hiddenSize, ...shape], uniform(1 / Math.sqrt(hiddenSize)));
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.weight_ih = parameter(inputSize);
    this.weight_hh = parameter(hiddenSize);
    this.bias_ih = bias ? parameter() : undefined;
    this.bias_hh = bias ? parameter() : undefined;
  }

  /** Products of the weights with the input, and with the hidden state: [..., gates * hiddenSize]. */
  protected products(input: Tensor, hidden: Tensor): readonly [Tensor, Tensor] {
    return [input.float().linear(this.weight_ih, this.bias_ih), hidden.float().linear(this.weight_hh, this.bias_hh)];
  }

  /** A state, or zeros, of the batch of the input. */
  protected state(input: Tensor, state: Tensor | undefined): Tensor {
    const { inputSize, hiddenSize } = this;
    const name = `${this.constructor.name}(${inputSize}, ${hiddenSize})`;
    if ((input.ndim !== 1 && input.ndim !== 2) || input.size(-1) !== inputSize) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `${name} got ${showShape(input.shape)}: the input must be [batch, ${inputSize}] or [${inputSize}]`,
      );
    }
    const shape = [...input.shape.slice(0, -1), hiddenSize];
    if (state !== undefined && !sameShape(state.shape, shape))
      throw new TensorError("TENSOR_SHAPE", `${name} got a state ${showShape(state.shape)}, not ${showShape(shape)}`);
    return state ?? input.newFull(shape, 0, "float32");
  }
}

/** h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu instead of tanh. */
export class RNNCell extends Cell {
  readonly nonlinearity: "tanh" | "relu";

  constructor(
    inputSize: number,
    hiddenSize: number,
    { nonlinearity = "tanh", ...options }: CellOptions & { readonly nonlinearity?: "tanh" | "relu" } = {},
  ) {
    super(1, inputSize, hiddenSize, options);
    if (nonlinearity !== "tanh" && nonlinearity !== "relu") {
      throw new TensorError(
        "TENSOR_VALUE",
        `RNNCell: nonlinearity is ${String(nonlinearity)}; it must be "tanh" or "relu"`,
      );
    }
    this.nonlinearity = nonlinearity;
  }

  /**
   * @param input [batch, inputSize] or [inputSize]
   * @param hidden [batch, hiddenSize] or [hiddenSize]; zeros without it
   * @returns the next hidden state
   */
  forward(input: Tensor, hidden?: Tensor): Tensor {
    const [ofInput, ofHidden] = this.products(input, this.state(input, hidden));
    const sum = ofInput.add(ofHidden);
    return this.nonlinearity === "tanh" ? sum.tanh() : sum.relu();
  }
}

/** Gated recurrent unit: the reset gate applies to the state's product with its bias. */
export class GRUCell extends Cell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(3, inputSize, hiddenSize, options);
  }

  /**
   * @param input [batch, inputSize] or [inputSize]
   * @param hidden [batch, hiddenSize] or [hiddenSize]; zeros without it
   * @returns the next hidden state
   */
  forward(input: Tensor, hidden?: Tensor): Tensor {
    const before = this.state(input, hidden);
    const [ofInput, ofHidden] = this.products(input, before).map((product) => product.split(this.hiddenSize, -1));
    const gate = (index: number) => partOf(ofInput, index).add(partOf(ofHidden, index)).sigmoid();
    const [reset, update] = [gate(0), gate(1)];
    const candidate = partOf(ofInput, 2)
      .add(reset.mul(partOf(ofHidden, 2)))
      .tanh();
    return candidate.add(update.mul(before.sub(candidate)));
  }
}

/** Long short-term memory, gates i, f, g, o. */
export class LSTMCell extends Cell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(4, inputSize, hiddenSize, options);
  }

  /**
   * @param input [batch, inputSize] or [inputSize]
   * @param state each [batch, hiddenSize] or [hiddenSize]; zeros without it
   * @returns the next states
   */
  forward(input: Tensor, { hidden, cell }: LSTMState = {}): Required<LSTMState> {
    const before = this.state(input, cell);
    const [ofInput, ofHidden] = this.products(input, this.state(input, hidden));
    const gates = ofInput.add(ofHidden).split(this.hiddenSize, -1);
    const kept = partOf(gates, 1).sigmoid().mul(before);
    const next = kept.add(partOf(gates, 0).sigmoid().mul(partOf(gates, 2).tanh()));
    return { hidden: partOf(gates, 3).sigmoid().mul(next.tanh()), cell: next };
  }
}

function partOf(parts: readonly Tensor[] | undefined, index: number): Tensor {
  const part = parts?.[index];
  if (part === undefined) throw new RangeError(`a cell has no gate ${index}`);
  return part;
}
