import { allocate } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { broadcastShapes, lengthAt, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { constantIndex, type Index } from "../wasm/indices.ts";
import {
  apply,
  broadcast,
  type Expression,
  kindOf,
  nest,
  number,
  type Operand,
  reduce,
  stored,
} from "../wasm/loops.ts";
import { defineOp, type Emitter, type Input, namesOf, type TensorType, type Value } from "./op.ts";

type Gemm = { readonly transposeA: boolean; readonly transposeB: boolean };

/** How many products each element of the result sums up. */
function innerSize({ shape }: TensorType, { transposeA }: Gemm): number {
  return lengthAt(shape, shape.length - (transposeA ? 2 : 1));
}

function innerSizes(a: TensorType, b: TensorType, attributes: Gemm): { rows: number; columns: number } {
  const { transposeA, transposeB } = attributes;
  const rank = (type: TensorType) => type.shape.length;
  const rows = lengthAt(a.shape, rank(a) - (transposeA ? 1 : 2));
  const innerA = innerSize(a, attributes);
  const innerB = lengthAt(b.shape, rank(b) - (transposeB ? 1 : 2));
  const columns = lengthAt(b.shape, rank(b) - (transposeB ? 2 : 1));
  if (innerA !== innerB) {
    const show = (type: TensorType, transposed: boolean) =>
      `${showShape(type.shape)}${transposed ? " transposed" : ""}`;
    throw new TensorError(
      "TENSOR_SHAPE",
      `matmul: ${show(a, transposeA)} and ${show(b, transposeB)} do not fit: the inner sizes ${innerA} and ${innerB} must be equal`,
    );
  }
  if (a.dtype !== b.dtype || a.dtype === "bool") {
    throw new TensorError(
      "TENSOR_DTYPE",
      `matmul needs numbers of one type, not ${a.dtype} and ${b.dtype}; convert with .to("float32")`,
    );
  }
  return { rows, columns };
}

/** Gradients of a product of matrices, where transposition is free. */
function productGradients(a: Tensor, b: Tensor, g: Tensor, { transposeA, transposeB }: Gemm) {
  return {
    forA: () => (transposeA ? b.product(g, transposeB, true) : g.product(b, false, !transposeB)),
    forB: () => (transposeB ? g.product(a, true, transposeA) : a.product(g, !transposeA, false)),
  };
}

/** The sum of products in a row and a column, within the stacks of matrices at a position. */
function productLoop(a: Operand, b: Operand, attributes: Gemm, outer: readonly Index[]): Expression {
  const [row = constantIndex(0), column = constantIndex(0)] = outer.slice(-2);
  const stack = outer.slice(0, -2);
  const within = (operand: Operand, first: Index, second: Index, transpose: boolean) =>
    broadcast(operand, [...stack, ...(transpose ? [second, first] : [first, second])].slice(-operand.shape.length));
  const kind = kindOf(a.dtype);
  return reduce("add", [innerSize(a, attributes)], number(kind, 0), ([inner = constantIndex(0)]) =>
    apply("mul", kind, within(a, row, inner, attributes.transposeA), within(b, inner, column, attributes.transposeB)),
  );
}

/** op(a) op(b) + c for matrices a and b, where op may transpose; c, a bias, broadcasts. */
export const gemm = defineOp<Gemm, [a: Input, b: Input, c?: Input]>({
  name: "gemm",
  infer([a, b, bias], attributes) {
    const { rows, columns } = innerSizes(a, b, attributes);
    if (bias !== undefined && !sameShape(broadcastShapes([rows, columns], bias.shape, "linear"), [rows, columns])) {
      throw new TensorError("TENSOR_SHAPE", `linear: bias ${showShape(bias.shape)} does not fit ${columns} outputs`);
    }
    if (bias !== undefined && bias.dtype !== a.dtype)
      throw new TensorError(
        "TENSOR_DTYPE",
        `linear: the bias is ${bias.dtype}, the product ${a.dtype}; convert with .to("${a.dtype}")`,
      );
    return { shape: [rows, columns], dtype: a.dtype };
  },
  gradient({ inputs: [a, b, bias], gradient, attributes, needs }) {
    const { forA, forB } = productGradients(a, b, gradient, attributes);
    return [
      needs(0) ? forA() : undefined,
      needs(1) ? forB() : undefined,
      bias !== undefined && needs(2) ? gradient.sumTo(bias.shape) : undefined,
    ];
  },
  cost: ([a], attributes, { shape }) => sizeOf(shape) * innerSize(a, attributes),
  emit(emitter, inputs, { transposeA, transposeB }, { shape, dtype }) {
    if (dtype === "float32")
      return emitter.node("Gemm", namesOf(inputs), { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
    // Of integers ONNX Runtime has only the plain product.
    const [a, b, bias] = inputs;
    const product = emitProduct(emitter, a, b, { transposeA, transposeB }, { shape, dtype });
    return bias === undefined ? product : emitter.node("Add", [product, bias.name]);
  },
  loops([a, b, bias], attributes, output) {
    return nest(output, (outer) => {
      const product = productLoop(a, b, attributes, outer);
      const sum = bias === undefined ? product : apply("add", product.kind, product, broadcast(bias, outer));
      return stored(output.dtype, sum);
    });
  },
});

function emitProduct(emitter: Emitter, a: Value, b: Value, attributes: Gemm, output: TensorType): string {
  // ONNX Runtime leaves the result of products over nothing unset.
  if (a.shape.includes(0) || b.shape.includes(0))
    return emitter.constant(allocate(output.dtype, sizeOf(output.shape)), output.shape, output.dtype);
  const transposed = ({ name, shape }: Value, transpose: boolean) => {
    if (!transpose) return name;
    const perm = shape.map((_, axis) => axis);
    perm.push(...perm.splice(-2).reverse());
    // ONNX Runtime fuses this Transpose into its FusedMatMul.
    return emitter.node("Transpose", [name], { perm });
  };
  return emitter.node("MatMul", [transposed(a, attributes.transposeA), transposed(b, attributes.transposeB)]);
}

/**
 * Gradients where a stack of matrices a meets one matrix b: b's is one product over all of the stack, rather than a
 * product for each of its matrices and their sum. (For a single a that gains nothing: its stack has to be transposed.)
 */
function sharedGradients(a: Tensor, b: Tensor, g: Tensor, { transposeA, transposeB }: Gemm) {
  const single = ({ shape }: Tensor) => shape.slice(0, -2).every((length) => length === 1);
  if (!single(b) || single(a)) return undefined;
  const stacked = (tensor: Tensor) => tensor.reshape([sizeOf(tensor.shape.slice(0, -1)), tensor.size(-1)]);
  const [matrix, rows] = [stacked(b), stacked(g)];
  const forB = () => {
    const inner = stacked(transposeA ? a.transpose(-1, -2) : a);
    return transposeB ? rows.product(inner, true, false) : inner.product(rows, true, false);
  };
  return {
    forA: () =>
      transposeA ? b.product(g, transposeB, true) : rows.product(matrix, false, !transposeB).reshape(a.shape),
    forB: () => forB().reshape(b.shape),
  };
}

/** Products of matrices in the last two axes; the axes before them broadcast. */
export const batchedMatmul = defineOp<Gemm, [a: Input, b: Input]>({
  name: "batchedMatmul",
  infer([a, b], attributes) {
    const { rows, columns } = innerSizes(a, b, attributes);
    return {
      shape: [
        ...broadcastShapes(
          a.shape.slice(0, -2),
          b.shape.slice(0, -2),
          `matmul of ${showShape(a.shape)} and ${showShape(b.shape)}`,
        ),
        rows,
        columns,
      ],
      dtype: a.dtype,
    };
  },
  gradient({ inputs: [a, b], gradient, attributes, needs }) {
    const { forA, forB } = sharedGradients(a, b, gradient, attributes) ?? productGradients(a, b, gradient, attributes);
    return [needs(0) ? forA().sumTo(a.shape) : undefined, needs(1) ? forB().sumTo(b.shape) : undefined];
  },
  cost: ([a], attributes, { shape }) => sizeOf(shape) * innerSize(a, attributes),
  emit: (emitter, [a, b], attributes, output) => emitProduct(emitter, a, b, attributes, output),
  loops: ([a, b], attributes, output) =>
    nest(output, (outer) => stored(output.dtype, productLoop(a, b, attributes, outer))),
});
