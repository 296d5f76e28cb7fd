/**
 * Graphs are built as they were written; before they are computed, rules replace what can be had cheaper. Gradients are
 * taken of what was written, so that whatever a program holds may be differentiated by.
 */
import { toNumbers } from "../dtype.ts";
import { cast } from "../ops/cast.ts";
import { add, div, mul, neg, pow, sub } from "../ops/elementwise.ts";
import { indexAdd } from "../ops/indexing.ts";
import { gemm } from "../ops/linear.ts";
import type { Attributes, Inputs, Op } from "../ops/op.ts";
import { amax, amin, mean, prod, sum } from "../ops/reduce.ts";
import { rowStep } from "../ops/row-step.ts";
import { concat, expand, flip, pad, part, permute, reshape, slice } from "../ops/shaping.ts";
import { broadcastShapes, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { topologicalOrder } from "./order.ts";

/** The same values for less, or nothing where the rule has nothing to say. The inputs are simplified already. */
export type Rule = (tensor: Tensor) => Tensor | undefined;

/** Ops that change nothing where they do not change the shape. */
const stillWithShape: ReadonlySet<Op | undefined> = new Set<Op>([reshape, expand, slice, part]);
const reductions: ReadonlySet<Op | undefined> = new Set<Op>([sum, mean, prod, amax, amin]);
/** The right operand that changes nothing. */
const neutral: ReadonlyMap<Op | undefined, number> = new Map<Op, number>([
  [add, 0],
  [sub, 0],
  [mul, 1],
  [div, 1],
]);

export const rules = {
  /** What neither takes nor moves anything: a reshape to the present shape, a slice of the whole, cat of one tensor. */
  movesNothing(tensor) {
    const [input] = tensor.inputs;
    if (input === undefined || !sameShape(input.shape, tensor.shape)) return undefined;
    const still =
      stillWithShape.has(tensor.op) ||
      (isResultOf(tensor, permute) && tensor.attributes.order.every((axis, index) => axis === index)) ||
      (isResultOf(tensor, flip) && tensor.attributes.axes.length === 0) ||
      (isResultOf(tensor, pad) && tensor.attributes.before.every((amount) => amount === 0)) ||
      (tensor.op === concat && tensor.inputs.length === 1);
    return still ? input : undefined;
  },
  reshapeOfReshape({ op, inputs: [input], shape }) {
    return op === reshape && input?.op === reshape ? input.inputs[0]?.reshape(shape) : undefined;
  },
  negationOfNegation({ op, inputs: [input] }) {
    return op === neg && input?.op === neg ? input.inputs[0] : undefined;
  },
  /** Powers that other kernels compute faster. */
  easyPower({ op, inputs: [base, exponent], shape }) {
    if (op !== pow || base === undefined || exponent === undefined || !sameShape(base.shape, shape)) return undefined;
    switch (uniformValue(exponent)) {
      case 1:
        return base;
      case 2:
        return base.mul(base);
      case 0.5:
        return base.sqrt();
      default:
        return undefined;
    }
  },
  /** x + 0, x - 0, 1 x, x / 1 and the like. */
  neutralOperand({ op, inputs: [a, b], shape }) {
    const number = neutral.get(op);
    if (number === undefined || a === undefined || b === undefined) return undefined;
    if (uniformValue(b) === number && sameShape(a.shape, shape)) return a;
    const commutes = op === add || op === mul;
    return commutes && uniformValue(a) === number && sameShape(b.shape, shape) ? b : undefined;
  },
  /** An operand that is repeated to a shape need not be written out where the others have that shape already. */
  repeatedOperand(tensor) {
    const { op, inputs, shape } = tensor;
    if (op?.broadcasts !== true || !inputs.some((input) => input.op === expand)) return undefined;
    for (const index of inputs.keys().toArray().reverse()) {
      const inner = inputs[index]?.op === expand ? inputs[index].inputs[0] : undefined;
      if (inner === undefined) continue;
      const operands = inputs.with(index, inner);
      const common = operands.map((operand) => operand.shape).reduce((a, b) => broadcastShapes(a, b, op.name));
      if (sameShape(common, shape)) return tensor.withInputs(operands);
    }
    return undefined;
  },
  /** A product of matrices transposes its factors for nothing. */
  transposedFactor(tensor) {
    if (!isResultOf(tensor, gemm)) return undefined;
    const { inputs, attributes } = tensor;
    const [a, b, bias] = inputs;
    const [turnedA, turnedB] = [a, b].map((factor) => (factor?.op === permute ? factor.inputs[0] : undefined));
    if (a === undefined || b === undefined || (turnedA ?? turnedB) === undefined) return undefined;
    return (turnedA ?? a).apply(gemm, [turnedB ?? b, bias], {
      transposeA: attributes.transposeA !== (turnedA !== undefined),
      transposeB: attributes.transposeB !== (turnedB !== undefined),
    });
  },
  /** A reduction of one element each is that element. */
  reductionOfOne({ op, inputs: [input], shape, numel }) {
    return reductions.has(op) && input !== undefined && numel > 0 && input.numel === numel
      ? input.reshape(shape)
      : undefined;
  },
  /** Fewer elements are converted before they are repeated. */
  castOfExpand({ op, inputs: [input], shape, dtype }) {
    return op === cast && input?.op === expand ? input.inputs[0]?.to(dtype).expand(shape) : undefined;
  },
  /** Gradient descent on a table of which few rows are named. */
  stepOfFewRows({ op, inputs: [table, step], shape }) {
    if (op !== sub || table === undefined || step?.op !== mul) return undefined;
    const [gradient, rate] = step.inputs;
    if (gradient === undefined || rate?.numel !== 1 || !isResultOf(gradient, indexAdd)) return undefined;
    const [start, index, rows] = gradient.inputs;
    if (start === undefined || index === undefined || rows === undefined || gradient.attributes.axis !== 0)
      return undefined;
    const sizesAgree = sameShape(table.shape, gradient.shape) && sameShape(table.shape, shape);
    const isPlain = table.dtype === "float32" && sizesAgree && uniformValue(start) === 0;
    if (!isPlain || 2 * index.numel > table.size(0)) return undefined;
    return table.apply(rowStep, [index, rows, rate], {});
  },
  castOfNumber({ op, inputs: [input], shape, dtype }) {
    if (op !== cast || input?.source.kind !== "constant" || input.numel !== 1) return undefined;
    return input.newTensor(toNumbers(input.source.data), shape, dtype);
  },
} as const satisfies Record<string, Rule>;

/**
 * What to compute instead of each of `outputs`.
 *
 * @param known what was simplified before, and will be from now on: for graphs that share parts
 */
export function simplify(
  outputs: readonly Tensor[],
  known: Map<Tensor, Tensor> = new Map(),
  applied: readonly Rule[] = Object.values(rules),
): readonly Tensor[] {
  const found = (tensor: Tensor) => known.get(tensor) ?? tensor;
  for (const tensor of topologicalOrder(outputs, known)) {
    const isSimple = tensor.inputs.every((input) => found(input) === input);
    const current = isSimple ? tensor : tensor.withInputs(tensor.inputs.map(found));
    const simpler = tensor.op === undefined ? undefined : firstOf(applied, current);
    // What a rule gives may be made of several new tensors, which rules may simplify once more.
    const [settled = current] = simpler === undefined ? [] : simplify([simpler], known, applied);
    known.set(tensor, settled);
    known.set(settled, settled);
  }
  return outputs.map(found);
}

function firstOf(applied: readonly Rule[], tensor: Tensor): Tensor | undefined {
  for (const rule of applied) {
    const simpler = rule(tensor);
    if (simpler !== undefined) return simpler;
  }
  return undefined;
}

/** The number that all elements are, where it is a constant that was given a larger shape. */
export function uniformValue(tensor: Tensor): number | undefined {
  const whole = tensor.op === expand ? (tensor.inputs[0] ?? tensor) : tensor;
  // Gradients of sums over everything: a scalar given axes of size 1 before it is repeated.
  const core = whole.op === reshape ? (whole.inputs[0] ?? whole) : whole;
  return core.source.kind === "constant" && core.numel === 1 ? toNumbers(core.source.data)[0] : undefined;
}

function isResultOf<A extends Attributes, I extends Inputs>(
  tensor: Tensor,
  op: Op<A, I>,
): tensor is Tensor & { readonly attributes: A } {
  return tensor.op === op;
}
