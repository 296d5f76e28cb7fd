/** Encoders and decoders of Vaswani et al., Attention Is All You Need, 2017, as PyTorch's. */
import { TensorError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { type AttentionMasks, MultiheadAttention } from "./attention.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";
import { type Layer, Module } from "./module.ts";
import { LayerNorm } from "./normalization.ts";

export interface TransformerLayerOptions {
  /** Width of the inner layer. */
  readonly dimFeedforward?: number;
  readonly dropout?: number;
  readonly activation?: "relu" | "gelu";
  readonly layerNormEps?: number;
  /** Sequences are [batch, length, features] instead of [length, batch, features]. */
  readonly batchFirst?: boolean;
  /** Normalise what enters attention and inner layer, rather than what leaves them. */
  readonly normFirst?: boolean;
}
export type TransformerEncoderLayerOptions = TransformerLayerOptions;
export type TransformerDecoderLayerOptions = TransformerLayerOptions;

/** Of an encoder's or a decoder's layer: with what another one like it is made. */
type Made = readonly [dModel: number, numHeads: number, options: TransformerLayerOptions];

/** The options, checked and with their defaults. */
function settled(name: string, options: TransformerLayerOptions): Required<TransformerLayerOptions> {
  const { activation = "relu" } = options;
  if (activation !== "relu" && activation !== "gelu") {
    throw new TensorError("TENSOR_VALUE", `${name}: activation is ${String(activation)}; it must be "relu" or "gelu"`);
  }
  const { dimFeedforward = 2048, dropout = 0.1, layerNormEps = 1e-5, batchFirst = false, normFirst = false } = options;
  return { dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst };
}

/** `run` of the input, dropped out, with a shortcut around it; normalised before or behind. */
function block(input: Tensor, norm: LayerNorm, dropout: Dropout, first: boolean, run: (x: Tensor) => Tensor): Tensor {
  if (first) return input.add(dropout.forward(run(norm.forward(input))));
  return norm.forward(input.add(dropout.forward(run(input))));
}

/** Self-attention and two linear layers, each with a shortcut around it and normalised. */
export class TransformerEncoderLayer extends Module {
  readonly self_attn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly activation: "relu" | "gelu";
  readonly normFirst: boolean;
  readonly #made: Made;

  constructor(dModel: number, numHeads: number, options: TransformerEncoderLayerOptions = {}) {
    super();
    const { dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst } = settled(
      "TransformerEncoderLayer",
      options,
    );
    this.self_attn = new MultiheadAttention(dModel, numHeads, { dropout, batchFirst });
    this.linear1 = new Linear(dModel, dimFeedforward);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel);
    this.norm1 = new LayerNorm(dModel, { eps: layerNormEps });
    this.norm2 = new LayerNorm(dModel, { eps: layerNormEps });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activation;
    this.normFirst = normFirst;
    this.#made = [dModel, numHeads, options];
  }

  /** @param input [length, batch, dModel], or with batchFirst [batch, length, dModel], or [length, dModel] */
  forward(input: Tensor, masks: AttentionMasks = {}): Tensor {
    const attended = block(
      input,
      this.norm1,
      this.dropout1,
      this.normFirst,
      (x) => this.self_attn.forward(x, x, x, masks).output,
    );
    return block(attended, this.norm2, this.dropout2, this.normFirst, (x) => this.#transform(x));
  }

  /** A layer of the same options with the same values, as far as there are any, in arrays of its own. */
  copy(): TransformerEncoderLayer {
    return withValuesOf(this, new TransformerEncoderLayer(...this.#made));
  }

  #transform(input: Tensor): Tensor {
    const inner = this.linear1.forward(input);
    return this.linear2.forward(this.dropout.forward(this.activation === "relu" ? inner.relu() : inner.gelu()));
  }
}

export interface DecoderMasks {
  /** As `attnMask` of the attention of targets to targets: [targets, targets]. */
  readonly tgtMask?: Tensor;
  /** As `attnMask` of the attention of targets to the memory: [targets, memories]. */
  readonly memoryMask?: Tensor;
  /** bool [batch, targets]: true where a target is padding. */
  readonly tgtKeyPaddingMask?: Tensor;
  /** bool [batch, memories]: true where a memory is padding. */
  readonly memoryKeyPaddingMask?: Tensor;
  /** No target looks at later ones. */
  readonly tgtIsCausal?: boolean;
  readonly memoryIsCausal?: boolean;
}

/** Self-attention, attention to what an encoder made, and two linear layers. */
export class TransformerDecoderLayer extends Module {
  readonly self_attn: MultiheadAttention;
  readonly multihead_attn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;
  readonly activation: "relu" | "gelu";
  readonly normFirst: boolean;
  readonly #made: Made;

  constructor(dModel: number, numHeads: number, options: TransformerDecoderLayerOptions = {}) {
    super();
    const { dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst } = settled(
      "TransformerDecoderLayer",
      options,
    );
    this.self_attn = new MultiheadAttention(dModel, numHeads, { dropout, batchFirst });
    this.multihead_attn = new MultiheadAttention(dModel, numHeads, { dropout, batchFirst });
    this.linear1 = new Linear(dModel, dimFeedforward);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel);
    this.norm1 = new LayerNorm(dModel, { eps: layerNormEps });
    this.norm2 = new LayerNorm(dModel, { eps: layerNormEps });
    this.norm3 = new LayerNorm(dModel, { eps: layerNormEps });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = activation;
    this.normFirst = normFirst;
    this.#made = [dModel, numHeads, options];
  }

  /**
   * @param target [length, batch, dModel], or with batchFirst [batch, length, dModel], or [length, dModel]
   * @param memory what the encoder gave: as the target, with a length of its own
   */
  forward(target: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const own = given({
      attnMask: masks.tgtMask,
      keyPaddingMask: masks.tgtKeyPaddingMask,
      isCausal: masks.tgtIsCausal,
    });
    const other = given({
      attnMask: masks.memoryMask,
      keyPaddingMask: masks.memoryKeyPaddingMask,
      isCausal: masks.memoryIsCausal,
    });
    const { normFirst } = this;
    const attended = block(
      target,
      this.norm1,
      this.dropout1,
      normFirst,
      (x) => this.self_attn.forward(x, x, x, own).output,
    );
    const informed = block(
      attended,
      this.norm2,
      this.dropout2,
      normFirst,
      (x) => this.multihead_attn.forward(x, memory, memory, other).output,
    );
    return block(informed, this.norm3, this.dropout3, normFirst, (x) => this.#transform(x));
  }

  /** A layer of the same options with the same values, as far as there are any, in arrays of its own. */
  copy(): TransformerDecoderLayer {
    return withValuesOf(this, new TransformerDecoderLayer(...this.#made));
  }

  #transform(input: Tensor): Tensor {
    const inner = this.linear1.forward(input);
    return this.linear2.forward(this.dropout.forward(this.activation === "relu" ? inner.relu() : inner.gelu()));
  }
}

export interface TransformerStackOptions {
  /** Normalises what the last layer gives. */
  readonly norm?: Layer;
}

/** Copies of an encoder's layer, one after the other. */
export class TransformerEncoder extends Module {
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: Layer | undefined;

  constructor(encoderLayer: TransformerEncoderLayer, numLayers: number, { norm }: TransformerStackOptions = {}) {
    super();
    this.layers = copies("TransformerEncoder", encoderLayer, numLayers);
    this.norm = norm;
  }

  /** @param input as the layers take it */
  forward(input: Tensor, masks: AttentionMasks = {}): Tensor {
    const output = this.layers.reduce((hidden, layer) => layer.forward(hidden, masks), input);
    return this.norm === undefined ? output : this.norm.forward(output);
  }
}

/** Copies of a decoder's layer, one after the other, which all look at the same memory. */
export class TransformerDecoder extends Module {
  readonly layers: readonly TransformerDecoderLayer[];
  readonly norm: Layer | undefined;

  constructor(decoderLayer: TransformerDecoderLayer, numLayers: number, { norm }: TransformerStackOptions = {}) {
    super();
    this.layers = copies("TransformerDecoder", decoderLayer, numLayers);
    this.norm = norm;
  }

  /** @param target and `memory` as the layers take them */
  forward(target: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const output = this.layers.reduce((hidden, layer) => layer.forward(hidden, memory, masks), target);
    return this.norm === undefined ? output : this.norm.forward(output);
  }
}

function copies<T extends { copy(): T }>(name: string, layer: T, count: number): readonly T[] {
  if (!Number.isInteger(count) || count < 1)
    throw new TensorError("TENSOR_VALUE", `${name}: numLayers is ${count}; it must be a whole number above 0`);
  return Array.from({ length: count }, () => layer.copy());
}

/** Values that are there are taken over; where none is yet, each draws its own. */
function withValuesOf<T extends Module>(from: T, to: T): T {
  const targets = new Map(to.namedVariables());
  for (const [name, variable] of from.namedVariables()) {
    const target = targets.get(name);
    if (target !== undefined && variable.initialized) target.value = variable.value.slice();
  }
  return to;
}

function given(masks: { readonly [K in keyof AttentionMasks]: AttentionMasks[K] | undefined }): AttentionMasks {
  const { attnMask, keyPaddingMask, isCausal } = masks;
  return {
    ...(attnMask === undefined ? {} : { attnMask }),
    ...(keyPaddingMask === undefined ? {} : { keyPaddingMask }),
    ...(isCausal === undefined ? {} : { isCausal }),
  };
}
