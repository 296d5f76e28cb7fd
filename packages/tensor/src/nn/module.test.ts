import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { zeros } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { bufferValue, updateBuffer } from "../graph/trace.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { Buffer, Parameter } from "../variable.ts";
import { ReLU } from "./activations.ts";
import { Dropout } from "./dropout.ts";
import { filled } from "./init.ts";
import { Linear } from "./linear.ts";
import { type Layer, Module } from "./module.ts";
import { Sequential } from "./sequential.ts";

/** Keeps the mean of what it has seen; a parameter, a buffer and numbers that are neither. */
class RunningMean extends Module {
  readonly momentum = 0.5;
  readonly scale = new Parameter([2], filled(1));
  readonly mean = new Buffer([2], "float32", filled(0));
  readonly count = new Buffer([], "int64", () => BigInt64Array.of(0n));
  forward(x: Tensor): Tensor {
    if (this.training) {
      updateBuffer(
        this.mean,
        bufferValue(this.mean)
          .mul(1 - this.momentum)
          .add(x.mean(0).mul(this.momentum)),
      );
      updateBuffer(this.count, bufferValue(this.count).add(1));
    }
    return x.sub(bufferValue(this.mean)).mul(this.scale);
  }
}

class Net extends Module {
  readonly first = new Linear(3, 4);
  readonly blocks: readonly (Layer | readonly Layer[])[] = [
    new Linear(4, 4),
    [new Linear(4, 4, { bias: false }), new Dropout(0.1)],
  ];
  readonly tail = new Sequential(new Linear(4, 2), new ReLU(), new Sequential(new Linear(2, 2)));
  readonly norm = new RunningMean();
  /** The same module, and the same parameter, under a second name. */
  readonly again = this.first;
  readonly tied = this.tail[0] instanceof Linear ? this.tail[0].weight : undefined;
  readonly #hidden = new Linear(9, 9);
  readonly note = "no parameter";
  readonly nothing = null;
  get hiddenSize(): number {
    return this.#hidden.inFeatures;
  }
}

// What torch.nn.Module.named_parameters gives for the same structure, ModuleLists for the arrays.
const parameterPaths = [
  "first.weight",
  "first.bias",
  "blocks.0.weight",
  "blocks.0.bias",
  "blocks.1.0.weight",
  "tail.0.weight",
  "tail.0.bias",
  "tail.2.0.weight",
  "tail.2.0.bias",
  "norm.scale",
];

describe("paths", () => {
  test("are PyTorch's: nested modules, arrays, numbers in Sequential; what is shared is named once", () => {
    const net = new Net();
    expect(Array.from(net.namedParameters(), ([name]) => name)).toEqual(parameterPaths);
    expect(Array.from(net.namedBuffers(), ([name]) => name)).toEqual(["norm.mean", "norm.count"]);
    expect(Array.from(net.stateDict().keys())).toEqual([...parameterPaths, "norm.mean", "norm.count"]);
    expect(net.parameters().length).toBe(parameterPaths.length);
    expect(net.hiddenSize).toBe(9);
  });

  test("train and eval reach every inner module", () => {
    const net = new Net();
    const modes = () => {
      const found: boolean[] = [];
      const visit = (module: Module) => {
        found.push(module.training);
        for (const [, child] of module.namedChildren()) visit(child);
      };
      visit(net);
      return found;
    };
    expect(modes().length).toBeGreaterThan(8);
    expect(modes().every(Boolean)).toBe(true);
    expect(net.eval()).toBe(net);
    expect(modes().some(Boolean)).toBe(false);
    net.train();
    expect(modes().every(Boolean)).toBe(true);
  });
});

describe("initialisation", () => {
  test("is PyTorch's for Linear: weight and bias uniform within 1 / sqrt(inFeatures)", () => {
    const layer = new Linear(64, 500).initialize(new Generator(0));
    for (const variable of [layer.weight, layer.bias]) {
      const numbers = Array.from(variable?.value ?? [], Number);
      const n = numbers.length;
      expect(numbers.every((x) => Math.abs(x) <= 1 / 8)).toBe(true);
      // The largest of n comes near the bound; mean and spread within four standard deviations.
      expect(Math.max(...numbers.map(Math.abs))).toBeGreaterThan((1 - 10 / n) / 8);
      const mean = numbers.reduce((a, b) => a + b, 0) / n;
      const square = numbers.reduce((a, b) => a + b * b, 0) / n;
      expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(1 / 192 / n));
      expect(Math.abs(square * 192 - 1)).toBeLessThan(4 * Math.sqrt(0.8 / n));
    }
  });

  test("the same seed gives the same values; each variable has its own, keyed by its path", () => {
    const values = (seed: number, model: Module = new Net()) => {
      model.initialize(new Generator(seed));
      return Object.fromEntries(
        Array.from(model.stateDict(), ([name, { data }]) => [name, Array.from<number | bigint>(data)]),
      );
    };
    expect(values(1)).toEqual(values(1));
    expect(values(1)["first.weight"]).not.toEqual(values(2)["first.weight"]);

    class Short extends Module {
      readonly first = new Linear(3, 3);
      readonly last = new Linear(3, 3);
    }
    class Long extends Module {
      readonly first = new Linear(3, 3);
      readonly between = new Linear(3, 5);
      readonly last = new Linear(3, 3);
    }
    const { "between.weight": weight, "between.bias": bias, ...others } = values(1, new Long());
    expect(weight?.length).toBe(15);
    expect(bias?.length).toBe(5);
    expect(others).toEqual(values(1, new Short()));
  });

  test("leaves given values, such as loaded ones, alone", () => {
    const layer = new Linear(2, 1);
    layer.weight.value = Float32Array.of(7, 8);
    layer.initialize(new Generator(0));
    expect(layer.weight.value).toEqual(Float32Array.of(7, 8));
    expect(layer.bias?.initialized).toBe(true);
  });
});

describe("states", () => {
  test("are copies both ways", () => {
    const layer = new Linear(2, 1).initialize(new Generator(0));
    const state = layer.stateDict();
    const before = Array.from(layer.weight.value, Number);
    const copied = state.get("weight")?.data;
    if (copied instanceof Float32Array) copied.fill(0);
    expect(Array.from(layer.weight.value, Number)).toEqual(before);
    const other = new Linear(2, 1);
    other.loadStateDict(layer.stateDict());
    expect(other.stateDict()).toEqual(layer.stateDict());
    expect(other.weight.value).not.toBe(layer.weight.value);
  });

  test("that do not fit list every problem, and change nothing", () => {
    const model = new Sequential(new Linear(2, 3), new Linear(3, 1)).initialize(new Generator(0));
    const before = model.stateDict();
    const state = new Map(new Sequential(new Linear(2, 4), new Linear(3, 1)).initialize(new Generator(1)).stateDict());
    state.delete("1.bias");
    state.set("2.weight", { data: new Float32Array(1), shape: [1], dtype: "float32" });
    state.set("1.weight", { data: new Int32Array(3), shape: [1, 3], dtype: "int32" });
    let message = "";
    try {
      model.loadStateDict(state);
    } catch (error) {
      expect(error).toBeInstanceOf(TensorError);
      message = String(error);
    }
    expect(message.split("\n").map((line) => line.trim())).toEqual([
      "TensorError: the state does not fit Sequential:",
      "0.weight is float32 [4, 2] there, float32 [3, 2] here",
      "0.bias is float32 [4] there, float32 [3] here",
      "1.weight is int32 [1, 3] there, float32 [1, 3] here",
      "1.bias [1] is missing",
      "2.weight is not in this module",
    ]);
    expect(model.stateDict()).toEqual(before);
  });

  test("may lack and exceed what is here when strict is false", () => {
    const model = new Linear(2, 1).initialize(new Generator(0));
    const bias = Array.from(model.bias?.value ?? [], Number);
    const weight = { data: Float32Array.of(1, 2), shape: [1, 2], dtype: "float32" as const };
    model.loadStateDict(
      new Map([
        ["weight", weight],
        ["other", weight],
      ]),
      { strict: false },
    );
    expect(model.weight.value).toEqual(weight.data);
    expect(Array.from(model.bias?.value ?? [], Number)).toEqual(bias);
    const short = { data: Float32Array.of(1), shape: [1], dtype: "float32" as const };
    expect(() => model.loadStateDict(new Map([["weight", short]]), { strict: false })).toThrow(/weight/);
  });

  test("of PyTorch name what is shared under each of its paths, or under any of them", () => {
    const net = new Net().initialize(new Generator(4));
    const state = new Map(net.stateDict());
    const weight = state.get("tail.0.weight");
    if (weight === undefined) throw new Error("tail.0.weight is missing");
    const other = new Net();
    other.loadStateDict(new Map([...state, ["tied", weight]]));
    expect(other.stateDict()).toEqual(net.stateDict());
    state.delete("tail.0.weight");
    expect(() => new Net().loadStateDict(state)).toThrow(/tail\.0\.weight \[2, 4\] is missing/);
    const another = new Net();
    another.loadStateDict(state.set("tied", weight));
    expect(another.stateDict()).toEqual(net.stateDict());
  });

  test("are saved and loaded with buffers", async () => {
    const folder = mkdtempSync(join(tmpdir(), "module-"));
    const model = new Net().initialize(new Generator(3));
    model.norm.count.value = BigInt64Array.of(12n);
    await model.saveModel(join(folder, "net"));
    const other = new Net();
    await other.loadModel(join(folder, "net"));
    expect(other.stateDict()).toEqual(model.stateDict());
    await expect(new Linear(1, 1).loadModel(join(folder, "net"))).rejects.toThrow(/does not fit Linear/);
    rmSync(folder, { recursive: true });
  });
});

test("a buffer refuses another shape or type, and keeps its value outside of a step", async () => {
  const norm = new RunningMean();
  expect(() => updateBuffer(norm.mean, zeros([3]))).toThrow(/\[2\].*\[3\]/);
  expect(() => updateBuffer(norm.count, zeros([]))).toThrow(/int64 .*float32/);
  updateBuffer(norm.mean, zeros([2]).add(1));
  expect(await norm.mean.toArray()).toEqual([0, 0]);
  expect(bufferValue(norm.mean)).toBe(norm.mean);
});

test("Linear refuses other widths, showing both", () => {
  expect(() => new Linear(3, 2).forward(zeros([5, 4]))).toThrow(/Linear\(3, 2\) got \[5, 4\]/);
  expect(() => new Linear(3, 2).forward(zeros([]))).toThrow(TensorError);
  for (const size of [0, -1, 1.5]) expect(() => new Linear(size, 2)).toThrow(TensorError);
});
