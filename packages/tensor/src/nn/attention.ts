import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { additiveMask, causalMask } from "../functional/attention.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Initializer, Parameter } from "../variable.ts";
import { Dropout } from "./dropout.ts";
import { filled, uniform } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

export interface MultiheadAttentionOptions {
  /** Dropout of the attention weights, in training. */
  readonly dropout?: number;
  readonly bias?: boolean;
  /** Sequences are [batch, length, features] instead of [length, batch, features]. */
  readonly batchFirst?: boolean;
  /** Features of the keys and of the values; without them `embedDim`. */
  readonly kdim?: number;
  readonly vdim?: number;
}

export interface AttentionMasks {
  /** bool [batch, keys]: true where a key is padding, which nobody looks at. */
  readonly keyPaddingMask?: Tensor;
  /** [queries, keys] or [batch * heads, queries, keys]: bool, true where a query may not look; or float32, added. */
  readonly attnMask?: Tensor;
  /** No query looks at keys after its own position. */
  readonly isCausal?: boolean;
}

export interface AttentionOptions extends AttentionMasks {
  /** Weights as the mean over the heads; otherwise one matrix for each head. */
  readonly averageAttnWeights?: boolean;
}

export interface AttentionResult {
  /** Of the query's layout, with `embedDim` features. */
  readonly output: Tensor;
  /**
   * How much each query looked at each key: [batch, queries, keys], or [batch, heads, queries, keys]. Nothing is
   * computed for them unless they are used.
   */
  readonly weights: Tensor;
}

/**
 * Scaled dot-product attention with several heads, as PyTorch's.
 *
 * @example
 * const { output } = attention.forward(x, x, x, { isCausal: true }); // x [length, batch, embedDim]
 */
export class MultiheadAttention extends Module {
  /** [3 embedDim, embedDim]: of queries, keys and values; absent where keys or values have features of their own. */
  readonly in_proj_weight: Parameter | undefined;
  readonly q_proj_weight: Parameter | undefined;
  readonly k_proj_weight: Parameter | undefined;
  readonly v_proj_weight: Parameter | undefined;
  /** [3 embedDim] */
  readonly in_proj_bias: Parameter | undefined;
  readonly out_proj: Linear;
  readonly embedDim: number;
  readonly numHeads: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly batchFirst: boolean;
  readonly #dropout: Dropout;

  constructor(
    embedDim: number,
    numHeads: number,
    { dropout = 0, bias = true, batchFirst = false, kdim = embedDim, vdim = embedDim }: MultiheadAttentionOptions = {},
  ) {
    super();
    for (const [name, value] of Object.entries({ embedDim, numHeads, kdim, vdim })) {
      if (!Number.isInteger(value) || value < 1)
        throw new TensorError(
          "TENSOR_VALUE",
          `MultiheadAttention: ${name} is ${value}; it must be a whole number above 0`,
        );
    }
    if (embedDim % numHeads !== 0) {
      throw new TensorError(
        "TENSOR_VALUE",
        `MultiheadAttention: embedDim ${embedDim} is not a multiple of the ${numHeads} heads`,
      );
    }
    const together = kdim === embedDim && vdim === embedDim;
    const matrix = (rows: number, columns: number) => new Parameter([rows, columns], xavierUniform);
    this.in_proj_weight = together ? matrix(3 * embedDim, embedDim) : undefined;
    this.q_proj_weight = together ? undefined : matrix(embedDim, embedDim);
    this.k_proj_weight = together ? undefined : matrix(embedDim, kdim);
    this.v_proj_weight = together ? undefined : matrix(embedDim, vdim);
    this.in_proj_bias = bias ? new Parameter([3 * embedDim], filled(0)) : undefined;
    this.out_proj = new OutputProjection(embedDim, bias);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.kdim = kdim;
    this.vdim = vdim;
    this.batchFirst = batchFirst;
    this.#dropout = new Dropout(dropout);
  }

  /**
   * @param query [length, batch, embedDim], or with batchFirst [batch, length, embedDim], or [length, embedDim]
   * @param key like the query with a length of its own and kdim features; `value` of its length, with vdim features
   */
  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    { averageAttnWeights = true, ...masks }: AttentionOptions = {},
  ): AttentionResult {
    this.#check(query, key, value);
    if (query.ndim === 2) return this.#withoutBatch(query, key, value, { averageAttnWeights, ...masks });
    const [q, k, v] = this.#heads(query, key, value);
    const scores = q.div(Math.sqrt(this.embedDim / this.numHeads)).product(k, false, true);
    const mask = this.#mask(scores.shape, masks);
    const weights = (mask === undefined ? scores : scores.add(mask)).softmax(-1);
    const kept = this.#dropout.train(this.training).forward(weights);
    // [batch, heads, queries, features of a head] to the query's layout
    const mixed = kept.matmul(v).permute(this.batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3]);
    return {
      output: this.out_proj.forward(mixed.reshape(query.shape)),
      weights: averageAttnWeights ? kept.mean(1) : kept,
    };
  }

  /** As a batch of one. */
  #withoutBatch(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions): AttentionResult {
    const axis = this.batchFirst ? 0 : 1;
    const q = query.unsqueeze(axis);
    const k = key === query ? q : key.unsqueeze(axis);
    const v = value === query ? q : value.unsqueeze(axis);
    const { keyPaddingMask } = options;
    const padding = keyPaddingMask === undefined ? {} : { keyPaddingMask: keyPaddingMask.unsqueeze(0) };
    const { output, weights } = this.forward(q, k, v, { ...options, ...padding });
    return { output: output.squeeze(axis), weights: weights.squeeze(0) };
  }

  /** Projected queries, keys and values: [batch, heads, length, features of a head]. */
  #heads(query: Tensor, key: Tensor, value: Tensor): readonly [Tensor, Tensor, Tensor] {
    const { embedDim, numHeads, in_proj_weight, in_proj_bias } = this;
    const size = embedDim / numHeads;
    if (in_proj_weight !== undefined && key === query && value === query) {
      // One product, one transposition, and three slices of contiguous memory.
      const projected = query.float().linear(in_proj_weight, in_proj_bias);
      const parts = projected.reshape([query.size(0), query.size(1), 3, numHeads, size]);
      const sorted = parts.permute(this.batchFirst ? [2, 0, 3, 1, 4] : [2, 1, 3, 0, 4]);
      return [sorted.select(0, 0), sorted.select(0, 1), sorted.select(0, 2)];
    }
    const weights =
      in_proj_weight === undefined
        ? [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight]
        : in_proj_weight.split(embedDim);
    const biases = in_proj_bias?.split(embedDim) ?? [];
    const project = (input: Tensor, index: number) => {
      const weight = weights[index];
      if (weight === undefined) throw new RangeError("the attention has no weights");
      return input
        .float()
        .linear(weight, biases[index])
        .reshape([input.size(0), input.size(1), numHeads, size])
        .permute(this.batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3]);
    };
    return [project(query, 0), project(key, 1), project(value, 2)];
  }

  /** What is added to the scores [batch, heads, queries, keys]. */
  #mask(scores: Shape, { keyPaddingMask, attnMask, isCausal = false }: AttentionMasks): Tensor | undefined {
    const [batch = 1, heads = 1, queries = 1, keys = 1] = scores;
    const masks: Tensor[] = [];
    if (attnMask !== undefined) {
      const each = sameShape(attnMask.shape, [batch * heads, queries, keys]);
      if (!each && !sameShape(attnMask.shape, [queries, keys])) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `MultiheadAttention: attnMask ${showShape(attnMask.shape)} must be ${showShape([queries, keys])} (queries, keys) or ${showShape([batch * heads, queries, keys])} (batch * heads, queries, keys)`,
        );
      }
      masks.push(additive(each ? attnMask.reshape(scores) : attnMask));
    }
    if (keyPaddingMask !== undefined) {
      if (!sameShape(keyPaddingMask.shape, [batch, keys])) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `MultiheadAttention: keyPaddingMask ${showShape(keyPaddingMask.shape)} must be ${showShape([batch, keys])} (batch, keys)`,
        );
      }
      masks.push(additive(keyPaddingMask.reshape([batch, 1, 1, keys])));
    }
    if (isCausal) {
      masks.push(causalMask(queries, keys));
    }
    return masks.length === 0 ? undefined : masks.reduce((a, b) => a.add(b));
  }

  #check(query: Tensor, key: Tensor, value: Tensor): void {
    const { embedDim, kdim, vdim, batchFirst } = this;
    const shapes = [query, key, value].map(({ shape }) => showShape(shape)).join(", ");
    const problem = (why: string) =>
      new TensorError(
        "TENSOR_SHAPE",
        `MultiheadAttention(${embedDim}, ${this.numHeads}) got query, key and value ${shapes}: ${why}`,
      );
    if ((query.ndim !== 3 && query.ndim !== 2) || key.ndim !== query.ndim || value.ndim !== query.ndim)
      throw problem("all three must have 3 axes, or without a batch 2");
    const sizes: readonly (readonly [string, Tensor, number])[] = [
      ["query", query, embedDim],
      ["key", key, kdim],
      ["value", value, vdim],
    ];
    for (const [name, tensor, size] of sizes)
      if (tensor.size(-1) !== size) throw problem(`the last size of the ${name} must be ${size}`);
    if (!sameShape(key.shape.slice(0, -1), value.shape.slice(0, -1)))
      throw problem("keys and values must be equal in batch and length");
    if (query.ndim === 3 && query.size(batchFirst ? 0 : 1) !== key.size(batchFirst ? 0 : 1))
      throw problem("queries and keys must be of one batch size");
  }
}

/** A linear layer whose bias starts at 0. */
class OutputProjection extends Linear {
  override readonly bias: Parameter | undefined;

  constructor(size: number, bias: boolean) {
    super(size, size, { bias });
    this.bias = bias ? new Parameter([size], filled(0)) : undefined;
  }
}

/** Uniform in ± sqrt(6 / (rows + columns)): Glorot's, PyTorch's xavier_uniform_. */
const xavierUniform: Initializer = (shape, generator) =>
  uniform(Math.sqrt(6 / (elementAt(shape, 0) + elementAt(shape, 1))))(shape, generator);

/** A mask as what is added to scores. */
function additive(mask: Tensor): Tensor {
  if (mask.dtype === "float32") return mask;
  if (mask.dtype !== "bool") {
    throw new TensorError(
      "TENSOR_DTYPE",
      `MultiheadAttention: a mask is ${mask.dtype}; it must be bool (true: masked) or float32 (added)`,
    );
  }
  return additiveMask(mask);
}
