/**
 * Recurrent layers and cells, attention and transformers, Embedding and PReLU against PyTorch in float64 (fixtures/recurrent.py and
 * fixtures/attention.py wrote the numbers), their trainings in float32, and what has to be refused.
 */
import { expectNear, type Tolerance } from "@ml-mosaic/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFixture, required } from "../../test/fixtures.ts";
import { type Comparison, problemsOf } from "../../test/torch-cases.ts";
import { type DType, fromNumbers, toNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { onnxModel } from "../io/onnx-file.ts";
import { MSELoss } from "../losses/regression.ts";
import { Adam } from "../optim/adam.ts";
import { SGD } from "../optim/sgd.ts";
import { executorNames } from "../program/executor.ts";
import { compileTraining } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { createSession } from "../runtime/session.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { constant } from "../tensor.ts";
import { Buffer } from "../variable.ts";
import { MultiheadAttention } from "./attention.ts";
import { GRUCell, LSTMCell, RNNCell } from "./cells.ts";
import { Embedding } from "./embedding.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { LayerNorm } from "./normalization.ts";
import { PReLU } from "./prelu.ts";
import { GRU, LSTM, RNN } from "./recurrent.ts";
import {
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "./transformer.ts";

interface Given {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Made by `fill`; otherwise there is data. */
  readonly seed?: number;
  readonly data?: readonly number[];
}

/** Options of constructors and calls; each module has a few of them. */
interface Options {
  readonly numLayers?: number;
  readonly bidirectional?: boolean;
  readonly bias?: boolean;
  readonly batchFirst?: boolean;
  readonly dropout?: number;
  readonly nonlinearity?: "tanh" | "relu";
  readonly paddingIdx?: number;
  readonly kdim?: number;
  readonly vdim?: number;
  readonly dimFeedforward?: number;
  readonly normFirst?: boolean;
  readonly activation?: "relu" | "gelu";
  readonly layerNormEps?: number;
  readonly isCausal?: boolean;
  readonly averageAttnWeights?: boolean;
  readonly tgtIsCausal?: boolean;
}

interface Call {
  readonly module: string;
  readonly arguments: readonly number[];
  readonly options: Options;
  readonly call: Options;
  readonly inputs: Readonly<Record<string, Given>>;
}

interface Case extends Call {
  readonly names: readonly (readonly [string, Shape])[];
  readonly outputs: readonly { readonly shape: Shape; readonly data: readonly number[] }[];
  readonly gradients: Readonly<Record<string, readonly number[] | null>>;
  readonly parameters: Readonly<Record<string, readonly number[] | null>>;
  /** Of the sum of all these gradients times fill: those of the inputs, then those of the parameters. */
  readonly second?: Readonly<Record<string, readonly number[] | null>>;
}

interface Training {
  readonly name: string;
  readonly optimizer: "SGD" | "Adam";
  readonly x: Given;
  readonly y: Given;
  readonly state: Readonly<Record<string, readonly [Shape, readonly number[]]>>;
  readonly losses: readonly number[];
}

interface Fixture {
  readonly cases: readonly Case[];
  readonly refusals: readonly (Call & { readonly mentions: readonly string[] })[];
  readonly trainings: readonly Training[];
}

const fixtures: readonly Fixture[] = ["recurrent", "attention"].map(readFixture);
const cases = fixtures.flatMap((fixture) => fixture.cases);
const generator = new Generator(0);

/** Multiples of 1/64 between -1/2 and 1/2, as in fixtures/module_cases.py. */
function fill(shape: Shape, seed: number): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, i) => ((((i + seed) * (i + 3 * seed) * 7 + i * 13) % 65) - 32) / 64);
}

function given({ shape, dtype, seed, data }: Given): Tensor {
  const values = fromNumbers(dtype, seed === undefined ? (data ?? []) : fill(shape, seed));
  // Constant indices are checked when the graph is built.
  return dtype === "int64" ? constant(values, shape, dtype) : new Buffer(shape, dtype, () => values);
}

type Inputs = Readonly<Record<string, Tensor>>;

interface Built {
  readonly module: Module;
  run(inputs: Inputs, call: Options): readonly Tensor[];
}

/** PyTorch's positional arguments; `b` and `c` only where there are such. */
const makers: Readonly<Record<string, (sizes: readonly number[], options: Options) => Built>> = {
  RNN: ([a = 0, b = 0], options) => {
    const module = new RNN(a, b, options);
    return { module, run: ({ input, ...state }) => Object.values(module.forward(required(input), state)) };
  },
  GRU: ([a = 0, b = 0], options) => {
    const module = new GRU(a, b, options);
    return { module, run: ({ input, ...state }) => Object.values(module.forward(required(input), state)) };
  },
  LSTM: ([a = 0, b = 0], options) => {
    const module = new LSTM(a, b, options);
    return { module, run: ({ input, ...state }) => Object.values(module.forward(required(input), state)) };
  },
  RNNCell: ([a = 0, b = 0], options) => {
    const module = new RNNCell(a, b, options);
    return { module, run: ({ input, hidden }) => [module.forward(required(input), hidden)] };
  },
  GRUCell: ([a = 0, b = 0], options) => {
    const module = new GRUCell(a, b, options);
    return { module, run: ({ input, hidden }) => [module.forward(required(input), hidden)] };
  },
  LSTMCell: ([a = 0, b = 0], options) => {
    const module = new LSTMCell(a, b, options);
    return { module, run: ({ input, ...state }) => Object.values(module.forward(required(input), state)) };
  },
  Embedding: ([a = 0, b = 0], options) => {
    const module = new Embedding(a, b, options);
    return { module, run: ({ input }) => [module.forward(required(input))] };
  },
  PReLU: ([a = 0]) => {
    const module = new PReLU(a);
    return { module, run: ({ input }) => [module.forward(required(input))] };
  },
  MultiheadAttention: ([a = 0, b = 0], options) => {
    const module = new MultiheadAttention(a, b, options);
    return {
      module,
      run({ query, key = query, value = key, ...masks }, call) {
        return Object.values(module.forward(required(query), required(key), required(value), { ...masks, ...call }));
      },
    };
  },
  TransformerEncoderLayer: ([a = 0, b = 0], options) => {
    const module = new TransformerEncoderLayer(a, b, options);
    return { module, run: ({ input, ...masks }, call) => [module.forward(required(input), { ...masks, ...call })] };
  },
  TransformerEncoder: ([a = 0, b = 0, layers = 0, norm = 0], options) => {
    const layer = new TransformerEncoderLayer(a, b, options);
    const module = new TransformerEncoder(layer, layers, norm === 0 ? {} : { norm: new LayerNorm(a) });
    return { module, run: ({ input, ...masks }, call) => [module.forward(required(input), { ...masks, ...call })] };
  },
  TransformerDecoderLayer: ([a = 0, b = 0], options) => {
    const module = new TransformerDecoderLayer(a, b, options);
    return {
      module,
      run: ({ input, memory, ...masks }, call) => [
        module.forward(required(input), required(memory), { ...masks, ...call }),
      ],
    };
  },
  TransformerDecoder: ([a = 0, b = 0, layers = 0, norm = 0], options) => {
    const layer = new TransformerDecoderLayer(a, b, options);
    const module = new TransformerDecoder(layer, layers, norm === 0 ? {} : { norm: new LayerNorm(a) });
    return {
      module,
      run: ({ input, memory, ...masks }, call) => [
        module.forward(required(input), required(memory), { ...masks, ...call }),
      ],
    };
  },
};

function make({ module, arguments: sizes, options }: Call): Built {
  const built = required(makers[module])(sizes, options);
  built.module.eval();
  return built;
}

function inputsOf({ inputs }: Call): Inputs {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, given(input)]));
}

function showCall({ module, arguments: sizes, options, call, inputs }: Call): string {
  const shapes = Object.entries(inputs).map(([name, { shape, dtype }]) => `${name} ${dtype}[${shape}]`);
  return `${module}(${sizes}) ${JSON.stringify(options)} ${JSON.stringify(call)} ${shapes.join(", ")}`;
}

/** Chains of float32 roundings, relative to the largest element: small ones are differences of large ones. */
const tolerance: Tolerance = { ofLargest: 2e-5, leastLargest: 1e-2 };

function weightedSum(outputs: readonly Tensor[]): Tensor {
  const terms = outputs.map((output, index) =>
    output.mul(output.newTensor(fill(output.shape, 50 + index), output.shape)).sum(),
  );
  return terms.reduce((a, b) => a.add(b));
}

/** Second derivatives are sums of products of rounded first ones that partly cancel. */
const secondTolerance: Tolerance = { ofLargest: 1e-4, leastLargest: 1e-2 };

function weightedGradients(gradients: readonly (Tensor | undefined)[]): Tensor {
  const terms = gradients.flatMap((gradient, index) => {
    if (gradient === undefined) return [];
    return [gradient.mul(gradient.newTensor(fill(gradient.shape, 60 + index), gradient.shape)).sum()];
  });
  return terms.reduce((a, b) => a.add(b));
}

function comparisonOf(each: Case): Comparison {
  const problems: string[] = [];
  const { module, run } = make(each);
  for (const [index, [, parameter]] of [...module.namedParameters()].entries())
    parameter.value = Float32Array.from(fill(parameter.shape, 100 + index));
  const names = Array.from(module.namedVariables(), ([name, { shape }]) => [name, shape]);
  if (JSON.stringify(names) !== JSON.stringify(each.names)) problems.push(`the names are ${JSON.stringify(names)}`);
  const inputs = inputsOf(each);
  const outputs = run(inputs, each.call);
  const shapes = (tensors: readonly { readonly shape: Shape }[]) => JSON.stringify(tensors.map(({ shape }) => shape));
  if (shapes(outputs) !== shapes(each.outputs))
    problems.push(`outputs are ${shapes(outputs)}, not ${shapes(each.outputs)}`);
  const variables = new Map(module.namedParameters());
  const wanted = [
    ...Object.entries(each.gradients).map(([name, values]) => ({ name, tensor: required(inputs[name]), values })),
    ...Object.entries(each.parameters).map(([name, values]) => ({
      name,
      tensor: required(variables.get(name)),
      values,
    })),
  ];
  const leaves = wanted.map(({ tensor }) => tensor);
  const gradients = grad(weightedSum(outputs), leaves);
  const compared = [
    ...outputs.map((tensor, index) => ({
      what: `output ${index}`,
      tensor,
      values: required(each.outputs[index]).data,
      allowed: tolerance,
    })),
    ...wanted.flatMap(({ name, values }, index) => {
      const tensor = gradients[index];
      if (tensor !== undefined && values !== null)
        return [{ what: `gradient of ${name}`, tensor, values, allowed: tolerance }];
      if (tensor !== undefined || values?.some((value) => value !== 0))
        problems.push(`gradient of ${name}: one is none`);
      return [];
    }),
  ];
  if (each.second !== undefined) {
    // Only those that PyTorch has: 0 of a constant is none there.
    const present = gradients.map((gradient, index) => (wanted[index]?.values === null ? undefined : gradient));
    const twice = grad(weightedGradients(present), leaves);
    for (const [index, values] of Object.values(each.second).entries()) {
      const tensor = twice[index];
      const what = `second gradient of ${wanted[index]?.name}`;
      if (tensor !== undefined && values !== null) compared.push({ what, tensor, values, allowed: secondTolerance });
      else if (values?.some((value) => value !== 0)) problems.push(`${what}: there is none`);
    }
  }
  return { wanted: compared, problems };
}

describe.each(executorNames)("forward, backward and names as PyTorch's, on %s", (executor) => {
  test.each([...new Set(cases.map(({ module }) => module))])("%s", async (name) => {
    const own = cases.filter(({ module }) => module === name);
    const found = await problemsOf(
      own.map((each) => () => comparisonOf(each)),
      executor,
    );
    const wrong = own.flatMap((each, index) => {
      const problems = found[index] ?? [];
      return problems.length === 0 ? [] : [`${showCall(each)}: ${problems.join("; ")}`];
    });
    if (wrong.length > 0) expect.fail(`${wrong.length} cases:\n${wrong.join("\n")}`);
  });
});

describe("refused, as PyTorch does", () => {
  const refusals = fixtures.flatMap((fixture) => fixture.refusals);
  test.each(refusals.map((each, at) => [`${at}: ${showCall(each)}`, each] as const))("%s", (_name, each) => {
    const attempt = () => make(each).run(inputsOf(each), each.call);
    expect(attempt).toThrow(TensorError);
    for (const text of each.mentions) expect(attempt).toThrow(text);
  });

  test("an embedding of an index that is known only when it runs", async () => {
    const embedding = new Embedding(3, 2).initialize(generator);
    for (const index of [3, -1]) {
      const indices = new Buffer([1], "int64", () => BigInt64Array.of(BigInt(index)));
      await expect(evaluate([embedding.forward(indices)])).rejects.toThrow(
        `an index is ${index}, which is outside its axis`,
      );
    }
  });
});

class Recurrent extends Module {
  readonly lstm = new LSTM(3, 8, { numLayers: 2, batchFirst: true });
  readonly head = new Linear(8, 2);
  forward(x: Tensor): Tensor {
    return this.head.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

class Transformer extends Module {
  readonly embed = new Linear(3, 8);
  readonly layers = [false, true].map(
    (normFirst) => new TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0, batchFirst: true, normFirst }),
  );
  readonly head = new Linear(8, 2);
  forward(x: Tensor): Tensor {
    let hidden = this.embed.forward(x);
    for (const layer of this.layers) hidden = layer.forward(hidden);
    return this.head.forward(hidden.mean(1));
  }
}

describe("training from PyTorch's weights follows PyTorch's losses", () => {
  const trainings = fixtures.flatMap((fixture) => fixture.trainings);
  test.each(trainings.map((each) => [each.name, each.optimizer, each] as const))(
    "%s with %s",
    async (name, optimizer, { x, y, state, losses }) => {
      const model = name === "lstm" ? new Recurrent() : new Transformer();
      const entry = ([shape, data]: readonly [Shape, readonly number[]]) =>
        ({ shape, dtype: "float32", data: Float32Array.from(data) }) as const;
      model.loadStateDict(new Map(Object.entries(state).map(([path, each]) => [path, entry(each)])));
      const samples = required(x.shape[0]);
      const program = await compileTraining({
        fields: [x, y].map(({ shape, data = [] }) => entry([shape, data])),
        parameters: model.parameters(),
        optimizer: optimizer === "SGD" ? SGD({ lr: 0.1, momentum: 0.9 }) : Adam({ lr: 0.01 }),
        batchSize: samples,
        step: ([input, target]) => ({ loss: new MSELoss().forward(model.forward(required(input)), required(target)) }),
      });
      const rows = Int32Array.from({ length: losses.length * samples }, (_, index) => index % samples);
      const lr = optimizer === "SGD" ? 0.1 : 0.01;
      const { values } = await program.run(program.initialState, { rows, batchSize: samples, lr, generator });
      program.release();
      for (const [step, loss] of required(values.loss).entries())
        expect(Math.abs(loss / required(losses[step]) - 1), `step ${step}`).toBeLessThan(1e-3);
    },
  );
});

describe("exported with an open batch size", () => {
  const layers = [
    ["LSTM", new LSTM(3, 4, { batchFirst: true, bidirectional: true, numLayers: 2 })],
    ["GRU", new GRU(3, 4, { batchFirst: true })],
    ["RNN", new RNN(3, 4, { batchFirst: true, nonlinearity: "relu" })],
    ["attention", new MultiheadAttention(3, 3, { batchFirst: true })],
    ["transformer", new TransformerEncoderLayer(3, 1, { batchFirst: true, dimFeedforward: 4 })],
  ] as const;
  test.each(layers)("%s", async (_name, layer) => {
    layer.initialize(new Generator(3)).eval();
    const forward = (x: Tensor): Tensor => {
      if (layer instanceof TransformerEncoderLayer) return layer.forward(x, { isCausal: true });
      if (layer instanceof MultiheadAttention) return layer.forward(x, x, x).output;
      return layer.forward(x).output;
    };
    const bytes = onnxModel({
      inputs: { x: { shape: [1, 5, 3] } },
      build: (inputs) => ({ y: forward(inputs("x")) }),
    });
    const session = await createSession(bytes, bytes.length);
    for (const batch of [1, 4]) {
      const data = Float32Array.from(fill([batch, 5, 3], 9));
      const { y } = await session.run({ x: { data, shape: [batch, 5, 3], dtype: "float32" } });
      const [wanted] = await evaluate([forward(constant(data, [batch, 5, 3], "float32"))]);
      expectNear(toNumbers(required(y)), toNumbers(required(wanted)), tolerance);
    }
    session.release();
  });
});

test("dropout between layers differs from step to step and not in evaluation", async () => {
  const lstm = new LSTM(2, 3, { numLayers: 2, dropout: 0.5 }).initialize(generator);
  const x = constant(Float32Array.from(fill([4, 2, 2], 1)), [4, 2, 2], "float32");
  const run = async () => toNumbers(required((await evaluate([lstm.forward(x).output]))[0]));
  expect(await run()).not.toEqual(await run());
  lstm.eval();
  expect(await run()).toEqual(await run());
});

describe("first values", () => {
  const spread = (values: readonly number[]) => ({
    largest: Math.max(...values.map(Math.abs)),
    deviation: Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length),
  });
  const valuesOf = (module: Module, name: string) =>
    toNumbers(required(new Map(module.namedVariables()).get(name)).value);

  test.each([RNN, LSTM, GRU])("%o: uniform in ± 1 / sqrt(hiddenSize)", (Layer) => {
    const layer = new Layer(5, 64).initialize(new Generator(1));
    for (const [name] of layer.namedParameters()) {
      const { largest, deviation } = spread(valuesOf(layer, name));
      expect(largest).toBeLessThanOrEqual(1 / 8);
      expect(Math.abs(deviation * 8 * Math.sqrt(3) - 1)).toBeLessThan(0.15);
    }
  });

  test("attention: Glorot's weights, no biases", () => {
    const attention = new MultiheadAttention(32, 4).initialize(new Generator(1));
    const bound = Math.sqrt(6 / 128);
    const { largest, deviation } = spread(valuesOf(attention, "in_proj_weight"));
    expect(largest).toBeLessThanOrEqual(bound);
    expect(Math.abs((deviation * Math.sqrt(3)) / bound - 1)).toBeLessThan(0.05);
    expect(spread(valuesOf(attention, "out_proj.weight")).largest).toBeLessThanOrEqual(1 / Math.sqrt(32));
    for (const name of ["in_proj_bias", "out_proj.bias"]) expect(spread(valuesOf(attention, name)).largest).toBe(0);
  });

  test("embedding: normal, the padding's row 0", () => {
    const table = new Embedding(200, 16, { paddingIdx: 3 }).initialize(new Generator(1));
    const values = valuesOf(table, "weight");
    expect(Math.abs(spread(values).deviation - 1)).toBeLessThan(0.05);
    expect(values.slice(48, 64)).toEqual(new Array(16).fill(0));
  });
});

test("causal attention: what comes later changes nothing, the weights of each query add up to 1", async () => {
  const property = fc.asyncProperty(
    fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      length: fc.integer({ min: 2, max: 5 }),
      heads: fc.constantFrom(1, 2, 3),
    }),
    fc.boolean(),
    async ({ batch, length, heads }, batchFirst) => {
      const attention = new MultiheadAttention(6, heads, { batchFirst }).initialize(new Generator(heads)).eval();
      const shape = batchFirst ? [batch, length, 6] : [length, batch, 6];
      const x = constant(Float32Array.from(fill(shape, 5)), shape, "float32");
      const axis = batchFirst ? 1 : 0;
      const changed = x.slice(axis, 0, -1).concat([x.slice(axis, -1).add(1)], axis);
      const [first, second] = [x, changed].map((each) => attention.forward(each, each, each, { isCausal: true }));
      const [before, after, sums] = await evaluate([
        required(first).output.slice(axis, 0, -1),
        required(second).output.slice(axis, 0, -1),
        required(first).weights.sum(-1),
      ]);
      expectNear(toNumbers(required(after)), toNumbers(required(before)), tolerance);
      expect(required(sums).length).toBe(batch * length);
      for (const sum of toNumbers(required(sums))) expect(sum).toBeCloseTo(1, 5);
    },
  );
  await fc.assert(property, { numRuns: 30 });
});

test("layers of a stack start from the values of the layer that they copy, or draw their own", () => {
  const layer = new TransformerEncoderLayer(4, 2, { dimFeedforward: 3 });
  const values = (stack: TransformerEncoder) => stack.layers.map(({ linear1 }) => [...linear1.weight.value]);
  const [first, second] = values(new TransformerEncoder(layer, 2).initialize(new Generator(1)));
  expect(first).not.toEqual(second);
  layer.initialize(new Generator(2));
  const copied = new TransformerEncoder(layer, 2);
  expect(values(copied)).toEqual([[...layer.linear1.weight.value], [...layer.linear1.weight.value]]);
  expect(copied.layers[0]?.linear1.weight.value).not.toBe(layer.linear1.weight.value);
  expect(() => new TransformerEncoder(layer, 0)).toThrow(/numLayers is 0/);
});
