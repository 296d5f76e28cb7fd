import { processorSeconds } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { fromArray, tensor } from "../creation.ts";
import type { DType } from "../dtype.ts";
import { cat } from "../methods/movement.ts";
import { indexAdd } from "../ops/indexing.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import { grad } from "./gradient.ts";
import { topologicalOrder } from "./order.ts";
import { rules, simplify } from "./simplify.ts";

const matrix = parameter(Float32Array.of(1, -2, 3, 4, -5, 6), [2, 3]);
const row = parameter(Float32Array.of(0.5, 2, 7), [1, 3]);
const table = parameter(
  Float32Array.from({ length: 14 }, (_, index) => Math.sin(index)),
  [7, 2],
);
const named = fromArray(BigInt64Array.of(2n, 1n, 2n), [3]);
const newRows = parameter(
  Float32Array.from({ length: 6 }, (_, index) => Math.cos(index)),
  [3, 2],
);
const wide = parameter(Float32Array.of(1, 2), [2, 1]);

const opsOf = (output: Tensor) =>
  topologicalOrder([output])
    .map(({ op }) => op?.name)
    .filter((name) => name !== undefined);

interface Examples {
  /** What the rule alone makes simpler, and the ops that are left. */
  readonly changed: readonly (readonly [Tensor, readonly string[]])[];
  /** What it must leave alone. */
  readonly kept: readonly Tensor[];
}

const examples: Readonly<Record<keyof typeof rules, Examples>> = {
  movesNothing: {
    changed: [
      [matrix.reshape([2, 3]), []],
      [matrix.expand([2, 3]).exp(), ["exp"]],
      [matrix.permute([0, 1]), []],
      [matrix.slice(0).slice(1, 0, 3), []],
      [matrix.split(2)[0] ?? matrix, []],
      [matrix.pad(0, 0, 0), []],
      [matrix.flip([]), []],
      [cat([matrix]), []],
    ],
    kept: [
      matrix.reshape([3, 2]),
      matrix.matmul(matrix.t()).permute([1, 0]),
      matrix.padAll([1, 0], [-1, 0]),
      matrix.flip([1]),
      matrix.slice(0, 1),
      matrix.exp(),
    ],
  },
  reshapeOfReshape: {
    changed: [[matrix.reshape([6]).reshape([3, 2]).reshape([6, 1]), ["reshape"]]],
    kept: [matrix.reshape([6]).exp().reshape([3, 2])],
  },
  stepOfFewRows: {
    changed: [
      [table.sub(table.zerosLike().apply(indexAdd, [named, newRows], { axis: 0 }).mul(tensor(0.3))), ["rowStep"]],
    ],
    kept: [
      table.sub(table.zerosLike().apply(indexAdd, [named, newRows], { axis: 0 }).mul(table)),
      table.sub(table.zerosLike().add(1).apply(indexAdd, [named, newRows], { axis: 0 }).mul(tensor(0.3))),
      table.sub(
        table
          .zerosLike()
          .apply(indexAdd, [named, newRows], { axis: 0 })
          .mul(tensor([[[0.3]]])),
      ),
      newRows.sub(newRows.zerosLike().apply(indexAdd, [named, newRows], { axis: 0 }).mul(tensor(0.3))),
    ],
  },
  negationOfNegation: {
    changed: [
      [matrix.neg().neg(), []],
      [matrix.neg().neg().neg(), ["neg"]],
    ],
    kept: [matrix.neg().exp().neg()],
  },
  negatedTerm: {
    changed: [
      [matrix.add(row.neg()), ["sub"]],
      [row.neg().add(matrix), ["sub"]],
      [matrix.sub(wide.neg()), ["add"]],
      [row.neg().add(matrix.neg()), ["neg", "sub"]],
    ],
    kept: [matrix.neg().sub(row), matrix.mul(row.neg()), matrix.sub(row)],
  },
  factorOfProduct: {
    changed: [
      [matrix.mul(2).mul(1 / 6), ["mul"]],
      [tensor(1 / 6).mul(matrix.mul(2).mul(3)), ["mul"]],
      [matrix.neg().mul(3), ["mul"]],
      [matrix.mul(3).neg(), ["mul"]],
      [matrix.mul(tensor(3).reshape([1, 1]).expand([2, 3])).mul(0.5), ["mul"]],
    ],
    kept: [
      matrix.mul(row).mul(2),
      matrix.mul(1e30).mul(1e30),
      matrix.mul(1e-30).mul(1e-30),
      matrix.mul(2).div(3),
      tensor(2).mul(3).mul(matrix),
      tensor([3, -4], { dtype: "int64" }).mul(2).mul(3),
    ],
  },
  sumOfPieces: {
    // Padding by nothing is left to another rule.
    changed: [
      [matrix.pad(1, 0, 3).add(matrix.pad(1, 3, 0)), ["concat", "pad"]],
      [matrix.pad(0, 2, 1).add(row.pad(0, 4, 0)), ["concat", "pad"]],
      [
        matrix
          .pad(0, 3, 0)
          .add(row.pad(0, 0, 4))
          .add(matrix.pad(0, 1, 2)),
        ["concat", "pad"],
      ],
      [row.pad(0, 2, 0).add(row.pad(0, 0, 2).add(row.pad(0, 1, 1))), ["concat", "pad"]],
    ],
    kept: [
      matrix.pad(1, 0, 1).add(matrix.pad(1, 1, 0)),
      matrix.pad(1, 0, 4).add(matrix.pad(1, 4, 0)),
      row.pad(0, 0, 1).add(matrix.slice(1, 0, 2).pad(1, 1, 0)),
      matrix.padAll([0, 0], [0, 3], 5).add(matrix.pad(1, 3, 0)),
      matrix.padAll([0, 0], [2, 3]).add(matrix.padAll([2, 3], [0, 0])),
    ],
  },
  easyPower: {
    changed: [
      [matrix.pow(1), []],
      [matrix.pow(2), ["mul"]],
      [row.pow(0.5), ["sqrt"]],
      [tensor([3, -4], { dtype: "int64" }).pow(2), ["mul"]],
    ],
    kept: [matrix.pow(3), row.pow(-0.5), tensor(3).pow(tensor([1, 1])), row.pow(tensor([1, 2, 1]))],
  },
  neutralOperand: {
    changed: [
      [matrix.add(0).sub(0).mul(1).div(1), []],
      [tensor(1).mul(matrix), []],
      [tensor(0).add(matrix), []],
      [matrix.mul(matrix.onesLike()), []],
      [matrix.add(tensor(0).reshape([1, 1]).expand([2, 3])), []],
      [tensor(1).reshape([1, 1]).mul(tensor(3)), ["reshape"]],
    ],
    kept: [
      matrix.add(1),
      matrix.mul(0),
      tensor(0).sub(matrix),
      tensor(1).div(matrix),
      row.mul(tensor(1).reshape([1, 1]).expand([2, 3])),
    ],
  },
  repeatedOperand: {
    changed: [
      [matrix.mul(row.expand([2, 3])), ["mul"]],
      [row.expand([2, 3]).sub(matrix), ["sub"]],
      [wide.expand([2, 3]).add(row.expand([2, 3])), ["add"]],
      [matrix.gt(0).where(row.expand([2, 3]), wide.expand([2, 3])), ["gt", "where"]],
      [matrix.lt(row.expand([2, 3])), ["lt"]],
    ],
    kept: [row.add(row.expand([2, 3])), row.expand([2, 3]).prelu(tensor([2])), row.expand([2, 3]).exp()],
  },
  transposedFactor: {
    changed: [
      [matrix.t().matmul(matrix), ["gemm"]],
      [matrix.matmul(row.t()), ["gemm"]],
      [matrix.t().product(wide.t(), false, true), ["gemm"]],
      [matrix.t().linear(wide.t(), tensor([3])), ["gemm"]],
    ],
    kept: [matrix.matmul(row.exp().product(row, true, false)), matrix.unsqueeze(0).transpose(1, 2).matmul(matrix)],
  },
  reductionOfOne: {
    changed: [
      [row.sum(0), ["reshape"]],
      [wide.max([1], true), ["reshape"]],
      [row.mean(0), ["reshape"]],
      [wide.prod(1), ["reshape"]],
      [row.min(0), ["reshape"]],
    ],
    kept: [row.sum(), matrix.max(0)],
  },
  castOfExpand: {
    changed: [[row.expand([2, 3]).to("int64"), ["cast", "expand"]]],
    kept: [row.to("int64").expand([2, 3])],
  },
  castOfNumber: {
    changed: [
      [tensor(2.75).to("int64").add(1), ["add"]],
      [tensor([3]).to("bool"), []],
    ],
    kept: [tensor([1, 2]).to("bool"), wide.slice(0, 1).to("int64")],
  },
};

/** The values as they come without any rule, by an op that none looks at. */
const valuesOf = async (outputs: readonly Tensor[]) => {
  const results = await evaluate(outputs.map((output) => output.clone()));
  return results.map((data) => Array.from(data, Number));
};

describe.each(Object.entries(rules))("%s", (name, rule) => {
  const given = Object.entries(examples).find(([each]) => each === name)?.[1];
  const { changed = [], kept = [] } = given ?? {};
  const only = (output: Tensor) => simplify([output], new Map(), [rule])[0] ?? output;

  test("changes what it is for, and nothing of its shape, type and values", async () => {
    expect(changed.length).toBeGreaterThan(0);
    for (const [written, ops] of changed) {
      const simpler = only(written);
      expect(opsOf(simpler)).toEqual(ops);
      expect([simpler.shape, simpler.dtype]).toEqual([written.shape, written.dtype]);
      const [asWritten, simplified] = await valuesOf([opaque(written), simpler]);
      expect(simplified).toEqual(asWritten);
    }
  });

  test("leaves alone what is not so", () => {
    expect(kept.length).toBeGreaterThan(0);
    for (const written of kept) expect(only(written)).toBe(written);
  });
});

/** The same computation with a clone behind every op, which hides from rules what is before it. */
function opaque(output: Tensor): Tensor {
  const hidden = new Map<Tensor, Tensor>();
  for (const each of topologicalOrder([output])) {
    const [first, ...others] = each.inputs.map((input) => hidden.get(input) ?? input);
    const again = each.op === undefined || first === undefined ? each : first.apply(each.op, others, each.attributes);
    hidden.set(each, again.clone());
  }
  return hidden.get(output) ?? output;
}

test("rules meet: what one leaves, another takes", () => {
  const loss = matrix.reshape([6]).add(0).reshape([2, 3]).neg().mul(1).neg().expand([2, 3]);
  expect(simplify([loss])).toEqual([matrix]);
});

test("a graph that is simplified already stays, and what graphs share is simplified once", () => {
  const known = new Map<Tensor, Tensor>();
  const shared = matrix.add(0).exp();
  const [first] = simplify([shared.neg()], known);
  const [second] = simplify([shared.sqrt()], known);
  expect(first?.inputs[0]).toBe(second?.inputs[0]);
  expect(simplify(first === undefined ? [] : [first], known)[0]).toBe(first);
});

test("deep graphs neither exhaust the stack nor take time that grows with their square", async () => {
  let y: Tensor = matrix;
  for (let depth = 0; depth < 10_000; depth++) y = y.neg().add(0).neg().reshape([6]).reshape([2, 3]).tanh();
  let simpler = y;
  const seconds = await processorSeconds(() => {
    [simpler = y] = simplify([y]);
  });
  expect(seconds).toBeLessThan(5);
  expect(opsOf(simpler)).toEqual(Array.from({ length: 10_000 }, () => "tanh"));
});

test("gradients are those of what was written", async () => {
  const dtype: DType = "float32";
  const zero = tensor(0, { dtype });
  const power = tensor(2, { dtype });
  const base = parameter(Float32Array.of(1, 2, 4), [3]);
  const gradients = grad(base.pow(power).add(zero).sum(), [zero, power, base]);
  const [ofZero, ofPower, ofBase] = await evaluate(gradients.filter((gradient) => gradient !== undefined));
  expect(ofZero).toEqual(Float32Array.of(3));
  expect(ofPower?.[0]).toBeCloseTo(4 * Math.log(2) + 16 * Math.log(4), 4);
  expect(ofBase).toEqual(Float32Array.of(2, 4, 8));
});
