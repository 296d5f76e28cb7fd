import { expect, test } from "vitest";
import { component } from "../components/component.ts";
import { configurable } from "../components/configurable.ts";
import { register } from "../components/registry.ts";
import { typedConfigurable } from "../components/typed-configurable.ts";
import { schema } from "../schema.ts";
import { list, map } from "../types/collection-types.ts";
import { literal } from "../types/literal.ts";
import { any, boolean, float, int, path, string } from "../types/scalar-types.ts";
import { union } from "../types/union.ts";
import { speller } from "./speller.ts";

abstract class Optimizer extends typedConfigurable({ decay: schema(float, { default: 0 }) }) {}

class Adam extends configurable(
  {
    betas: schema(list(float), { default: [0.9, 0.999] }),
    eps: schema(float, { default: 1e-8, aliases: ["epsilon"] }),
  },
  Optimizer,
) {
  static override readonly aliases = ["adam_w"];
  static override readonly isDefault = true;
}

class Chain extends configurable({ parts: schema(list(component(Optimizer))) }, Optimizer) {}

register(Adam, Chain);

const options = {
  width: schema(int, { default: 3, aliases: ["w"] }),
  rate: schema(float),
  limit: schema(union(int, literal("none")), { optional: true }),
  count: schema(int, { optional: true }),
  bias: schema(boolean),
  mode: schema(literal("relu", "tanh", "8"), { default: "relu" }),
  file: schema(path),
  title: schema(string),
  other: schema(any),
  sizes: schema(list(int), { default: [1, 2] }),
  names: schema(list(string)),
  weights: schema(map(float)),
  optimizer: schema(component(Optimizer), { default: { type: "Adam" } }),
};
const spelt = speller(options);

test.each<[one: Record<string, string>, other: Record<string, string>, both: Record<string, string>]>([
  [{ rate: "1e-2" }, { rate: "+.010" }, { rate: "0.01" }],
  [{ rate: "inf" }, { rate: ".INF" }, { rate: "Infinity" }],
  [{ width: "4.0" }, { w: "04" }, { width: "4" }],
  [{ width: "3.0" }, { w: "3" }, {}],
  [{ count: "None" }, { count: "" }, {}],
  [{ limit: "None" }, { limit: "NONE" }, { limit: "none" }],
  [{ limit: "8.0" }, { limit: "8" }, { limit: "8" }],
  [{ other: "0.10" }, { other: "1e-1" }, { other: "0.1" }],
  [{ bias: "true" }, { bias: "TRUE" }, { bias: "True" }],
  [{ mode: "tanh" }, { mode: "TanH" }, { mode: "tanh" }],
  [{ mode: "relu" }, {}, {}],
  [{ file: "./data/a.csv" }, { file: "data//b/../a.csv" }, { file: "data/a.csv" }],
  [{ file: "data/" }, { file: "./data" }, { file: "data" }],
  [{ sizes: "[3,4]" }, { sizes: "3.0, 4" }, { sizes: "3, 4" }],
  [{ sizes: "1,2" }, {}, {}],
  [{ names: '"a, b",c' }, { names: '["a, b", c]' }, { names: '"a, b", c' }],
  [{ "weights.a": "1e0" }, { "weights.a": "1" }, { "weights.a": "1" }],
  [{ optimizer: "Adam" }, { optimizer: "ADAM_W(eps=0.00000001, betas=[0.9,0.999])" }, {}],
  [{ optimizer: "adam(epsilon=1e-7)" }, { "optimizer.eps": "0.0000001" }, { "optimizer.eps": "1e-7" }],
  [
    { optimizer: "chain(parts=[adam(eps=1e-7, betas=[0.5, 0.6]), Adam])" },
    { optimizer: "Chain", "optimizer.parts": "adam_w(betas=[0.5,0.60],epsilon=1e-07), ADAM(decay=0)" },
    { optimizer: "Chain", "optimizer.parts": 'adam_w(betas="0.5, 0.6", eps=1e-7), adam_w' },
  ],
])("%j and %j are %j", (one, other, both) => {
  expect(spelt(one)).toEqual(both);
  expect(spelt(other)).toEqual(both);
  // What it gives, it leaves as it is.
  expect(spelt(both)).toEqual(both);
});

test.each([
  { title: "1e-2" },
  { title: "None" },
  { rate: "fast" },
  { sizes: "1, two" },
  { optimizer: "SGD", "optimizer.momentum": "0.90" },
  { unknown: "0.10", "unknown.inner": "1.0" },
])("what no type reads otherwise stays: %j", (texts) => expect(spelt(texts)).toEqual(texts));

test("defaults stay where they are to", () => {
  const kept = speller(options, { dropDefaults: false });
  expect(kept({ width: "3.0", sizes: "1,2", optimizer: "adam" })).toEqual({
    width: "3",
    sizes: "1, 2",
    optimizer: "adam_w",
  });
});
