import { TensorError } from "../errors.ts";
import { broadcastShapes } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Attributes, defineOp, type GradientContext, inputAt, type Op, type TensorType } from "./op.ts";

type None = Record<string, never>;

function broadcastType(name: string, booleans: boolean): (inputs: readonly TensorType[]) => TensorType {
  return (inputs) => {
    const a = inputAt(inputs, 0);
    const b = inputAt(inputs, 1);
    if (a.dtype === "bool" && !booleans) {
      throw new TensorError(
        "TENSOR_DTYPE",
        `${name} needs numbers, not bool; convert with .to("int64") or .to("float32")`,
      );
    }
    return { shape: broadcastShapes(a.shape, b.shape, name), dtype: a.dtype };
  };
}

type PairRule = (a: Tensor, b: Tensor, gradient: Tensor, output: Tensor) => readonly [() => Tensor, () => Tensor];

/**
 * Two operands of one type, NumPy broadcasting. The rule's gradients have the output's shape; they are summed back here.
 * `onnxBool` is what the op is for booleans, where it is anything.
 */
function binary(name: string, onnx: string, rule: PairRule, onnxBool?: "And" | "Or"): Op<None> {
  return defineOp<None>({
    name,
    infer: broadcastType(name, onnxBool !== undefined),
    gradient({ inputs, output, gradient, needs }) {
      const a = inputAt(inputs, 0);
      const b = inputAt(inputs, 1);
      const [forA, forB] = rule(a, b, gradient, output);
      return [needs(0) ? forA().sumTo(a.shape) : undefined, needs(1) ? forB().sumTo(b.shape) : undefined];
    },
    emit: (emitter, inputs, _attributes, output) =>
      emitter.node(
        output.dtype === "bool" ? (onnxBool ?? onnx) : onnx,
        inputs.map((input) => input.name),
      ),
  });
}

export const add: Op<None> = binary("add", "Add", (_a, _b, g) => [() => g, () => g], "Or");
export const sub: Op<None> = binary("sub", "Sub", (_a, _b, g) => [() => g, () => g.neg()]);
export const mul: Op<None> = binary("mul", "Mul", (a, b, g) => [() => g.mul(b), () => g.mul(a)], "And");
export const div: Op<None> = binary("div", "Div", (_a, b, g, y) => [() => g.div(b), () => g.mul(y).div(b).neg()]);

/** a to the power b. As in PyTorch, the gradient is 0 (not NaN) where b is 0, and for b where a is 0 and b >= 0. */
export const pow: Op<None> = binary("pow", "Pow", (a, b, g, y) => [
  () => g.mul(b.eq(0).where(b.zerosLike(), b.mul(a.pow(b.sub(1))))),
  () => g.mul(a.eq(0).logicalAnd(b.ge(0)).where(y.zerosLike(), y.mul(a.log()))),
]);

/** Where both are equal each gets half of the gradient, as in PyTorch. */
function pickRule(wins: (a: Tensor, b: Tensor) => Tensor): PairRule {
  const share = (winner: Tensor, a: Tensor, b: Tensor, g: Tensor) =>
    a.eq(b).where(g.mul(0.5), winner.where(g, g.zerosLike()));
  return (a, b, g) => [() => share(wins(a, b), a, b, g), () => share(wins(b, a), a, b, g)];
}
export const maximum: Op<None> = binary(
  "maximum",
  "Max",
  pickRule((a, b) => a.gt(b)),
  "Or",
);
export const minimum: Op<None> = binary(
  "minimum",
  "Min",
  pickRule((a, b) => a.lt(b)),
  "And",
);

/** One operand, output of its type and shape. Floating only, unless `integers`. */
export function unary<A extends Attributes = None>(
  name: string,
  onnx: string,
  rule: (x: Tensor, y: Tensor, g: Tensor, attributes: A) => Tensor | undefined,
  options: {
    integers?: boolean;
    attributes?: (attributes: A) => Readonly<Record<string, { float: number }>>;
    domain?: string;
  } = {},
): Op<A> {
  return defineOp<A>({
    name,
    infer(inputs) {
      const { shape, dtype } = inputAt(inputs, 0);
      if (dtype !== "float32" && !(options.integers === true && dtype !== "bool")) {
        throw new TensorError(
          "TENSOR_DTYPE",
          `${name} needs a float32 tensor, not ${dtype}; convert it with .to("float32")`,
        );
      }
      return { shape, dtype };
    },
    gradient({ inputs, output, gradient, attributes }: GradientContext<A>) {
      return [rule(inputAt(inputs, 0), output, gradient, attributes)];
    },
    emit: (emitter, inputs, attributes) =>
      emitter.node(onnx, [inputAt(inputs, 0).name], options.attributes?.(attributes) ?? {}, options.domain),
  });
}

// Gradients are written with the output where that saves a recomputation or keeps a fused kernel possible.
export const neg: Op<None> = unary("neg", "Neg", (_x, _y, g) => g.neg(), { integers: true });
export const abs: Op<None> = unary("abs", "Abs", (x, _y, g) => g.mul(x.sign()), { integers: true });
export const sign: Op<None> = unary("sign", "Sign", () => undefined, { integers: true });
export const floor: Op<None> = unary("floor", "Floor", () => undefined);
export const exp: Op<None> = unary("exp", "Exp", (_x, y, g) => g.mul(y));
export const log: Op<None> = unary("log", "Log", (x, _y, g) => g.div(x));
export const sqrt: Op<None> = unary("sqrt", "Sqrt", (_x, y, g) => g.div(y.mul(2)));
export const erf: Op<None> = unary("erf", "Erf", (x, _y, g) => g.mul(x.mul(x).neg().exp()).mul(2 / Math.sqrt(Math.PI)));
/** 1 where x is above 0, else 0. */
export const isPositive: Op<None> = defineOp<None>({
  name: "isPositive",
  infer: (inputs) => inputAt(inputs, 0),
  // max(0, min(1, slope x)) with a slope so steep that it is a step: one fast pass, where a comparison and a selection
  // take five times as long.
  emit: (emitter, inputs) =>
    emitter.node("HardSigmoid", [inputAt(inputs, 0).name], { alpha: { float: 3e38 }, beta: { float: 0 } }),
});
export const relu: Op<None> = unary("relu", "Relu", (_x, y, g) => g.mul(y.isPositive()));
export const sigmoid: Op<None> = unary("sigmoid", "Sigmoid", (_x, y, g) => g.mul(y.sub(y.mul(y))));
/** log(1 + exp x), computed without overflow. */
export const softplus: Op<None> = unary("softplus", "Softplus", (x, _y, g) => g.mul(x.sigmoid()));
export const tanh: Op<None> = unary("tanh", "Tanh", (_x, y, g) => g.sub(g.mul(y.mul(y))));

export const leakyRelu: Op<{ slope: number }> = unary<{ slope: number }>(
  "leakyRelu",
  "LeakyRelu",
  (x, _y, g, { slope }) => x.gt(0).where(g, g.mul(slope)),
  { attributes: ({ slope }) => ({ alpha: { float: slope } }) },
);

/** alpha (exp x - 1) below zero. */
export const elu: Op<{ alpha: number }> = unary<{ alpha: number }>(
  "elu",
  "Elu",
  (x, y, g, { alpha }) => x.gt(0).where(g, g.mul(y.add(alpha))),
  { attributes: ({ alpha }) => ({ alpha: { float: alpha } }) },
);
