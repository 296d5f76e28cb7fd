import { TensorError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { type AttentionMasks, MultiheadAttention } from "./attention.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { LayerNorm } from "./normalization.ts";

export interface TransformerEncoderLayerOptions {
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

/**
 * Self-attention and two linear layers, each with a shortcut around it and normalised (Vaswani et al., Attention Is All
 * You Need, 2017), as PyTorch's TransformerEncoderLayer.
 */
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

  constructor(
    dModel: number,
    numHeads: number,
    {
      dimFeedforward = 2048,
      dropout = 0.1,
      activation = "relu",
      layerNormEps = 1e-5,
      batchFirst = false,
      normFirst = false,
    }: TransformerEncoderLayerOptions = {},
  ) {
    super();
    if (activation !== "relu" && activation !== "gelu") {
      throw new TensorError(
        "TENSOR_VALUE",
        `TransformerEncoderLayer: activation is ${String(activation)}; it must be "relu" or "gelu"`,
      );
    }
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
  }

  /** @param input [length, batch, dModel], or with batchFirst [batch, length, dModel], or [length, dModel] */
  forward(input: Tensor, masks: AttentionMasks = {}): Tensor {
    if (this.normFirst) {
      const attended = input.add(this.#attend(this.norm1.forward(input), masks));
      return attended.add(this.#transform(this.norm2.forward(attended)));
    }
    const attended = this.norm1.forward(input.add(this.#attend(input, masks)));
    return this.norm2.forward(attended.add(this.#transform(attended)));
  }

  #attend(input: Tensor, masks: AttentionMasks): Tensor {
    return this.dropout1.forward(this.self_attn.forward(input, input, input, masks).output);
  }

  #transform(input: Tensor): Tensor {
    const inner = this.linear1.forward(input);
    const active = this.activation === "relu" ? inner.relu() : inner.gelu();
    return this.dropout2.forward(this.linear2.forward(this.dropout.forward(active)));
  }
}
