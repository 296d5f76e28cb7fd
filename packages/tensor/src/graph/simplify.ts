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
import { broadcastShapes, type Shape, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { topologicalOrder } from "./order.ts";

/** The same values for less, or nothing where the rule has nothing to say. The inputs are simplified already. */
export type Rule = (tensor: Tensor) => Tensor | undefined;

/** Ops that change nothing where they do not change the shape. */
const stillWithShape: ReadonlySet<Op | undefined> = new Set<Op>([reshape, expand, slice, part]);
const reductions: ReadonlySet<Op | undefined> = new Set<Op>([sum, mean, prod, amax, amin]);
const smallestNormal = 2 ** -126;
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
  /** c (k x) is (c k) x, in one pass: gradients of squares have 2, those of means 1 / n. Factors of -1 are negations. */
  factorOfProduct(tensor) {
    const outer = scaledBy(tensor);
    const inner = outer && scaledBy(outer.of);
    if (outer === undefined || inner === undefined) return undefined;
    const factor = Math.fround(outer.factor * inner.factor);
    // A product that is out of float32's range, where the numbers themselves are not, may be in it times x.
    if (!(Math.abs(factor) >= smallestNormal && Number.isFinite(factor))) return undefined;
    return inner.of.mul(factor);
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
  neutralOperand({ op, inputs: [a, b], shape, numel }) {
    const number = neutral.get(op);
    if (number === undefined || a === undefined || b === undefined) return undefined;
    if (uniformValue(b) === number && a.numel === numel) return shaped(a, shape);
    const commutes = op === add || op === mul;
    return commutes && uniformValue(a) === number && b.numel === numel ? shaped(b, shape) : undefined;
  },
  /** a + -b, -a + b and a - -b, in one pass over memory instead of two. */
  negatedTerm({ op, inputs: [a, b] }) {
    if ((op !== add && op !== sub) || a === undefined || b === undefined) return undefined;
    const [negatedA, negatedB] = [a, b].map((term) => (term.op === neg ? term.inputs[0] : undefined));
    if (negatedB !== undefined) return op === add ? a.sub(negatedB) : a.add(negatedB);
    return op === add && negatedA !== undefined ? b.sub(negatedA) : undefined;
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
  /** Pieces side by side, each among zeros, as gradients of what was cut into pieces: joined, which writes each once. */
  sumOfPieces(tensor) {
    if (tensor.op !== add) return undefined;
    const pieces = piecesOf(tensor)?.toSorted((a, b) => a.start - b.start);
    const [first] = pieces ?? [];
    if (pieces === undefined || first === undefined) return undefined;
    const { axis, start } = first;
    let end = start;
    for (const { axis: other, start: next, piece } of pieces) {
      if (other !== axis || next !== end) return undefined;
      end += piece.size(axis);
    }
    const parts = pieces.flatMap(({ piece }) =>
      isResultOf(piece, concat) && piece.attributes.axis === axis ? piece.inputs : [piece],
    );
    return parts[0]?.apply(concat, parts.slice(1), { axis }).pad(axis, start, tensor.size(axis) - end);
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

function shaped(tensor: Tensor, shape: Shape): Tensor {
  return sameShape(tensor.shape, shape) ? tensor : tensor.reshape(shape);
}

/** A tensor as a number times another of its shape. */
function scaledBy({
  op,
  inputs: [a, b],
  shape,
  dtype,
}: Tensor): { readonly of: Tensor; readonly factor: number } | undefined {
  if (a === undefined || dtype !== "float32") return undefined;
  if (op === neg) return { of: a, factor: -1 };
  if (op !== mul || b === undefined) return undefined;
  for (const [of, scale] of [
    [a, b],
    [b, a],
  ] as const) {
    const factor = uniformValue(scale);
    if (factor !== undefined && sameShape(of.shape, shape)) return { of, factor };
  }
  return undefined;
}

/** Of a sum whose terms all have zeros but in a stretch of one axis: these stretches. */
function piecesOf(
  tensor: Tensor,
): readonly { readonly axis: number; readonly start: number; readonly piece: Tensor }[] | undefined {
  const [first, second] = tensor.inputs;
  if (first === undefined) return undefined;
  if (tensor.op === add && second !== undefined) {
    if (!sameShape(first.shape, second.shape)) return undefined;
    const [some, others] = [piecesOf(first), piecesOf(second)];
    return some && others && [...some, ...others];
  }
  if (!isResultOf(tensor, pad) || tensor.attributes.value !== 0) return undefined;
  const { before, after } = tensor.attributes;
  const axes = before.keys().filter((axis) => before[axis] !== 0 || after[axis] !== 0);
  const [axis, ...others] = axes;
  const start = axis === undefined ? undefined : before[axis];
  if (axis === undefined || start === undefined || others.length > 0) return undefined;
  return start >= 0 && (after[axis] ?? 0) >= 0 ? [{ axis, start, piece: first }] : undefined;
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
