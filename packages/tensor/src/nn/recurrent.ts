import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { cat, stack } from "../methods/movement.ts";
import { gru, lstm, rnn } from "../ops/recurrent.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Parameter } from "../variable.ts";
import { Dropout } from "./dropout.ts";
import { uniform } from "./init.ts";
import { Module } from "./module.ts";

export interface RecurrentOptions {
  /** Layers, each of which reads the hidden states of the one before. */
  readonly numLayers?: number;
  readonly bias?: boolean;
  /** Inputs and outputs are [batch, steps, ...] instead of [steps, batch, ...]; states are not concerned. */
  readonly batchFirst?: boolean;
  /** Dropout of the hidden states on their way from layer to layer, in training. */
  readonly dropout?: number;
  /** A second set of weights reads the sequence from its end; outputs of both are joined along the last axis. */
  readonly bidirectional?: boolean;
}

/**
 * States that a recurrence starts from; without them zeros. Both [layers * directions, batch, hiddenSize], layer by
 * layer, in each the forward direction first; without a batch [layers * directions, hiddenSize].
 */
export interface RecurrentState {
  readonly hidden?: Tensor;
}
export interface LSTMState extends RecurrentState {
  readonly cell?: Tensor;
}

export interface RecurrentResult {
  /** Hidden states of the last layer: [steps, batch, directions * hiddenSize], or with batchFirst [batch, steps, …]. */
  readonly output: Tensor;
  /** Hidden states of all layers and directions after their last step: [layers * directions, batch, hiddenSize]. */
  readonly hidden: Tensor;
}
export interface LSTMResult extends RecurrentResult {
  /** Cell states after the last step: [layers * directions, batch, hiddenSize]. */
  readonly cell: Tensor;
}

/** Parameters of one layer and direction. */
interface CellParameters {
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly biasIh: Parameter | undefined;
  readonly biasHh: Parameter | undefined;
}

interface Walk {
  readonly output: Tensor;
  /** After the last step: the hidden state first. */
  readonly states: readonly Tensor[];
}

interface CellOperands {
  /** [steps, batch, features] */
  readonly x: Tensor;
  readonly weights: readonly [weightIh: Tensor, weightHh: Tensor, biasIh: Tensor, biasHh: Tensor];
  /** Each [batch, hiddenSize]: the hidden state first. */
  readonly states: readonly Tensor[];
}

/** One direction of one layer: hidden states of all steps, and what remains after them but the hidden state. */
type RunCell = (operands: CellOperands, reverse: boolean) => { sequence: Tensor; others: readonly Tensor[] };

/** What RNN, LSTM and GRU have in common: parameters with PyTorch's names, layers and directions. */
abstract class Recurrent extends Module {
  readonly [name: `weight_${string}` | `bias_${string}`]: Parameter | undefined;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bidirectional: boolean;
  readonly batchFirst: boolean;
  readonly #dropout: Dropout;
  readonly #layers: readonly (readonly CellParameters[])[];
  readonly #gates: number;

  constructor(
    gates: number,
    inputSize: number,
    hiddenSize: number,
    { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false }: RecurrentOptions,
  ) {
    super();
    for (const [name, value] of Object.entries({ inputSize, hiddenSize, numLayers })) {
      if (!Number.isInteger(value) || value < 1)
        throw new TensorError(
          "TENSOR_VALUE",
          `${this.constructor.name}: ${name} is ${value}; it must be a whole number above 0`,
        );
    }
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bidirectional = bidirectional;
    this.batchFirst = batchFirst;
    this.#dropout = new Dropout(dropout);
    this.#gates = gates;
    const initializer = uniform(1 / Math.sqrt(hiddenSize));
    const create = (layer: number, suffix: string): CellParameters => {
      const features = layer === 0 ? inputSize : hiddenSize * (bidirectional ? 2 : 1);
      const weightIh = new Parameter([gates * hiddenSize, features], initializer);
      const weightHh = new Parameter([gates * hiddenSize, hiddenSize], initializer);
      const [biasIh, biasHh] = [0, 1].map(() => (bias ? new Parameter([gates * hiddenSize], initializer) : undefined));
      // Fields, so that paths are PyTorch's.
      const names = { weight_ih: weightIh, weight_hh: weightHh, bias_ih: biasIh, bias_hh: biasHh };
      for (const [name, parameter] of Object.entries(names))
        if (parameter !== undefined) Object.assign(this, { [`${name}_l${layer}${suffix}`]: parameter });
      return { weightIh, weightHh, biasIh, biasHh };
    };
    this.#layers = Array.from({ length: numLayers }, (_, layer) =>
      (bidirectional ? ["", "_reverse"] : [""]).map((suffix) => create(layer, suffix)),
    );
  }

  /** All layers over `input` from `initial` states, each [layers * directions, batch, hiddenSize]. */
  protected walk(input: Tensor, initial: readonly (Tensor | undefined)[], run: RunCell): Walk {
    const name = this.constructor.name;
    if ((input.ndim !== 3 && input.ndim !== 2) || input.size(-1) !== this.inputSize) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `${name}(${this.inputSize}, ${this.hiddenSize}) got ${showShape(input.shape)}: the input must be ${this.batchFirst ? "[batch, steps, features]" : "[steps, batch, features]"} or [steps, features], with ${this.inputSize} features`,
      );
    }
    // Inside, always [steps, batch, ...].
    const unbatched = input.ndim === 2;
    const arranged = (tensor: Tensor) => (this.batchFirst ? tensor.permute([1, 0, 2]) : tensor);
    const inTime = unbatched ? input.float().unsqueeze(1) : arranged(input.float());
    const batch = inTime.size(1);
    const count = this.numLayers * (this.bidirectional ? 2 : 1);
    const stateShape = unbatched ? [count, this.hiddenSize] : [count, batch, this.hiddenSize];
    for (const state of initial) {
      if (state !== undefined && !sameShape(state.shape, stateShape)) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `${name}: an initial state is ${showShape(state.shape)}, not ${showShape(stateShape)} (layers and directions, ${unbatched ? "" : "batch, "}hidden size) as input ${showShape(input.shape)} asks for`,
        );
      }
    }
    const zeros = (shape: Shape) => inTime.newFull(shape, 0);
    const statesOf = (index: number) =>
      initial.map((state) =>
        state === undefined
          ? zeros([batch, this.hiddenSize])
          : state.float().select(0, index).reshape([batch, this.hiddenSize]),
      );
    const last: Tensor[][] = initial.map(() => []);
    let sequence = inTime;
    for (const [layer, directions] of this.#layers.entries()) {
      if (layer > 0) sequence = this.#dropout.train(this.training).forward(sequence);
      const outputs = directions.map(({ weightIh, weightHh, biasIh, biasHh }, direction) => {
        const reverse = direction === 1;
        const noBias = zeros([this.#gates * this.hiddenSize]);
        const index = layer * directions.length + direction;
        const weights = [weightIh, weightHh, biasIh ?? noBias, biasHh ?? noBias] as const;
        const result = run({ x: sequence, weights, states: statesOf(index) }, reverse);
        const final = result.sequence.select(0, reverse ? 0 : -1);
        for (const [which, state] of [final, ...result.others].entries()) last[which]?.push(state);
        return result.sequence;
      });
      sequence = cat(outputs, 2);
    }
    const states = last.map((each) => {
      const stacked = stack(each);
      return unbatched ? stacked.squeeze(1) : stacked;
    });
    return { output: unbatched ? sequence.squeeze(1) : arranged(sequence), states };
  }
}

/** h = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu instead of tanh; layers and directions as PyTorch's RNN. */
export class RNN extends Recurrent {
  readonly nonlinearity: "tanh" | "relu";

  constructor(
    inputSize: number,
    hiddenSize: number,
    { nonlinearity = "tanh", ...options }: RecurrentOptions & { readonly nonlinearity?: "tanh" | "relu" } = {},
  ) {
    super(1, inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  /** @param input [steps, batch, inputSize], [batch, steps, inputSize] with batchFirst, or [steps, inputSize] */
  forward(input: Tensor, { hidden }: RecurrentState = {}): RecurrentResult {
    const { nonlinearity } = this;
    const { output, states } = this.walk(input, [hidden], ({ x, weights, states }, reverse) => ({
      sequence: x.apply(rnn, [...weights, elementAt(states, 0)], { reverse, nonlinearity }),
      others: [],
    }));
    return { output, hidden: elementAt(states, 0) };
  }
}

/** Gated recurrent units as PyTorch's GRU: the reset gate applies to the state's product with its bias. */
export class GRU extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(3, inputSize, hiddenSize, options);
  }

  /** @param input [steps, batch, inputSize], [batch, steps, inputSize] with batchFirst, or [steps, inputSize] */
  forward(input: Tensor, { hidden }: RecurrentState = {}): RecurrentResult {
    const { output, states } = this.walk(input, [hidden], ({ x, weights, states }, reverse) => ({
      sequence: x.apply(gru, [...weights, elementAt(states, 0)], { reverse }),
      others: [],
    }));
    return { output, hidden: elementAt(states, 0) };
  }
}

/**
 * Long short-term memory as PyTorch's LSTM, gates i, f, g, o. What one call returns can be the next one's start.
 *
 * @example
 * const lstm = new nn.LSTM(8, 64, { batchFirst: true });
 * const { output, hidden, cell } = lstm.forward(x); // x [batch, steps, 8], output [batch, steps, 64]
 */
export class LSTM extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(4, inputSize, hiddenSize, options);
  }

  /** @param input [steps, batch, inputSize], [batch, steps, inputSize] with batchFirst, or [steps, inputSize] */
  forward(input: Tensor, { hidden, cell }: LSTMState = {}): LSTMResult {
    const { output, states } = this.walk(input, [hidden, cell], ({ x, weights, states }, reverse) => {
      const others = [...weights, elementAt(states, 0), elementAt(states, 1)] as const;
      return {
        sequence: x.apply(lstm, others, { reverse, result: "hidden" }),
        others: [x.apply(lstm, others, { reverse, result: "cell" })],
      };
    });
    return { output, hidden: elementAt(states, 0), cell: elementAt(states, 1) };
  }
}
