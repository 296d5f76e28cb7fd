import { TensorError } from "../errors.ts";
import { onnxType } from "../onnx/types.ts";
import { broadcastShapes } from "../shape.ts";
import { defineOp, inputAt, type Op } from "./op.ts";

type None = Record<string, never>;

/** Two operands of one type, boolean result, no gradient. `negated`: ONNX has only the opposite comparison. */
function comparison(name: string, onnx: string, negated = false): Op<None> {
  return defineOp<None>({
    name,
    infer(inputs) {
      return { shape: broadcastShapes(inputAt(inputs, 0).shape, inputAt(inputs, 1).shape, name), dtype: "bool" };
    },
    emit(emitter, inputs) {
      // ONNX Runtime orders no booleans.
      const ordersBooleans =
        (onnx.startsWith("Less") || onnx.startsWith("Greater")) && inputAt(inputs, 0).dtype === "bool";
      const result = emitter.node(
        onnx,
        inputs.map(({ name }) => (ordersBooleans ? emitter.node("Cast", [name], { to: onnxType.int32 }) : name)),
      );
      return negated ? emitter.node("Not", [result]) : result;
    },
  });
}

export const eq: Op<None> = comparison("eq", "Equal");
export const ne: Op<None> = comparison("ne", "Equal", true);
export const lt: Op<None> = comparison("lt", "Less");
export const le: Op<None> = comparison("le", "LessOrEqual");
export const gt: Op<None> = comparison("gt", "Greater");
export const ge: Op<None> = comparison("ge", "GreaterOrEqual");
export const logicalAnd: Op<None> = comparison("logicalAnd", "And");
export const logicalOr: Op<None> = comparison("logicalOr", "Or");

export const logicalNot: Op<None> = defineOp<None>({
  name: "logicalNot",
  infer: (inputs) => ({ shape: inputAt(inputs, 0).shape, dtype: "bool" }),
  emit: (emitter, inputs) => emitter.node("Not", [inputAt(inputs, 0).name]),
});

/** condition ? a : b, element by element, all three broadcast. */
export const where: Op<None> = defineOp<None>({
  name: "where",
  infer(inputs) {
    const condition = inputAt(inputs, 0);
    const a = inputAt(inputs, 1);
    const b = inputAt(inputs, 2);
    if (condition.dtype !== "bool") {
      throw new TensorError(
        "TENSOR_DTYPE",
        `where: the condition is ${condition.dtype}; it must be bool, as comparisons give`,
      );
    }
    const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape, "where"), "where");
    return { shape, dtype: a.dtype };
  },
  gradient({ inputs, gradient, needs }) {
    const condition = inputAt(inputs, 0);
    const zero = gradient.zerosLike();
    return [
      undefined,
      needs(1) ? condition.where(gradient, zero).sumTo(inputAt(inputs, 1).shape) : undefined,
      needs(2) ? condition.where(zero, gradient).sumTo(inputAt(inputs, 2).shape) : undefined,
    ];
  },
  emit(emitter, inputs, _attributes, output) {
    const names = inputs.map((input) => input.name);
    if (output.dtype !== "bool") return emitter.node("Where", names);
    // ONNX Runtime selects no booleans: select bytes of them as int32.
    const [condition, a, b] = [inputAt(names, 0), inputAt(names, 1), inputAt(names, 2)];
    const number = (name: string) => emitter.node("Cast", [name], { to: onnxType.int32 });
    return emitter.node("Cast", [emitter.node("Where", [condition, number(a), number(b)])], { to: onnxType.bool });
  },
});
