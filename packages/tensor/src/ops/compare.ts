import { TensorError } from "../errors.ts";
import { onnxType } from "../onnx/types.ts";
import { broadcastShapes } from "../shape.ts";
import { apply, type Expression, elementwise, type Operator, select } from "../wasm/loops.ts";
import { defineOp, type Input, type None } from "./op.ts";

/** Two operands of one type, boolean result, no gradient. `negated`: ONNX has only the opposite comparison. */
function comparison(
  name: string,
  onnx: string,
  compared: (a: Expression, b: Expression) => Expression,
  negated = false,
) {
  return defineOp<None, [a: Input, b: Input]>({
    name,
    isExact: true,
    broadcasts: true,
    infer: ([a, b]) => ({ shape: broadcastShapes(a.shape, b.shape, name), dtype: "bool" }),
    emit(emitter, inputs) {
      // ONNX Runtime orders no booleans.
      const ordersBooleans = (onnx.startsWith("Less") || onnx.startsWith("Greater")) && inputs[0].dtype === "bool";
      const result = emitter.node(
        onnx,
        inputs.map(({ name }) => (ordersBooleans ? emitter.node("Cast", [name], { to: onnxType.int32 }) : name)),
      );
      return negated ? emitter.node("Not", [result]) : result;
    },
    loops: (inputs) => elementwise(inputs, "bool", compared),
  });
}

const not = (a: Expression) => apply("not", "bool", a);
const logical = (operator: "and" | "or" | "xor") => (a: Expression, b: Expression) => apply(operator, "bool", a, b);
/** Of booleans `ofBooleans`. */
const by =
  (operator: Operator, ofBooleans: (a: Expression, b: Expression) => Expression) =>
  (a: Expression, b: Expression): Expression =>
    a.kind === "bool" ? ofBooleans(a, b) : apply(operator, "bool", a, b);
const isLess = (a: Expression, b: Expression) => apply("and", "bool", not(a), b);
const isLessOrEqual = (a: Expression, b: Expression) => apply("or", "bool", not(a), b);

export const eq = comparison(
  "eq",
  "Equal",
  by("eq", (a, b) => not(apply("xor", "bool", a, b))),
);
export const ne = comparison("ne", "Equal", by("ne", logical("xor")), true);
export const lt = comparison("lt", "Less", by("lt", isLess));
export const le = comparison("le", "LessOrEqual", by("le", isLessOrEqual));
export const gt = comparison(
  "gt",
  "Greater",
  by("gt", (a, b) => isLess(b, a)),
);
export const ge = comparison(
  "ge",
  "GreaterOrEqual",
  by("ge", (a, b) => isLessOrEqual(b, a)),
);
export const logicalAnd = comparison("logicalAnd", "And", logical("and"));
export const logicalOr = comparison("logicalOr", "Or", logical("or"));

export const logicalNot = defineOp<None, [x: Input]>({
  name: "logicalNot",
  isExact: true,
  infer: ([x]) => ({ shape: x.shape, dtype: "bool" }),
  emit: (emitter, [x]) => emitter.node("Not", [x.name]),
  loops: ([x]) => elementwise([x], "bool", not),
});

/** condition ? a : b, element by element, all three broadcast. */
export const where = defineOp<None, [condition: Input, a: Input, b: Input]>({
  name: "where",
  isExact: true,
  broadcasts: true,
  infer([condition, a, b]) {
    if (condition.dtype !== "bool") {
      throw new TensorError(
        "TENSOR_DTYPE",
        `where: the condition is ${condition.dtype}; it must be bool, as comparisons give`,
      );
    }
    const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape, "where"), "where");
    return { shape, dtype: a.dtype };
  },
  gradient({ inputs: [condition, a, b], gradient, needs }) {
    const zero = gradient.zerosLike();
    return [
      undefined,
      needs(1) ? condition.where(gradient, zero).sumTo(a.shape) : undefined,
      needs(2) ? condition.where(zero, gradient).sumTo(b.shape) : undefined,
    ];
  },
  emit(emitter, inputs, _attributes, output) {
    const [condition, a, b] = [inputs[0].name, inputs[1].name, inputs[2].name];
    if (output.dtype !== "bool") return emitter.node("Where", [condition, a, b]);
    // ONNX Runtime selects no booleans: select bytes of them as int32.
    const number = (name: string) => emitter.node("Cast", [name], { to: onnxType.int32 });
    return emitter.node("Cast", [emitter.node("Where", [condition, number(a), number(b)])], { to: onnxType.bool });
  },
  loops: (inputs, _attributes, { dtype }) => elementwise(inputs, dtype, select),
});
