/**
 * Trigonometry, ordering, einsum, prelu and indexAdd against PyTorch in float64 (fixtures/more-ops.py wrote
 * fixtures/more-ops.json), these and the recurrent ops against central differences, and properties of any shape.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DType, fromNumbers, toNumbers } from "../dtype.ts";
import { einsum } from "../einsum.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { topologicalOrder } from "../graph/order.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { apply, constant, Tensor } from "../tensor.ts";
import { Buffer } from "../variable.ts";
import { embedding } from "./embedding.ts";
import { indexAdd } from "./index-add.ts";
import { inputAt, type Op } from "./op.ts";
import * as ordering from "./ordering.ts";
import { prelu } from "./prelu.ts";
import * as recurrent from "./recurrent.ts";
import * as trigonometry from "./trigonometry.ts";

type Numbers = readonly (number | "nan" | "inf" | "-inf")[];

interface Given {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: Numbers;
}

interface Arguments {
  readonly dim?: number;
  readonly k?: number;
  readonly largest?: boolean;
  readonly sorted?: boolean;
  readonly descending?: boolean;
  readonly numClasses?: number;
  readonly equation?: string;
}

interface Call {
  readonly op: string;
  readonly args: Arguments;
  readonly inputs: readonly Given[];
}

interface Case extends Call {
  readonly outputs: readonly Given[];
  readonly gradients: readonly (Numbers | null)[];
}

const fixture: {
  readonly cases: readonly Case[];
  readonly refusals: readonly (Call & { readonly mentions: readonly string[] })[];
} = JSON.parse(readFileSync(new URL("../../fixtures/more-ops.json", import.meta.url), "utf8"));

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the fixture lacks something");
  return value;
}

type Build = (operands: readonly Tensor[], args: Arguments) => Tensor | readonly Tensor[];
type UnaryName = "sin" | "cos" | "tan" | "asin" | "acos" | "atan" | "sinh" | "cosh";

const unary =
  (name: UnaryName): Build =>
  ([x]) =>
    required(x)[name]();

const calls: Readonly<Record<string, Build>> = {
  sin: unary("sin"),
  cos: unary("cos"),
  tan: unary("tan"),
  asin: unary("asin"),
  acos: unary("acos"),
  atan: unary("atan"),
  sinh: unary("sinh"),
  cosh: unary("cosh"),
  cumsum: ([x], { dim }) => required(x).cumsum(required(dim)),
  topk: ([x], { k, dim, ...options }) => Object.values(required(x).topk(required(k), dim, options)),
  sort: ([x], { dim, ...options }) => Object.values(required(x).sort(dim, options)),
  oneHot: ([x], { numClasses }) => required(x).oneHot(required(numClasses)),
  prelu: ([x, weight]) => required(x).prelu(required(weight)),
  indexAdd: ([x, index, source], { dim }) => required(x).indexAdd(required(dim), required(index), required(source)),
  einsum: (operands, { equation }) => einsum(required(equation), ...operands),
};

function toNumber(value: Numbers[number]): number {
  if (typeof value === "number") return value;
  return value === "nan" ? Number.NaN : value === "inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

/** What differs, or nothing. */
function difference(
  actual: readonly number[],
  expected: readonly number[],
  relative = 1e-5,
  absolute = 1e-6,
): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} elements instead of ${expected.length}`;
  const index = actual.findIndex((value, at) => {
    const wanted = inputAt(expected, at);
    if (Object.is(value, wanted) || value === wanted) return false;
    return !(Math.abs(value - wanted) <= absolute + relative * Math.abs(wanted));
  });
  return index < 0 ? undefined : `[${actual}] instead of [${expected}] (element ${index})`;
}

function given({ shape, dtype, data }: Given, kind: "constant" | "variable"): Tensor {
  const values = fromNumbers(dtype, data.map(toNumber));
  return kind === "constant" ? constant(values, shape, dtype) : new Buffer(shape, dtype, () => values);
}

/** What the gradients are taken of: as in fixtures/module_cases.py. */
function weights(shape: Shape, seed: number): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, i) => ((((i + seed) * (i + 3 * seed) * 7 + i * 13) % 65) - 32) / 64);
}

function build({ op, args }: Call, leaves: readonly Tensor[]): readonly Tensor[] {
  const result = required(calls[op])(leaves, args);
  return result instanceof Tensor ? [result] : result;
}

function showCall({ op, args, inputs }: Call): string {
  return `${op}(${inputs.map(({ shape, dtype }) => `${dtype}[${shape}]`).join(", ")}) ${JSON.stringify(args)}`;
}

async function problems(each: Case, kind: "constant" | "variable"): Promise<string[]> {
  const found: string[] = [];
  const leaves = each.inputs.map((input) => given(input, kind));
  const outputs = build(each, leaves);
  const type = ({ shape, dtype }: { readonly shape: Shape; readonly dtype: DType }) => `${dtype}[${shape}]`;
  const types = (tensors: readonly { readonly shape: Shape; readonly dtype: DType }[]) => tensors.map(type).join(" ");
  if (types(outputs) !== types(each.outputs)) found.push(`gives ${types(outputs)}, not ${types(each.outputs)}`);
  const terms = outputs.flatMap((output, index) =>
    output.dtype === "float32"
      ? [output.mul(output.newTensor(weights(output.shape, 50 + index), output.shape)).sum()]
      : [],
  );
  const differentiable = terms.length > 0 && each.gradients.some((values) => values !== null);
  const gradients = differentiable
    ? grad(
        terms.reduce((a, b) => a.add(b)),
        leaves,
      )
    : [];
  const wanted = [
    ...outputs.map((tensor, index) => ({
      what: `output ${index}`,
      tensor,
      values: inputAt(each.outputs, index).data,
    })),
    ...each.gradients.flatMap((values, index) => {
      const tensor = gradients[index];
      if (values !== null && tensor !== undefined) return [{ what: `gradient ${index}`, tensor, values }];
      if (values?.some((value) => value !== 0)) found.push(`gradient ${index} is missing`);
      return [];
    }),
  ];
  const results = await evaluate(wanted.map(({ tensor }) => tensor));
  for (const [index, { what, values }] of wanted.entries()) {
    const wrong = difference(toNumbers(inputAt(results, index)), values.map(toNumber));
    if (wrong !== undefined) found.push(`${what}: ${wrong}`);
  }
  return found;
}

describe.each(["variable", "constant"] as const)("as PyTorch says, inputs a %s", (kind) => {
  test.each([...new Set(fixture.cases.map(({ op }) => op))])("%s", async (op) => {
    const wrong: string[] = [];
    for (const each of fixture.cases) {
      if (each.op !== op) continue;
      const found = await problems(each, kind).catch((error: unknown) => [String(error)]);
      if (found.length > 0) wrong.push(`${showCall(each)}: ${found.join("; ")}`);
    }
    if (wrong.length > 0) expect.fail(wrong.join("\n"));
  });
});

describe("refused, as PyTorch does", () => {
  test.each(fixture.refusals.map((each, at) => [`${at}: ${showCall(each)}`, each] as const))("%s", (_name, each) => {
    const attempt = () =>
      build(
        each,
        each.inputs.map((input) => given(input, "variable")),
      );
    expect(attempt).toThrow(TensorError);
    for (const text of each.mentions) expect(attempt).toThrow(text);
  });

  test("what ONNX Runtime cannot order", () => {
    expect(() =>
      apply(ordering.topkValues, [constant(Uint8Array.of(1), [1], "bool")], {
        axis: 0,
        k: 1,
        largest: true,
        sorted: true,
      }),
    ).toThrow("topk orders no bool");
    expect(() => constant(Float32Array.of(1), [1], "float32").oneHot(2)).toThrow("oneHot: classes are int64");
    expect(() =>
      constant(Float32Array.of(1), [1], "float32").prelu(constant(Float32Array.of(1, 2), [2], "float32")),
    ).toThrow("prelu: the slopes [2] do not broadcast to the input [1]");
  });
});

// Central differences, as in ops.test.ts

const stepSize = 1 / 64;

interface Probe {
  readonly op: Op;
  readonly shapes: readonly Shape[];
  readonly build: (operands: readonly Tensor[]) => Tensor;
  readonly range?: readonly [number, number];
}

const indices = (values: readonly number[]) => constant(fromNumbers("int64", values), [values.length], "int64");

/** Steps 3, batch 2, features 2, hidden 2. */
const recurrentShapes = (gates: number, states: number): readonly Shape[] => [
  [3, 2, 2],
  [gates * 2, 2],
  [gates * 2, 2],
  [gates * 2],
  [gates * 2],
  ...Array.from({ length: states }, (): Shape => [2, 2]),
];

/** The gradients themselves as a function, to differentiate a second time. */
function firstGradients(build: (operands: readonly Tensor[]) => Tensor): (operands: readonly Tensor[]) => Tensor {
  return (operands) => {
    const y = build(operands);
    const loss = y
      .mul(y)
      .mul(y.newTensor(weights(y.shape, 3), y.shape))
      .sum();
    const flat = grad(loss, operands).map((gradient) => required(gradient).reshape([-1]));
    return required(flat[0]).concat(flat.slice(1));
  };
}

const unaryProbe = (op: Op, name: UnaryName, range?: readonly [number, number]): Probe => ({
  op,
  shapes: [[2, 3]],
  build: ([x]) => required(x)[name](),
  ...(range === undefined ? {} : { range }),
});

const lstm =
  (reverse: boolean, result: "hidden" | "cell") =>
  (operands: readonly Tensor[]): Tensor =>
    apply(recurrent.lstm, operands, { reverse, result });
const gru = (reverse: boolean) => (operands: readonly Tensor[]) => apply(recurrent.gru, operands, { reverse });
const rnn = (reverse: boolean) => (operands: readonly Tensor[]) =>
  apply(recurrent.rnn, operands, { reverse, nonlinearity: "tanh" });

const probes: readonly Probe[] = [
  unaryProbe(trigonometry.sin, "sin"),
  unaryProbe(trigonometry.cos, "cos"),
  unaryProbe(trigonometry.tan, "tan", [-1, 1]),
  unaryProbe(trigonometry.asin, "asin", [-0.8, 0.8]),
  unaryProbe(trigonometry.acos, "acos", [-0.8, 0.8]),
  unaryProbe(trigonometry.atan, "atan"),
  unaryProbe(trigonometry.sinh, "sinh"),
  unaryProbe(trigonometry.cosh, "cosh"),
  { op: ordering.cumsum, shapes: [[2, 3]], build: ([x]) => required(x).exp().cumsum(1) },
  { op: ordering.cumsum, shapes: [[2, 3]], build: firstGradients(([x]) => required(x).cumsum(0)) },
  { op: ordering.topkValues, shapes: [[3, 4]], build: ([x]) => required(x).exp().topk(2, 1).values },
  {
    op: ordering.topkValues,
    shapes: [[4, 2]],
    build: ([x]) => required(x).exp().sort(0, { descending: true }).values,
  },
  { op: prelu, shapes: [[3, 2], [2]], build: ([x, w]) => required(x).prelu(required(w)) },
  {
    op: indexAdd,
    shapes: [
      [3, 2],
      [4, 2],
    ],
    build: ([x, y]) =>
      required(x)
        .exp()
        .indexAdd(0, indices([2, 0, 2, 1]), required(y).exp()),
  },
  {
    op: indexAdd,
    shapes: [
      [2, 3],
      [2, 2],
    ],
    build: ([x, y]) =>
      required(x)
        .exp()
        .indexAdd(1, indices([2, 2]), required(y).exp()),
  },
  {
    op: embedding,
    shapes: [[3, 2]],
    build: ([x]) => apply(embedding, [required(x).exp(), indices([2, 0, 2])], { padding: -1 }),
  },
  ...[false, true].flatMap((reverse): Probe[] => [
    { op: recurrent.lstm, shapes: recurrentShapes(4, 2), build: lstm(reverse, "hidden") },
    { op: recurrent.lstm, shapes: recurrentShapes(4, 2), build: lstm(reverse, "cell") },
    { op: recurrent.lstm, shapes: recurrentShapes(4, 2), build: firstGradients(lstm(reverse, "hidden")) },
    { op: recurrent.gru, shapes: recurrentShapes(3, 1), build: gru(reverse) },
    { op: recurrent.gru, shapes: recurrentShapes(3, 1), build: firstGradients(gru(reverse)) },
    { op: recurrent.rnn, shapes: recurrentShapes(1, 1), build: rnn(reverse) },
    { op: recurrent.rnn, shapes: recurrentShapes(1, 1), build: firstGradients(rnn(reverse)) },
  ]),
];

describe("central differences", () => {
  test.each(probes.map((probe, at) => [`${probe.op.name} ${at}`, probe] as const))("%s", async (_name, probe) => {
    const [low, high] = probe.range ?? [-1.5, 1.5];
    let drawn = 0;
    const inputs = probe.shapes.map((shape) =>
      Array.from({ length: sizeOf(shape) }, () => {
        const uniform = (++drawn * 0.6180339887) % 1;
        return Math.round((low + (high - low) * uniform) / stepSize) * stepSize;
      }),
    );
    // Variables, so that all moved computations are one compiled program each time.
    const leavesOf = (values: readonly (readonly number[])[]) =>
      values.map((each, at) => new Buffer(inputAt(probe.shapes, at), "float32", () => Float32Array.from(each)));
    const leaves = leavesOf(inputs);
    const y = probe.build(leaves);
    expect(topologicalOrder([y]).some(({ op }) => op?.name === probe.op.name)).toBe(true);
    const factors = weights(y.shape, 7);
    const gradients = grad(y.mul(y.newTensor(factors, y.shape)).sum(), leaves).map(required);
    const analytic = (await evaluate(gradients)).flatMap(toNumbers);
    const lossAt = async (at: number, element: number, by: number) => {
      const nudged = inputs.map((values, index) =>
        values.map((value, position) => (index === at && position === element ? value + by : value)),
      );
      const [data] = await evaluate([probe.build(leavesOf(nudged))]);
      return toNumbers(required(data)).reduce((sum, value, index) => sum + value * inputAt(factors, index), 0);
    };
    const numeric: number[] = [];
    for (const [at, values] of inputs.entries()) {
      for (const element of values.keys())
        numeric.push(((await lossAt(at, element, stepSize)) - (await lossAt(at, element, -stepSize))) / (2 * stepSize));
    }
    expect(difference(analytic, numeric, 2e-3, 2e-3)).toBeUndefined();
  });

  test("are made for every op with a gradient, and the fixture covers every op", () => {
    const isOp = (value: unknown): value is Op => typeof value === "object" && value !== null && "infer" in value;
    const ops = [ordering, trigonometry, recurrent, { prelu, indexAdd, embedding }].flatMap((file) =>
      Object.values(file).filter(isOp),
    );
    const probed = probes.map(({ op }) => op.name);
    expect(ops.filter((op) => op.gradient !== undefined && !probed.includes(op.name))).toEqual([]);
    const built = new Set(
      fixture.cases.flatMap((each) =>
        topologicalOrder(
          build(
            each,
            each.inputs.map((input) => given(input, "variable")),
          ),
        ).map(({ op }) => op?.name),
      ),
    );
    // Those are in torch-modules.test.ts.
    const elsewhere = [...Object.values(recurrent), embedding].filter(isOp).map(({ name }) => name);
    expect(ops.map(({ name }) => name).filter((name) => !built.has(name) && !elsewhere.includes(name))).toEqual([]);
  });
});

// Properties

const values = (length: number) => Float32Array.from({ length }, (_, index) => ((index * 37) % 64) / 32 - 1);
const floats = (shape: Shape) => new Buffer(shape, "float32", () => values(sizeOf(shape)));
const runs = { numRuns: 60 };

describe("whatever the shapes", () => {
  test("einsum is the sum over all positions", async () => {
    const letters = ["i", "j", "k", "l"] as const;
    const operand = fc.array(fc.constantFrom(...letters), { maxLength: 3 });
    const property = fc.asyncProperty(
      fc.record({
        sizes: fc.tuple(...letters.map(() => fc.integer({ min: 0, max: 3 }))),
        operands: fc.array(operand, { minLength: 1, maxLength: 3 }),
        order: fc.shuffledSubarray([...letters]),
      }),
      async ({ sizes, operands, order }) => {
        const sizeOfLetter = new Map<string, number>(letters.map((letter, index) => [letter, inputAt(sizes, index)]));
        const used = letters.filter((letter) => operands.some((names) => names.includes(letter)));
        const output = order.filter((letter) => used.includes(letter));
        const shapeOf = (names: readonly string[]) => names.map((name) => required(sizeOfLetter.get(name)));
        const tensors = operands.map((names) => floats(shapeOf(names)));
        const equation = `${operands.map((names) => names.join("")).join(",")}->${output.join("")}`;
        const actual = einsum(equation, ...tensors);
        expect(actual.shape).toEqual(shapeOf(output));
        const expected = new Float64Array(sizeOf(actual.shape));
        const position = (names: readonly string[], at: ReadonlyMap<string, number>) =>
          names.reduce((index, name) => index * required(sizeOfLetter.get(name)) + required(at.get(name)), 0);
        const visit = (rest: readonly string[], at: ReadonlyMap<string, number>): void => {
          const [name, ...others] = rest;
          if (name === undefined) {
            const term = operands.reduce(
              (product, names, index) => product * toNumbers(inputAt(tensors, index).value)[position(names, at)]!,
              1,
            );
            expected[position(output, at)]! += term;
            return;
          }
          for (let index = 0; index < required(sizeOfLetter.get(name)); index++)
            visit(others, new Map([...at, [name, index]]));
        };
        visit(used, new Map());
        expect(difference(toNumbers(await actual.data()), [...expected], 1e-5, 1e-5)).toBeUndefined();
      },
    );
    await fc.assert(property, runs);
  });

  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 });

  test("cumsum ends with the sum, sort is a permutation in order, topk begins it", async () => {
    const property = fc.asyncProperty(shapes, fc.nat(), fc.boolean(), async (shape, number, descending) => {
      const dim = number % shape.length;
      const x = floats(shape);
      const sorted = x.sort(dim, { descending });
      const k = number % (inputAt(shape, dim) + 1);
      const top = x.topk(k, dim, { largest: descending });
      const results = await evaluate([
        sorted.values,
        x.gather(dim, sorted.indices),
        top.values,
        sorted.values.slice(dim, 0, k),
        top.indices,
        sorted.indices.slice(dim, 0, k),
        x.cumsum(dim).slice(dim, -1),
        x.sum(dim, true).slice(dim, 0, Math.min(1, inputAt(shape, dim))),
      ]);
      const numbers = results.map(toNumbers);
      for (const at of [0, 2, 4, 6]) expect(difference(inputAt(numbers, at), inputAt(numbers, at + 1))).toBeUndefined();
    });
    await fc.assert(property, runs);
  });

  test("recurrent ops give a state for each step, or refuse sequences of none", async () => {
    const size = fc.integer({ min: 0, max: 3 });
    const property = fc.asyncProperty(
      size,
      size,
      size,
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
      async (...all) => {
        const [steps, batch, features, hidden, reverse] = all;
        const make = (gates: number, states: number) =>
          [
            [steps, batch, features],
            [gates * hidden, features],
            [gates * hidden, hidden],
            [gates * hidden],
            [gates * hidden],
            ...Array.from({ length: states }, () => [batch, hidden]),
          ].map(floats);
        const build = () => [lstm(reverse, "hidden")(make(4, 2)), gru(reverse)(make(3, 1)), rnn(reverse)(make(1, 1))];
        if (steps * features === 0) {
          expect(build).toThrow(TensorError);
          return;
        }
        const outputs = build();
        for (const data of await evaluate(outputs)) {
          expect(data.length).toBe(steps * batch * hidden);
          expect(toNumbers(data).every((value) => Math.abs(value) <= 1)).toBe(true);
        }
      },
    );
    await fc.assert(property, runs);
  });
});
