/**
 * Every op and every Tensor method against PyTorch in float64 (fixtures/ops.py wrote fixtures/ops.json), against central
 * finite differences, and what has to be refused.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type DType, fromNumbers, toNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { topologicalOrder } from "../graph/order.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { cat, constant, stack, Tensor, where } from "../tensor.ts";
import { Buffer } from "../variable.ts";
import * as cast from "./cast.ts";
import * as compare from "./compare.ts";
import * as elementwise from "./elementwise.ts";
import * as indexing from "./indexing.ts";
import * as linear from "./linear.ts";
import { inputAt, type Op } from "./op.ts";
import * as reduce from "./reduce.ts";
import * as shaping from "./shaping.ts";

type Numbers = readonly (number | "nan" | "inf" | "-inf")[];

interface Given {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: Numbers;
}

/** Options of the calls in the fixture; each op has a few of them. */
interface Arguments {
  readonly other?: number;
  readonly min?: number;
  readonly max?: number;
  readonly beta?: number;
  readonly threshold?: number;
  readonly approximate?: "none" | "tanh";
  readonly slope?: number;
  readonly alpha?: number;
  readonly dim?: number | readonly number[];
  readonly dims?: readonly number[];
  readonly dim0?: number;
  readonly dim1?: number;
  readonly keepdim?: boolean;
  readonly correction?: number;
  readonly start?: number;
  readonly end?: number;
  readonly step?: number;
  readonly index?: number;
  readonly size?: number | readonly number[];
  readonly sizes?: readonly number[];
  readonly before?: number;
  readonly after?: number;
  readonly befores?: readonly number[];
  readonly afters?: readonly number[];
  readonly value?: number;
  readonly shape?: Shape;
  readonly ta?: boolean;
  readonly tb?: boolean;
  readonly a?: number;
  readonly b?: number;
  readonly dtype?: DType;
}

interface Call {
  readonly op: string;
  readonly inputs: readonly Given[];
  readonly args?: Arguments;
  /** Which input is which operand; without it each is one. */
  readonly use?: readonly number[];
}

interface Case extends Call {
  readonly outputs: readonly Given[];
  readonly weights?: readonly (Numbers | null)[];
  /** Of the sum of the floating outputs times `weights`; null where PyTorch has None. */
  readonly gradients?: readonly (Numbers | null)[];
  readonly second?: { readonly weights: readonly (Numbers | null)[]; readonly gradients: readonly (Numbers | null)[] };
}

interface Refusal extends Call {
  readonly mentions: readonly string[];
}

const fixture: { readonly cases: readonly Case[]; readonly refusals: readonly Refusal[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/ops.json", import.meta.url), "utf8"),
);

interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Some float32 roundings, 6e-8 each. */
const tolerance: Tolerance = { relative: 2e-5, absolute: 1e-6 };
/** Second derivatives are sums of products of rounded first ones that partly cancel. */
const secondTolerance: Tolerance = { relative: 1e-4, absolute: 1e-5 };
const exceptions: Readonly<Record<string, Tolerance>> = {
  // ONNX Runtime's sigmoid is right to 6e-8 absolutely, not relatively, and silu's gradient has it times x, up to 50.
  silu: { relative: 2e-5, absolute: 3e-6 },
};

// Calls by the fixture's names

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the fixture lacks an argument");
  return value;
}

/** The one axis of ops that take no lists. */
function axisOf({ dim }: Arguments): number {
  if (typeof dim === "number") return dim;
  throw new Error("the fixture lacks an axis");
}

function optionalAxis({ dim }: Arguments): number | undefined {
  return typeof dim === "number" ? dim : undefined;
}

type Build = (operands: readonly Tensor[], args: Arguments) => Tensor | readonly Tensor[];
type BinaryName = "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum";
type ComparisonName = "eq" | "ne" | "lt" | "le" | "gt" | "ge";
type UnaryName = "neg" | "abs" | "sign" | "floor" | "exp" | "log" | "sqrt" | "erf" | "sigmoid" | "tanh" | "relu";
type PlainName = "silu" | "isPositive" | "clone" | "logicalNot" | "t" | "float" | "zerosLike" | "onesLike" | "detach";

const binary =
  (name: BinaryName | ComparisonName): Build =>
  ([x, y], { other }) =>
    required(x)[name](y ?? required(other));

const unary =
  (name: UnaryName | PlainName): Build =>
  ([x]) =>
    required(x)[name]();

const reduction =
  (name: "sum" | "mean" | "prod" | "max" | "min"): Build =>
  ([x], { dim, keepdim }) =>
    required(x)[name](dim, keepdim);

const flip = (x: Tensor, transposed: boolean | undefined) => (transposed === true ? x.transpose(-1, -2) : x);

const methods: Readonly<Record<string, Build>> = {
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  pow: binary("pow"),
  maximum: binary("maximum"),
  minimum: binary("minimum"),
  eq: binary("eq"),
  ne: binary("ne"),
  lt: binary("lt"),
  le: binary("le"),
  gt: binary("gt"),
  ge: binary("ge"),
  neg: unary("neg"),
  abs: unary("abs"),
  sign: unary("sign"),
  floor: unary("floor"),
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  erf: unary("erf"),
  sigmoid: unary("sigmoid"),
  tanh: unary("tanh"),
  relu: unary("relu"),
  silu: unary("silu"),
  logicalNot: unary("logicalNot"),
  t: unary("t"),
  float: unary("float"),
  zerosLike: unary("zerosLike"),
  onesLike: unary("onesLike"),
  clone: unary("clone"),
  detach: unary("detach"),
  clamp: ([x], args) => required(x).clamp(args),
  softplus: ([x], args) => required(x).softplus(args),
  gelu: ([x], { approximate }) => required(x).gelu(approximate),
  leakyRelu: ([x], { slope }) => required(x).leakyRelu(slope),
  elu: ([x], { alpha }) => required(x).elu(alpha),
  softmax: ([x], args) => required(x).softmax(axisOf(args)),
  logSoftmax: ([x], args) => required(x).logSoftmax(axisOf(args)),
  sum: reduction("sum"),
  mean: reduction("mean"),
  prod: reduction("prod"),
  max: reduction("max"),
  min: reduction("min"),
  variance: ([x], { dim, ...options }) => required(x).variance(dim, options),
  argmax: ([x], args) => required(x).argmax(optionalAxis(args), args.keepdim),
  argmin: ([x], args) => required(x).argmin(optionalAxis(args), args.keepdim),
  logicalAnd: ([x, y]) => required(x).logicalAnd(required(y)),
  logicalOr: ([x, y]) => required(x).logicalOr(required(y)),
  where([condition, ...rest], { a, b }) {
    const left = a ?? required(rest[0]);
    const right = b ?? required(rest.at(-1));
    // The method where it can be called, the function for numbers.
    return left instanceof Tensor && right instanceof Tensor
      ? required(condition).where(left, right)
      : where(required(condition), left, right);
  },
  matmul: ([x, y]) => required(x).matmul(required(y)),
  product: ([x, y], { ta = false, tb = false }) => required(x).product(required(y), ta, tb),
  matmulTransposed: ([x, y], { ta, tb }) => flip(required(x), ta).matmul(flip(required(y), tb)),
  linear: ([x, weight, bias]) => required(x).linear(required(weight), bias),
  reshape: ([x], { shape }) => required(x).reshape(required(shape)),
  flatten: ([x], { start, end }) => required(x).flatten(start, end),
  transpose: ([x], { dim0, dim1 }) => required(x).transpose(required(dim0), required(dim1)),
  permute: ([x], { dims }) => required(x).permute(required(dims)),
  squeeze: ([x], { dim }) => required(x).squeeze(dim),
  unsqueeze: ([x], args) => required(x).unsqueeze(axisOf(args)),
  expand: ([x], { shape }) => required(x).expand(required(shape)),
  slice: ([x], args) => required(x).slice(axisOf(args), args.start, args.end, args.step),
  select: ([x], args) => required(x).select(axisOf(args), required(args.index)),
  split: ([x], args) => required(x).split(required(args.size), optionalAxis(args)),
  part: ([x], args) => required(x).part(axisOf(args), required(args.sizes), required(args.index)),
  pad: ([x], args) => required(x).pad(axisOf(args), required(args.before), required(args.after)),
  padAll: ([x], { befores, afters, value }) => required(x).padAll(required(befores), required(afters), value),
  flip: ([x], { dims }) => required(x).flip(required(dims)),
  isPositive: unary("isPositive"),
  concat: ([x, ...others], args) => required(x).concat(others, optionalAxis(args)),
  indexSelect: ([x, index], args) => required(x).indexSelect(axisOf(args), required(index)),
  gather: ([x, index], args) => required(x).gather(axisOf(args), required(index)),
  scatterAdd: ([x, index, source], args) => required(x).scatterAdd(axisOf(args), required(index), required(source)),
  to: ([x], { dtype }) => required(x).to(required(dtype)),
  sumTo: ([x], { shape }) => required(x).sumTo(required(shape)),
};

const functions: Readonly<Record<string, Build>> = {
  cat: (operands, args) => cat(operands, optionalAxis(args)),
  stack: (operands, args) => stack(operands, optionalAxis(args)),
};

const compositions: Readonly<Record<string, Build>> = {
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

const calls = { ...methods, ...functions, ...compositions };

// Comparing

function toNumber(value: Numbers[number]): number {
  if (typeof value === "number") return value;
  return value === "nan" ? Number.NaN : value === "inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

/** What differs, or nothing. */
function difference(actual: readonly number[], expected: readonly number[], allowed: Tolerance): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} elements instead of ${expected.length}`;
  const index = actual.findIndex((value, at) => {
    const wanted = inputAt(expected, at);
    if (Object.is(value, wanted) || value === wanted) return false;
    return !(Math.abs(value - wanted) <= allowed.absolute + allowed.relative * Math.abs(wanted));
  });
  return index < 0 ? undefined : `[${actual}] instead of [${expected}] (element ${index})`;
}

/** Values known when the program is compiled, or given when it runs: the engine and ONNX Runtime simplify differently. */
type Kind = "constant" | "variable";

function given({ shape, dtype, data }: Given, kind: Kind): Tensor {
  const values = fromNumbers(dtype, data.map(toNumber));
  return kind === "constant" ? constant(values, shape, dtype) : new Buffer(shape, dtype, () => values);
}

function build({ op, args = {}, use }: Call, leaves: readonly Tensor[]): readonly Tensor[] {
  const operands = use === undefined ? leaves : use.map((index) => inputAt(leaves, index));
  const result = required(calls[op])(operands, args);
  return result instanceof Tensor ? [result] : result;
}

/** The sum of tensors times fixed weights; where `weights` has null, the tensor does not count. */
function weightedSum(
  tensors: readonly (Tensor | undefined)[],
  weights: readonly (Numbers | null)[],
): Tensor | undefined {
  const terms = tensors.flatMap((tensor, index) => {
    const values = weights[index];
    if (tensor === undefined || values === undefined || values === null) return [];
    return [tensor.mul(tensor.newTensor(values.map(toNumber), tensor.shape)).sum()];
  });
  return terms.length === 0 ? undefined : terms.reduce((a, b) => a.add(b));
}

interface Graph {
  readonly outputs: readonly Tensor[];
  readonly gradients: readonly (Tensor | undefined)[];
  readonly second: readonly (Tensor | undefined)[];
}

function graphOf(each: Case, kind: Kind): Graph {
  const leaves = each.inputs.map((input) => given(input, kind));
  const outputs = build(each, leaves);
  if (each.gradients === undefined) return { outputs, gradients: [], second: [] };
  const targets = leaves.filter((leaf) => leaf.dtype === "float32");
  const spread = (found: readonly (Tensor | undefined)[]) =>
    leaves.map((leaf) => (leaf.dtype === "float32" ? found[targets.indexOf(leaf)] : undefined));
  const loss = weightedSum(outputs, each.weights ?? []);
  const gradients = spread(loss === undefined ? [] : grad(loss, targets));
  const loss2 = each.second === undefined ? undefined : weightedSum(gradients, each.second.weights);
  return { outputs, gradients, second: loss2 === undefined ? [] : spread(grad(loss2, targets)) };
}

/** What is wrong with a case, in words. */
async function problems(each: Case, kind: Kind): Promise<string[]> {
  const found: string[] = [];
  const { outputs, gradients, second } = graphOf(each, kind);
  const usual = exceptions[each.op] ?? tolerance;
  const wanted: { what: string; tensor: Tensor; values: Numbers; allowed: Tolerance }[] = [];
  if (outputs.length !== each.outputs.length) found.push(`${outputs.length} outputs, not ${each.outputs.length}`);
  for (const [index, expected] of each.outputs.entries()) {
    const tensor = outputs[index];
    if (tensor === undefined) continue;
    wanted.push({ what: `output ${index}`, tensor, values: expected.data, allowed: usual });
    const [type, expectedType] = [`${tensor.dtype}[${tensor.shape}]`, `${expected.dtype}[${expected.shape}]`];
    if (type !== expectedType) found.push(`output ${index} is ${type}, not ${expectedType}`);
  }
  const compareGradients = (
    what: string,
    tensors: readonly (Tensor | undefined)[],
    expected: readonly (Numbers | null)[],
    allowed: Tolerance,
  ) => {
    for (const [index, values] of expected.entries()) {
      const tensor = tensors[index];
      const input = inputAt(each.inputs, index);
      if (tensor !== undefined && values === null) {
        // PyTorch has none; zeros say the same.
        wanted.push({ what: `${what} ${index}`, tensor, values: input.data.map(() => 0), allowed });
      } else if (tensor !== undefined && values !== null) {
        wanted.push({ what: `${what} ${index}`, tensor, values, allowed });
        const [type, inputType] = [`${tensor.dtype}[${tensor.shape}]`, `${input.dtype}[${input.shape}]`];
        if (type !== inputType) found.push(`${what} ${index} is ${type}, not ${inputType}`);
      } else if (values?.some((value) => value !== 0)) {
        // No gradient here may be zeros in PyTorch (sign, floor), but not anything else.
        found.push(`${what} ${index} is missing`);
      }
    }
  };
  compareGradients("gradient", gradients, each.gradients ?? [], usual);
  compareGradients("second gradient", second, each.second?.gradients ?? [], secondTolerance);
  const results = await evaluate(wanted.map(({ tensor }) => tensor));
  for (const [index, { what, tensor, values, allowed }] of wanted.entries()) {
    const data = inputAt(results, index);
    const wrong = difference(toNumbers(data), values.map(toNumber), allowed);
    if (wrong !== undefined) found.push(`${what}: ${wrong}`);
    if (data.length !== tensor.numel) found.push(`${what} has ${data.length} elements, its shape says ${tensor.shape}`);
  }
  return found;
}

function showCall({ op, inputs, args, use }: Call): string {
  const operands = inputs.map(({ shape, dtype }) => `${dtype}[${shape}]`).join(", ");
  return `${op}(${operands}) ${JSON.stringify(args ?? {})}${use === undefined ? "" : ` operands ${use}`}`;
}

const opsOfFixture = [...new Set(fixture.cases.map(({ op }) => op))];

describe.each<Kind>(["variable", "constant"])("as PyTorch says, inputs a %s", (kind) => {
  test.each(opsOfFixture)("%s", async (op) => {
    const wrong: string[] = [];
    for (const each of fixture.cases) {
      if (each.op !== op) continue;
      const found = await problems(each, kind).catch((error: unknown) => [String(error)]);
      if (found.length > 0) wrong.push(`${showCall(each)}: ${found.join("; ")}`);
    }
    if (wrong.length > 0) expect.fail(wrong.join("\n"));
  });
});

// Coverage

function isOp(value: unknown): value is Op {
  return typeof value === "object" && value !== null && "infer" in value && "emit" in value;
}

const allOps = [cast, compare, elementwise, indexing, linear, reduce, shaping].flatMap((file) =>
  Object.values(file).filter(isOp),
);

function opNames(tensors: readonly Tensor[]): Set<string> {
  return new Set(topologicalOrder(tensors).flatMap(({ op }) => (op === undefined ? [] : [op.name])));
}

describe("the fixture covers", () => {
  const forward = new Set<string>();
  const differentiated = new Set<string>();
  beforeAll(() => {
    for (const each of fixture.cases) {
      const leaves = each.inputs.map((input) => given(input, "variable"));
      for (const name of opNames(build(each, leaves))) {
        forward.add(name);
        if (each.gradients?.some((gradient) => gradient !== null)) differentiated.add(name);
      }
    }
  });

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
      "newTensor",
      "newFull",
    ];
    const names = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => !others.includes(name));
    expect(Object.keys(methods).filter((name) => !(name in Tensor.prototype))).toEqual(["matmulTransposed"]);
    // Tested with their options in functional/convolution.test.ts.
    const elsewhere = [
      ...["convolution", "transposedConvolution"],
      // In more-ops.test.ts.
      ...["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh"],
      ...["prelu", "cumsum", "topk", "sort", "indexAdd", "oneHot"],
    ];
    expect(names.filter((name) => ![...opsOfFixture, ...elsewhere].includes(name))).toEqual([]);
  });
});

// Finite differences

/** (f(x + h) - f(x - h)) / 2h errs by h^2 / 6 f''' and by the roundings of f, 1e-7, over h; together below 2e-3. */
const [stepSize, differenceTolerance] = [1 / 64, { relative: 2e-3, absolute: 2e-3 }];

interface Probe {
  readonly op: string;
  readonly shapes: readonly Shape[];
  readonly build: (...operands: readonly [Tensor, Tensor, Tensor]) => Tensor;
  /** Range of the inputs; away from 0 where the op has a kink or a pole there. */
  readonly range?: readonly [number, number];
}

const indices = (values: readonly number[], shape: Shape) => constant(fromNumbers("int64", values), shape, "int64");
const yesNo = (values: readonly number[], shape: Shape) => constant(fromNumbers("bool", values), shape, "bool");

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
  { op: "neg", shapes: [[3]], build: (x) => x.neg() },
  { op: "abs", shapes: [[3]], build: (x) => x.abs(), range: [0.2, 2] },
  { op: "abs", shapes: [[3]], build: (x) => x.abs(), range: [-2, -0.2] },
  { op: "exp", shapes: [[2, 3]], build: (x) => x.exp() },
  { op: "log", shapes: [[2, 3]], build: (x) => x.log(), range: [0.5, 3] },
  { op: "sqrt", shapes: [[2, 3]], build: (x) => x.sqrt(), range: [0.5, 3] },
  { op: "erf", shapes: [[2, 3]], build: (x) => x.erf() },
  { op: "relu", shapes: [[7]], build: (x) => x.relu(), range: [-1.1, 1.3] },
  { op: "sigmoid", shapes: [[2, 3]], build: (x) => x.sigmoid() },
  { op: "softplus", shapes: [[2, 3]], build: (x) => x.softplus({ beta: 1.5 }) },
  { op: "tanh", shapes: [[2, 3]], build: (x) => x.tanh() },
  { op: "leakyRelu", shapes: [[7]], build: (x) => x.leakyRelu(0.2), range: [-1.1, 1.3] },
  { op: "elu", shapes: [[7]], build: (x) => x.elu(1.5), range: [-1.1, 1.3] },
  { op: "erf", shapes: [[5]], build: (x) => x.gelu() },
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
];

describe("central differences", () => {
  test.each(probes.map((probe, at) => [`${probe.op} ${at}`, probe] as const))("%s", async (_name, probe) => {
    const [low, high] = probe.range ?? [-1.5, 1.5];
    // Multiples of h, spread by the golden ratio so that no two are near: exact in float32, and without ties.
    let drawn = 0;
    const inputs = probe.shapes.map((shape) =>
      Array.from({ length: sizeOf(shape) }, () => {
        const uniform = (++drawn * 0.6180339887) % 1;
        return Math.round((low + (high - low) * uniform) / stepSize) * stepSize;
      }),
    );
    const leavesOf = (values: readonly (readonly number[])[]) =>
      values.map((each, at) => constant(Float32Array.from(each), inputAt(probe.shapes, at), "float32"));
    const output = (leaves: readonly Tensor[]) => {
      const [x, y, z] = leaves;
      const first = required(x);
      return probe.build(first, y ?? first, z ?? first);
    };
    const leaves = leavesOf(inputs);
    const y = output(leaves);
    const weights = Array.from({ length: y.numel }, (_, at) => Math.fround(Math.cos(3 * at + 1)));
    const gradients = grad(y.mul(y.newTensor(weights, y.shape)).sum(), leaves);
    const moved = inputs.flatMap((values, at) =>
      values.flatMap((_, element) =>
        [stepSize, -stepSize].map((by) => {
          const nudge = (value: number, position: number) => (position === element ? value + by : value);
          return output(leavesOf(inputs.map((each, other) => (other === at ? each.map(nudge) : each))));
        }),
      ),
    );
    const results = await evaluate([...gradients.map(required), ...moved]);
    const analytic = results.slice(0, leaves.length).flatMap(toNumbers);
    // In double: only the op itself is rounded to float32.
    const losses = results
      .slice(leaves.length)
      .map((data) => toNumbers(data).reduce((sum, value, at) => sum + value * inputAt(weights, at), 0));
    const numeric = analytic.map((_, at) => (inputAt(losses, 2 * at) - inputAt(losses, 2 * at + 1)) / (2 * stepSize));
    expect(opNames([y])).toContain(probe.op);
    expect(difference(analytic, numeric, differenceTolerance)).toBeUndefined();
  });

  test("are made for every op with a gradient", () => {
    // The gradients of sign and floor are none, that of a cast is the gradient itself.
    const without = ["sign", "floor", "cast"];
    const names = allOps.filter((op) => op.gradient !== undefined && !without.includes(op.name)).map((op) => op.name);
    expect(names.filter((name) => !probes.some(({ op }) => op === name))).toEqual([]);
  });
});

// Refusals

function errorOf(call: Call): unknown {
  try {
    build(
      call,
      call.inputs.map((each) => given(each, "variable")),
    );
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("refused, as PyTorch does", () => {
  test.each(fixture.refusals.map((each, at) => [`${at}: ${showCall(each)}`, each] as const))("%s", (_name, each) => {
    const error = errorOf(each);
    expect(error).toBeInstanceOf(TensorError);
    if (error instanceof TensorError) {
      for (const text of each.mentions) expect(error.message).toContain(text);
    }
  });
});
