/**
 * Every op and every Tensor method against PyTorch in float64 (fixtures/ops.py and more-ops.py), against central finite
 * differences, and what has to be refused.
 */
import { describe, expect, test } from "vitest";
import { expectCentralDifferences, spreadInputs } from "../../test/central-differences.ts";
import { readFixture, required, tensorOf } from "../../test/fixtures.ts";
import {
  type Calls,
  opNamesOf,
  outputsOf,
  type TorchCase,
  type TorchFixture,
  torchCases,
} from "../../test/torch-cases.ts";
import { fromNumbers } from "../dtype.ts";
import { einsum } from "../einsum.ts";
import { conv2d, convTranspose2d } from "../functional/convolution.ts";
import { where } from "../methods/elementwise.ts";
import { cat, stack } from "../methods/movement.ts";
import type { Shape } from "../shape.ts";
import { constant, Tensor } from "../tensor.ts";
import * as cast from "./cast.ts";
import * as compare from "./compare.ts";
import * as elementwise from "./elementwise.ts";
import { gelu, geluSlope } from "./gelu.ts";
import * as indexing from "./indexing.ts";
import * as linear from "./linear.ts";
import * as nearZero from "./near-zero.ts";
import type { Op } from "./op.ts";
import * as ordering from "./ordering.ts";
import { prelu } from "./prelu.ts";
import * as reduce from "./reduce.ts";
import * as shaping from "./shaping.ts";
import * as trigonometry from "./trigonometry.ts";

/** Arguments that methods do not take as the fixture has them; each op has a few. */
interface Arguments {
  readonly a: number;
  readonly b: number;
  readonly min: number;
  readonly max: number;
  readonly beta: number;
  readonly threshold: number;
  readonly dim: number;
  readonly keepdim: boolean;
  readonly correction: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly k: number;
  readonly largest: boolean;
  readonly sorted: boolean;
  readonly descending: boolean;
  readonly ta: boolean;
  readonly tb: boolean;
  readonly equation: string;
  readonly p: number | "fro" | "inf" | "-inf";
  readonly value: number;
}

type Call = Calls<Arguments>[string];

const reduction =
  (name: "sum" | "mean" | "prod" | "max" | "min" | "argmax" | "argmin" | "any" | "all"): Call =>
  ([x], { dim, keepdim }) =>
    required(x)[name](dim, keepdim);

/** The axis goes ahead of the tensors. */
const alongAxis =
  (name: "indexSelect" | "gather"): Call =>
  ([x, index], { dim }) =>
    required(x)[name](required(dim), required(index));

const scattering =
  (name: "scatterAdd" | "indexAdd"): Call =>
  ([x, index, source], { dim }) =>
    required(x)[name](required(dim), required(index), required(source));

const flip = (x: Tensor, transposed: boolean | undefined) => (transposed === true ? x.transpose(-1, -2) : x);

/** What is no method of a tensor, the other ones, then the arguments in the fixture's order. */
const calls: Calls<Arguments> = {
  clamp: ([x], args) => required(x).clamp(args),
  softplus: ([x], args) => required(x).softplus(args),
  sum: reduction("sum"),
  mean: reduction("mean"),
  prod: reduction("prod"),
  max: reduction("max"),
  min: reduction("min"),
  argmax: reduction("argmax"),
  argmin: reduction("argmin"),
  any: reduction("any"),
  all: reduction("all"),
  norm: ([x], { p, dim, keepdim }) =>
    required(x).norm(p === "fro" ? p : Number(String(p).replace("inf", "Infinity")), dim, keepdim),
  std: ([x], { dim, ...options }) => required(x).std(dim, options),
  scatter: ([x, index, source], { dim, value }) =>
    required(x).scatter(required(dim), required(index), source ?? required(value)),
  variance: ([x], { dim, ...options }) => required(x).variance(dim, options),
  where([condition, ...rest], { a, b }) {
    const left = a ?? required(rest[0]);
    const right = b ?? required(rest.at(-1));
    // The method where it can be called, the function for numbers.
    return left instanceof Tensor && right instanceof Tensor
      ? required(condition).where(left, right)
      : where(required(condition), left, right);
  },
  matmulTransposed: ([x, y], { ta, tb }) => flip(required(x), ta).matmul(flip(required(y), tb)),
  flatten: ([x], { start, end }) => required(x).flatten(start, end),
  slice: ([x], { dim, start, end, step }) => required(x).slice(required(dim), start, end, step),
  concat: ([x, ...others], { dim }) => required(x).concat(others, dim),
  indexSelect: alongAxis("indexSelect"),
  gather: alongAxis("gather"),
  scatterAdd: scattering("scatterAdd"),
  indexAdd: scattering("indexAdd"),
  topk: ([x], { k, dim, ...options }) => required(x).topk(required(k), dim, options),
  sort: ([x], { dim, ...options }) => required(x).sort(dim, options),
  cat: (operands, { dim }) => cat(operands, dim),
  stack: (operands, { dim }) => stack(operands, dim),
  einsum: (operands, { equation }) => einsum(required(equation), ...operands),
  diamond: ([x]) => {
    const value = required(x);
    return value.exp().mul(value).add(value.tanh()).div(value.mul(value).add(1)).sub(value);
  },
  chain: ([x]) => {
    const value = required(x);
    const same = value.reshape([-1]).reshape(value.shape).t().t().mul(1).add(0);
    return same.neg().neg().unsqueeze(0).squeeze(0).mul(value);
  },
  normalize: ([x]) => {
    const value = required(x);
    const variance = value.variance(-1, { correction: 0, keepdim: true });
    return value.sub(value.mean(-1, true)).div(variance.add(1e-5).sqrt());
  },
  mlp: ([x, w, b, v]) => required(x).linear(required(w), b).tanh().linear(required(v)),
  attention: ([q, k, v]) => required(q).matmul(required(k).transpose(-1, -2)).div(2).softmax(-1).matmul(required(v)),
  crossEntropy: ([x, y]) => required(x).logSoftmax(1).gather(1, required(y).unsqueeze(1)).mean().neg(),
};

const fixtures: readonly TorchFixture<Arguments>[] = ["ops", "more-ops"].map(readFixture);
const cases = fixtures.flatMap((fixture) => fixture.cases);

torchCases({ cases, refusals: fixtures.flatMap(({ refusals }) => refusals) }, calls, {
  // Some float32 roundings, 6e-8 each.
  usual: { relative: 2e-5, absolute: 1e-6 },
  second: { relative: 1e-4, absolute: 1e-5 },
  // ONNX Runtime's sigmoid is right to 6e-8 absolutely, not relatively, and silu's gradient has it times x, up to 50.
  exceptions: { silu: { relative: 2e-5, absolute: 3e-6 } },
});

function isOp(value: unknown): value is Op {
  return typeof value === "object" && value !== null && "infer" in value && "emit" in value;
}

const allOps = [
  ...[cast, compare, elementwise, indexing, linear, nearZero, ordering, reduce, shaping, trigonometry, { gelu, prelu }],
].flatMap((file) => Object.values(file).filter(isOp));

const opsOf = <A extends object>(each: TorchCase<A>, by: Calls<A>) =>
  opNamesOf(
    outputsOf(
      each,
      each.inputs.map((input) => tensorOf(input)),
      by,
    ),
  );

describe("the fixture covers", () => {
  const graphs = cases.map((each) => ({ each, names: opsOf(each, calls) }));
  const forward = new Set(graphs.flatMap(({ names }) => [...names]));
  const differentiated = new Set(
    graphs.flatMap(({ each, names }) => (each.gradients?.some((gradient) => gradient !== null) ? [...names] : [])),
  );

  test.each(allOps.map((op) => [op.name, op] as const))("op %s", (name, op) => {
    expect(forward).toContain(name);
    if (op.gradient !== undefined) expect(differentiated).toContain(name);
  });

  test("every method of Tensor that makes a tensor", () => {
    // Not operations of a graph, or (new…) makers of constants, which all others use.
    const others = [
      "constructor",
      "ndim",
      "numel",
      "size",
      "data",
      "toArray",
      "item",
      "toString",
      "apply",
      "withInputs",
      "randomId",
      "newTensor",
      "newFull",
    ];
    const convolutions: TorchFixture<object> = readFixture("convolution");
    const functions: Calls<object> = {
      conv2d: ([x, weight, bias], options) => conv2d(required(x), required(weight), bias, options),
      convTranspose2d: ([x, weight, bias], options) => convTranspose2d(required(x), required(weight), bias, options),
    };
    const ofConvolutions = convolutions.cases
      .filter(({ op }) => Object.hasOwn(functions, op))
      .flatMap((each) => [...opsOf(each, functions)]);
    const covered = new Set([...others, ...cases.map(({ op }) => op), ...ofConvolutions]);
    const names = Object.getOwnPropertyNames(Tensor.prototype);
    expect(names.filter((name) => !covered.has(name))).toEqual([]);
  });
});

interface Probe {
  readonly op: string;
  readonly shapes: readonly Shape[];
  readonly build: (...operands: readonly Tensor[]) => Tensor;
  /** Range of the inputs; away from 0 where the op has a kink or a pole there. */
  readonly range?: readonly [number, number];
}

const indices = (values: readonly number[], shape: Shape) => constant(fromNumbers("int64", values), shape, "int64");
const yesNo = (values: readonly number[], shape: Shape) => constant(fromNumbers("bool", values), shape, "bool");

/** Ops that are no method of one or two tensors, or whose kinks and poles need care; of the others cases will do. */
const probes: readonly Probe[] = [
  { op: "add", shapes: [[2, 3], [3]], build: (x, y) => x.add(y) },
  { op: "sub", shapes: [[2, 1], [3]], build: (x, y) => x.sub(y) },
  {
    op: "mul",
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (x, y) => x.mul(y),
  },
  { op: "mul", shapes: [[3]], build: (x) => x.mul(x).mul(x) },
  { op: "div", shapes: [[2, 3], [3]], build: (x, y) => x.div(y), range: [1, 3] },
  { op: "pow", shapes: [[2, 3], [3]], build: (x, y) => x.pow(y), range: [0.5, 2] },
  { op: "pow", shapes: [[4]], build: (x) => x.pow(3) },
  { op: "pow", shapes: [[4]], build: (x) => x.pow(-1.5), range: [1, 2] },
  { op: "maximum", shapes: [[2, 3], [3]], build: (x, y) => x.maximum(y) },
  { op: "minimum", shapes: [[2, 3], [3]], build: (x, y) => x.minimum(y) },
  { op: "abs", shapes: [[3]], build: (x) => x.abs(), range: [0.2, 2] },
  { op: "abs", shapes: [[3]], build: (x) => x.abs(), range: [-2, -0.2] },
  { op: "log", shapes: [[2, 3]], build: (x) => x.log(), range: [0.5, 3] },
  { op: "sqrt", shapes: [[2, 3]], build: (x) => x.sqrt(), range: [0.5, 3] },
  { op: "relu", shapes: [[7]], build: (x) => x.relu(), range: [-1.1, 1.3] },
  { op: "softplus", shapes: [[2, 3]], build: (x) => x.softplus({ beta: 1.5 }) },
  { op: "leakyRelu", shapes: [[7]], build: (x) => x.leakyRelu(0.2), range: [-1.1, 1.3] },
  { op: "elu", shapes: [[7]], build: (x) => x.elu(1.5), range: [-1.1, 1.3] },
  { op: "erf", shapes: [[5]], build: (x) => x.erf() },
  { op: "gelu", shapes: [[5]], build: (x) => x.gelu() },
  { op: "geluSlope", shapes: [[5]], build: (x) => x.apply(geluSlope, [], {}) },
  { op: "tanh", shapes: [[5]], build: (x) => x.gelu("tanh") },
  { op: "sigmoid", shapes: [[5]], build: (x) => x.silu() },
  { op: "softmax", shapes: [[2, 3]], build: (x) => x.softmax(1) },
  { op: "softmax", shapes: [[2, 3]], build: (x) => x.softmax(0) },
  { op: "logSoftmax", shapes: [[2, 3]], build: (x) => x.logSoftmax(-1) },
  { op: "sum", shapes: [[2, 3, 2]], build: (x) => x.exp().sum([0, -1]) },
  { op: "mean", shapes: [[2, 3, 2]], build: (x) => x.exp().mean(1, true) },
  { op: "mean", shapes: [[2, 3]], build: (x) => x.variance(1) },
  { op: "amax", shapes: [[2, 3]], build: (x) => x.max(1) },
  { op: "amin", shapes: [[2, 3]], build: (x) => x.min() },
  { op: "prod", shapes: [[2, 2, 2]], build: (x) => x.prod([0, 2]) },
  { op: "where", shapes: [[2, 1], [3]], build: (x, y) => yesNo([1, 0, 1, 0, 0, 1], [2, 3]).where(x, y) },
  { op: "gemm", shapes: [[2, 3], [4, 3], [4]], build: (x, w, b) => x.linear(w, b) },
  {
    op: "gemm",
    shapes: [
      [3, 2],
      [4, 3],
    ],
    build: (x, y) => x.t().matmul(y.t()),
  },
  {
    op: "batchedMatmul",
    shapes: [
      [2, 1, 2, 3],
      [2, 3, 2],
    ],
    build: (x, y) => x.matmul(y),
  },
  {
    op: "batchedMatmul",
    shapes: [
      [3, 2],
      [2, 4, 3],
    ],
    build: (x, y) => x.product(y, true, true),
  },
  { op: "clone", shapes: [[3]], build: (x) => x.clone().mul(x) },
  { op: "reshape", shapes: [[2, 3]], build: (x) => x.exp().reshape([3, 2]) },
  { op: "permute", shapes: [[2, 3, 2]], build: (x) => x.exp().permute([2, 0, 1]) },
  { op: "expand", shapes: [[2, 1]], build: (x) => x.exp().expand([2, 2, 3]) },
  { op: "slice", shapes: [[2, 7]], build: (x) => x.exp().slice(1, 1, -1, 2) },
  { op: "flip", shapes: [[2, 3]], build: (x) => x.exp().flip([0, 1]) },
  { op: "pad", shapes: [[2, 2]], build: (x) => x.exp().pad(1, 2, 1) },
  {
    op: "concat",
    shapes: [
      [2, 2],
      [2, 1],
    ],
    build: (x, y) => cat([x, y, x.exp()], 1),
  },
  { op: "part", shapes: [[2, 5]], build: (x) => x.exp().part(1, [2, 2, 1], 1) },
  { op: "take", shapes: [[3, 2]], build: (x) => x.exp().indexSelect(0, indices([2, 0, 2], [3])) },
  { op: "gather", shapes: [[2, 3]], build: (x) => x.exp().gather(1, indices([2, 2, 0, 1], [2, 2])) },
  {
    op: "scatterAdd",
    shapes: [
      [2, 3],
      [2, 2],
    ],
    build: (x, y) => x.exp().scatterAdd(1, indices([2, 2, 0, 1], [2, 2]), y.exp()),
  },
  {
    op: "scatter",
    shapes: [
      [2, 3],
      [2, 2],
    ],
    build: (x, y) => x.exp().scatter(1, indices([2, 1, 0, 1], [2, 2]), y.exp()),
  },
  { op: "tan", shapes: [[2, 3]], build: (x) => x.tan(), range: [-1, 1] },
  { op: "asin", shapes: [[2, 3]], build: (x) => x.asin(), range: [-0.8, 0.8] },
  { op: "acos", shapes: [[2, 3]], build: (x) => x.acos(), range: [-0.8, 0.8] },
  { op: "cumsum", shapes: [[2, 3]], build: (x) => x.exp().cumsum(1) },
  { op: "topkValues", shapes: [[3, 4]], build: (x) => x.exp().topk(2, 1).values },
  { op: "topkValues", shapes: [[4, 2]], build: (x) => x.exp().sort(0, { descending: true }).values },
  { op: "prelu", shapes: [[3, 2], [2]], build: (x, w) => x.prelu(w) },
  {
    op: "indexAdd",
    shapes: [
      [3, 2],
      [4, 2],
    ],
    build: (x, y) => x.exp().indexAdd(0, indices([2, 0, 2, 1], [4]), y.exp()),
  },
  {
    op: "indexAdd",
    shapes: [
      [2, 3],
      [2, 2],
    ],
    build: (x, y) => x.exp().indexAdd(1, indices([2, 2], [2]), y.exp()),
  },
];

/** A case of the op itself, of few numbers, where no other probe is given. */
function caseOf(name: string): TorchCase<Arguments> | undefined {
  return cases.find(
    ({ op, inputs, gradients = [] }) =>
      op === name &&
      gradients.length > 0 &&
      gradients.every((values) => values !== null && values.length > 1 && values.length < 9) &&
      inputs.every(({ data }) => data.every((value) => typeof value === "number")),
  );
}

describe("central differences", () => {
  test.each(probes.map((probe, at) => [`${probe.op} ${at}`, probe] as const))("%s", async (_name, probe) => {
    const inputs = spreadInputs(probe.shapes, probe.range ?? [-1.5, 1.5]);
    await expectCentralDifferences(inputs, (leaves) => {
      const y = probe.build(...leaves);
      expect(opNamesOf([y])).toContain(probe.op);
      return y;
    });
  });

  // The gradients of sign and floor are none, that of a cast is the gradient itself.
  const without = ["sign", "floor", "cast", ...probes.map(({ op }) => op)];
  const rest = allOps.filter((op) => op.gradient !== undefined && !without.includes(op.name)).map(({ name }) => name);
  test.each(rest)("%s, in a case of the fixture", async (name) => {
    const found = caseOf(name);
    if (found === undefined) throw new Error(`give a probe for ${name}: no case of the fixture will do`);
    const inputs = found.inputs.map(({ shape, data }) => ({ shape, data: data.map(Number) }));
    await expectCentralDifferences(inputs, (leaves) => required(outputsOf(found, leaves, calls)[0]));
  });
});
