import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { checkedIndex } from "../methods/indexing.ts";
import { embedding } from "../ops/embedding.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Initializer, Parameter } from "../variable.ts";
import { Module } from "./module.ts";

/**
 * A table of trained vectors: indices of any shape [...] become [..., embeddingDim]. Indices outside the table are
 * refused.
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  /** The row of this index starts at 0 and is not trained. */
  readonly paddingIdx: number | undefined;
  /** [numEmbeddings, embeddingDim] */
  readonly weight: Parameter;

  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    { paddingIdx }: { /** Negative counts from the last. */ readonly paddingIdx?: number } = {},
  ) {
    super();
    for (const [name, value] of Object.entries({ numEmbeddings, embeddingDim })) {
      if (!Number.isInteger(value) || value < 1)
        throw new TensorError("TENSOR_VALUE", `Embedding: ${name} is ${value}; it must be a whole number above 0`);
    }
    if (paddingIdx !== undefined && !(Number.isInteger(paddingIdx) && Math.abs(paddingIdx + 0.5) < numEmbeddings)) {
      throw new TensorError(
        "TENSOR_VALUE",
        `Embedding: paddingIdx is ${paddingIdx}; it must be from ${-numEmbeddings} to ${numEmbeddings - 1}`,
      );
    }
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx !== undefined && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    this.weight = new Parameter([numEmbeddings, embeddingDim], normalRows(this.paddingIdx));
  }

  forward(indices: Tensor): Tensor {
    const index = checkedIndex("Embedding", indices, this.numEmbeddings);
    return this.weight.apply(embedding, [index], { padding: this.paddingIdx ?? -1 });
  }
}

/** Normally distributed, but for the padding's row. */
function normalRows(paddingIdx: number | undefined): Initializer {
  return (shape, generator) => {
    const width = elementAt(shape, 1);
    return Float32Array.from({ length: sizeOf(shape) }, (_, position) => {
      const value = generator.normal();
      return Math.floor(position / width) === paddingIdx ? 0 : value;
    });
  };
}
