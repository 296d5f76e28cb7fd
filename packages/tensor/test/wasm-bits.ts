/** Trains a network on WebAssembly, computes all elementary functions, and prints a digest of all bits that come of it. */
import { createHash } from "node:crypto";
import * as nn from "../src/nn/index.ts";
import { AdamW } from "../src/optim/adam.ts";
import { compileTraining } from "../src/program/training-program.ts";
import { Generator } from "../src/random/generator.ts";
import { Buffer } from "../src/variable.ts";
import { evaluateOnWasm } from "./wasm.ts";

const hash = createHash("sha256");
const samples = 40;
const spread = (length: number, scale: number) =>
  Float32Array.from({ length }, (_, index) => scale * Math.fround(((index * 7919) % 2048) / 1024 - 1));

const model = new nn.Sequential(
  new nn.Linear(6, 37),
  new nn.GELU(),
  new nn.Dropout(0.25),
  new nn.Linear(37, 20),
  new nn.Tanh(),
  new nn.Linear(20, 4),
).initialize(new Generator(1));
const loss = new nn.CrossEntropyLoss();
const program = await compileTraining({
  fields: [
    { data: spread(samples * 6, 2), shape: [samples, 6], dtype: "float32" },
    {
      data: BigInt64Array.from({ length: samples }, (_, index) => BigInt(index % 4)),
      shape: [samples],
      dtype: "int64",
    },
  ],
  parameters: model.parameters(),
  optimizer: AdamW({ lr: 0.01 }),
  clipNorm: 1,
  batchSize: 5,
  executor: "wasm",
  step: ([x, y]) => {
    if (x === undefined || y === undefined) throw new RangeError("two fields are given");
    return { loss: loss.forward(model.forward(x), y) };
  },
});
let { initialState: state } = program;
const steps = 400;
const rows = Int32Array.from({ length: 5 * steps }, (_, index) => (index * 7) % samples);
for (let call = 0; call < 5; call++) {
  const result = await program.run(state, { rows, batchSize: 5, lr: 0.01, generator: new Generator(call) });
  state = result.state;
  for (const array of [...Object.values(result.values), ...state.parameters, ...Object.values(state.slots[0] ?? {})])
    hash.update(array);
}

const bits = Uint32Array.from({ length: 2 ** 16 }, (_, index) => index * 65_521);
const x = new Buffer([bits.length], "float32", () => new Float32Array(bits.buffer));
const results = [
  x.exp(),
  x.log(),
  x.tanh(),
  x.sigmoid(),
  x.erf(),
  x.sin(),
  x.cos(),
  x.softplus(),
  x.expm1(),
  x.log1p(),
  x.atan(),
  x.abs().pow(x),
];
for (const array of await evaluateOnWasm(results)) hash.update(array);
process.stdout.write(hash.digest("hex"));
