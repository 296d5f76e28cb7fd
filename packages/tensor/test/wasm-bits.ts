/**
 * Digests of the bits that a machine, a compiler and a browser compute on WebAssembly: every kind of loop, all elementary
 * functions, random numbers, optimizers, and what JavaScript computes for them.
 */
import { sha256 } from "@ml-mosaic/base";
import type { TypedArray } from "../src/dtype.ts";
import * as functional from "../src/functional/index.ts";
import { grad } from "../src/graph/gradient.ts";
import { unknownOf } from "../src/graph/known-value.ts";
import * as nn from "../src/nn/index.ts";
import * as optim from "../src/optim/index.ts";
import { compileTraining } from "../src/program/training-program.ts";
import { bernoulli, multinomial, rand, randint, randn, randperm } from "../src/random/draws.ts";
import { Generator } from "../src/random/generator.ts";
import { evaluateOnWasm } from "../src/runtime/evaluate-wasm.ts";
import * as schedulers from "../src/schedulers/index.ts";
import type { Shape } from "../src/shape.ts";
import type { Tensor } from "../src/tensor.ts";
import { Buffer, Parameter } from "../src/variable.ts";

/** Of each part, as hexadecimal. */
export async function digests(): Promise<Readonly<Record<string, string>>> {
  const all: Record<string, string> = {};
  for (const [name, compute] of Object.entries(parts)) all[name] = digest(await compute());
  return all;
}

function digest(arrays: readonly (TypedArray | Float64Array)[]): string {
  const bytes = sha256(
    arrays.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  );
  return Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const computed = (tensors: readonly Tensor[]) =>
  evaluateOnWasm(tensors, unknownOf(tensors), new Generator(5).stream("keys"));

/** Values, and their gradients in what they are computed from. */
function withGradients(values: readonly Tensor[], variables: readonly Tensor[]): Promise<readonly TypedArray[]> {
  const floats = values.filter(({ dtype }) => dtype === "float32");
  const loss = floats.map((value) => value.mul(value).sum()).reduce((sum, each) => sum.add(each));
  return computed([...values, ...grad(loss, variables).filter((each) => each !== undefined)]);
}

const drawn = new Generator(3);
/** Between -1 and 1. */
const spread = (shape: Shape): Float32Array =>
  Float32Array.from({ length: shape.reduce((size, each) => size * each, 1) }, () => drawn.uniform(-1, 1));
const variable = (...shape: number[]): Tensor => {
  const values = spread(shape);
  return new Parameter(shape, () => values);
};

async function trained(model: nn.Layer, sample: Shape, optimizer: optim.Optimizer): Promise<readonly TypedArray[]> {
  const samples = 24;
  const batchSize = 4;
  model.initialize(new Generator(1));
  const loss = new nn.CrossEntropyLoss();
  const program = await compileTraining({
    fields: [
      { data: spread([samples, ...sample]), shape: [samples, ...sample], dtype: "float32" },
      {
        data: BigInt64Array.from({ length: samples }, (_, index) => BigInt(index % 3)),
        shape: [samples],
        dtype: "int64",
      },
    ],
    parameters: model.parameters(),
    optimizer,
    clipNorm: 1,
    batchSize,
    executor: "wasm",
    step: ([x, y]) => {
      if (x === undefined || y === undefined) throw new RangeError("two fields are given");
      return { loss: loss.forward(model.forward(x), y) };
    },
  });
  const rows = Int32Array.from({ length: 30 * batchSize }, (_, index) => (index * 7) % samples);
  let { initialState: state } = program;
  const arrays: TypedArray[] = [];
  for (let call = 0; call < 2; call++) {
    const result = await program.run(state, { rows, batchSize, generator: new Generator(call) });
    state = result.state;
    arrays.push(...Object.values(result.values));
  }
  program.release();
  return [...arrays, ...state.parameters, ...state.slots.flatMap((slots) => Object.values(slots)), ...state.buffers];
}

class Convolutional extends nn.Module {
  readonly layers = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(4, 4, 3, { stride: 2, groups: 2 }),
    new nn.GroupNorm(2, 4),
    new nn.SiLU(),
    new nn.ConvTranspose2d(4, 3, 2, { stride: 2 }),
    new nn.AvgPool2d(2),
  );
  readonly head = new nn.Linear(3, 3);
  forward(x: Tensor): Tensor {
    return this.head.forward(this.layers.forward(x).mean([2, 3]));
  }
}

class Attentive extends nn.Module {
  readonly embedding = new nn.Embedding(5, 8);
  readonly layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12, dropout: 0.1, batchFirst: true });
  readonly head = new nn.Linear(8, 3);
  forward(x: Tensor): Tensor {
    const words = x.add(1).mul(2.5).clamp({ min: 0, max: 4 }).to("int64");
    return this.head.forward(this.layer.forward(this.embedding.forward(words)).mean(1));
  }
}

class Recurrent extends nn.Module {
  readonly lstm = new nn.LSTM(3, 5, { batchFirst: true, bidirectional: true });
  readonly gru = new nn.GRU(10, 4, { batchFirst: true });
  readonly head = new nn.Linear(4, 3);
  forward(x: Tensor): Tensor {
    return this.head.forward(this.gru.forward(this.lstm.forward(x).output).output.topk(3, 1).values.mean(1));
  }
}

const dense = () =>
  new nn.Sequential(
    new nn.Linear(6, 37),
    new nn.GELU(),
    new nn.Dropout(0.25),
    new nn.LayerNorm(37),
    new nn.Linear(37, 20),
    new nn.Tanh(),
    new nn.Linear(20, 3),
  );

const optimizers: Readonly<Record<string, optim.Optimizer>> = {
  SGD: optim.SGD({ lr: 0.1 }),
  Nesterov: optim.SGD({ lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: optim.Adam({ lr: 0.01 }),
  AdamW: optim.AdamW({ lr: 0.01 }),
  NAdam: optim.NAdam({ lr: 0.01 }),
  RAdam: optim.RAdam({ lr: 0.01 }),
  RMSprop: optim.RMSprop({ lr: 0.01, momentum: 0.5, centered: true }),
  Adagrad: optim.Adagrad({ lr: 0.01 }),
  Adadelta: optim.Adadelta({ lr: 1 }),
};

/** All kinds of bit patterns: NaN, infinities, denormals, both zeros, and every exponent. */
const bits = Uint32Array.from({ length: 2 ** 15 }, (_, index) => index * 131_071);
const everything = new Buffer([bits.length], "float32", () => new Float32Array(bits.buffer));

const parts: Readonly<Record<string, () => Promise<readonly (TypedArray | Float64Array)[]>>> = {
  "elementary functions"() {
    const x = everything;
    const functions = [
      x.exp(),
      x.log(),
      x.tanh(),
      x.sigmoid(),
      x.erf(),
      x.sin(),
      x.cos(),
      x.tan(),
      x.softplus(),
      x.asin(),
    ];
    const others = [
      x.acos(),
      x.atan(),
      x.sinh(),
      x.cosh(),
      x.expm1(),
      x.log1p(),
      x.sqrt(),
      x.gelu(),
      x.silu(),
      x.abs().pow(x),
    ];
    return computed([...functions, ...others]);
  },
  "arithmetic of all bit patterns"() {
    const x = everything;
    const y = x.flip([0]);
    const results = [x.add(y), x.sub(y), x.mul(y), x.div(y), x.maximum(y), x.minimum(y), x.neg(), x.abs(), x.floor()];
    return computed([
      ...results,
      x.sign(),
      x.clamp({ min: -1, max: 1 }),
      x.lt(y),
      x.eq(y),
      x.isnan().where(x, y),
      x.leakyRelu(),
    ]);
  },
  "sums and extremes"() {
    const x = variable(3, 700);
    const values = [x.sum(), x.mean(1), x.prod(0), x.max(1), x.min(0), x.variance(1), x.std(0), x.norm(2, 1)];
    const others = [x.logsumexp(1), x.cumsum(1), x.argmax(1), x.sort(1).values, x.softmax(1), x.logSoftmax(0)];
    return withGradients([...values, ...others], [x]);
  },
  "products of matrices"() {
    const [a, b, c] = [variable(3, 17, 9), variable(3, 9, 33), variable(2, 9)];
    return withGradients([a.matmul(b), a.matmul(c.t()), functional.linear(a, c)], [a, b, c]);
  },
  "moved, gathered and scattered"() {
    const [x, y] = [variable(4, 6), variable(5, 6)];
    const at = new Buffer([5], "int64", () => BigInt64Array.of(3n, 0n, 3n, 1n, 2n));
    const values = [x.t(), x.expand([2, 4, 6]), x.slice(1, 1, 5), x.flip([0, 1]), x.pad(1, 1, 2), x.tril(), x.triu()];
    return withGradients(
      [...values, x.indexSelect(0, at), x.indexAdd(0, at, y), x.repeat([2, 1]), at.oneHot(4).to("float32")],
      [x, y],
    );
  },
  windows() {
    const x = variable(2, 3, 9, 8);
    const w = variable(4, 3, 3, 2);
    const values = [
      functional.conv2d(x, w, undefined, { stride: 2, padding: 1, dilation: 2 }),
      functional.convTranspose2d(x, variable(3, 2, 3, 3), undefined, { stride: 2 }),
      functional.maxPool2d(x, 3, { stride: 2 }),
      functional.avgPool2d(x, 2),
      functional.adaptiveAvgPool2d(x, [3, 3]),
      functional.interpolate(x, { scaleFactor: 2, mode: "bilinear" }),
      functional.reflectionPad(x, [1, 1, 2, 2]),
    ];
    return withGradients(values, [x, w]);
  },
  "whole numbers"() {
    const a = new Buffer([7], "int64", () =>
      BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, -7n, 7n, 0n, 2n ** 40n, -1n),
    );
    const b = new Buffer([7], "int64", () => BigInt64Array.of(3n, 2n, -2n, 2n, 5n, -3n, 9n));
    return computed([
      a.add(b),
      a.sub(b),
      a.mul(b),
      a.maximum(b),
      a.lt(b),
      a.sum(),
      a.to("float32"),
      a.to("int32"),
      a.to("bool"),
    ]);
  },
  "random draws"() {
    const weights = new Buffer([5], "float32", () => Float32Array.of(1, 2, 3, 4, 5));
    const p = new Buffer([1000], "float32", () => new Float32Array(1000).fill(0.3));
    // The generator that is given draws at once.
    const draws = [
      rand([1000]),
      randn([1000]),
      randint(-5, 9, [1000]),
      bernoulli(p),
      randperm(100),
      multinomial(weights, 3),
    ];
    return computed(draws);
  },
  async "numbers that JavaScript draws"() {
    const generator = new Generator(9).stream("normals");
    return [Float64Array.from({ length: 20_000 }, () => generator.normal()), new Generator(9).permutation(1000)];
  },
  async "learning rates"() {
    const all = [
      schedulers.CosineAnnealingLR({ tMax: 300 }),
      schedulers.ExponentialLR({ gamma: 0.97 }),
      schedulers.StepLR({ stepSize: 3, gamma: 0.9 }),
    ];
    return all.map((scheduler) => Float64Array.from({ length: 1000 }, (_, epoch) => scheduler.lr({ epoch }, 0.1)));
  },
  "a convolutional network": () => trained(new Convolutional(), [1, 8, 8], optim.Adam({ lr: 0.01 })),
  "a recurrent network": () => trained(new Recurrent(), [9, 3], optim.Adam({ lr: 0.01 })),
  "a transformer": () => trained(new Attentive(), [7], optim.AdamW({ lr: 0.01 })),
  ...Object.fromEntries(
    Object.entries(optimizers).map(([name, optimizer]) => [
      `an MLP by ${name}`,
      () => trained(dense(), [6], optimizer),
    ]),
  ),
};
