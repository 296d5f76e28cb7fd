/** The form of a loop for graphics devices: on the processor it computes what the other form does. */
import { expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { trace } from "../graph/trace.ts";
import { dropoutMask } from "../ops/random.ts";
import { rand, randint, randn } from "../random/draws.ts";
import { Generator } from "../random/generator.ts";
import { checkDevice } from "../runtime/check-device.ts";
import { parseDevice } from "../runtime/device.ts";
import { input } from "../tensor.ts";
import { type Carried, compileLoop, type Entry, type Executor, type Loop, planLoop } from "./loop.ts";
import { compileScan } from "./scan.ts";
import { compileSteps } from "./steps.ts";

interface Run {
  readonly table: Float32Array;
  readonly row: Int32Array;
  readonly factor: Float32Array;
}

test("steps one after the other give what the loop gives, whatever their number", async () => {
  const table: Entry<Run> = { tensor: input("table", [4, 3], "float32"), array: (run) => run.table, length: () => 5 };
  const row: Entry<Run> = { tensor: input("row", [], "int32"), array: (run) => run.row };
  const factor: Entry<Run> = { tensor: input("factor", [2], "float32"), array: (run) => run.factor };
  const sumBefore = input("sum", [3], "float32");
  const countBefore = input("count", [], "int64");
  const next = sumBefore.mul(0.5).add(table.tensor.indexSelect(0, row.tensor).mul(factor.tensor.sum()));
  const sum: Carried<Run> = { tensor: sumBefore, array: () => Float32Array.of(1, 2, 3), next };
  const count: Carried<Run> = { tensor: countBefore, array: () => BigInt64Array.of(7n), next: countBefore.add(1) };
  const mask = sumBefore.apply(dropoutMask, [], { id: 0, shape: [6], p: 0.5 });
  const loop: Loop<Run> = {
    name: "test",
    parts: [
      { fixed: [table], perStep: [row, factor] },
      { carried: [sum, count], randomKeys: new Map([[0, [row.tensor, row.tensor]]]) },
    ],
    collected: { largest: next.max(), all: next.exp(), mask, again: mask },
  };
  const [scan, steps] = await Promise.all([
    compileLoop(planLoop(loop), compileScan),
    compileLoop(planLoop(loop), (graph) => compileSteps(graph, "cpu")),
  ]);
  for (const length of [1, 2, 8, 19]) {
    const generator = new Generator(length);
    const run: Run = {
      table: Float32Array.from({ length: 15 }, () => generator.normal()),
      row: Int32Array.from({ length }, () => generator.integer(0, 5)),
      factor: Float32Array.from({ length: 2 * length }, () => generator.normal()),
    };
    const options = { steps: length };
    const [expected, actual] = await Promise.all([scan.run(run, options), steps.run(run, options)]);
    expect(actual.last(count)).toEqual(BigInt64Array.of(7n + BigInt(length)));
    expect(Object.keys(actual.collected)).toEqual(["largest", "all", "mask", "again"]);
    for (const [one, other] of [
      [actual.last(sum), expected.last(sum)],
      ...Object.keys(expected.collected).map((name) => [actual.collected[name], expected.collected[name]] as const),
    ]) {
      expect(one?.length).toBe(other?.length);
      for (const [index, value] of Array.from(other ?? [], Number).entries())
        expect(Number(one?.[index])).toBeCloseTo(value, 5);
    }
  }
  scan.release();
  steps.release();
});

test("both forms draw the same bits, other ones in each step of a call", async () => {
  const half = (name: string, factor: number): Entry<unknown> => ({
    tensor: input(name, [], "int32"),
    array: () => Int32Array.from({ length: 8 }, (_, step) => factor * step),
  });
  const [first, second] = [half("first", 3), half("second", -5)];
  const { result: collected } = trace(() => ({ uniform: rand([4]), normal: randn([2, 2]), whole: randint(0, 9, [4]) }));
  const keys = [first.tensor, second.tensor] as const;
  const loop: Loop<unknown> = {
    name: "test",
    parts: [{ perStep: [first, second], randomKeys: new Map([0, 1, 2].map((id) => [id, keys])) }],
    collected,
  };
  const run = async (executor: Executor) => {
    const program = await compileLoop(planLoop(loop), executor);
    const result = await program.run({}, { steps: 8 });
    program.release();
    return result.collected;
  };
  const drawn = await run(compileScan);
  expect(await run((graph) => compileSteps(graph, "cpu"))).toEqual(drawn);
  for (const name of ["uniform", "normal"]) expect(new Set(Array.from(drawn[name] ?? [], Number)).size).toBe(32);
  expect(drawn.whole).toHaveLength(32);
});

test("names of devices are read, others refused", () => {
  expect(["cpu", "webgpu", "cuda:0", "cuda:12"].map(parseDevice)).toEqual(["cpu", "webgpu", "cuda:0", "cuda:12"]);
  for (const wrong of ["gpu", "cuda", "cuda:x", ""])
    expect(() => parseDevice(wrong)).toThrow(/is no device; devices are cpu/);
});

test("what is no device computes nothing, and is not taken for another", async () => {
  const check = checkDevice(JSON.parse('"tpu"'));
  await expect(check).rejects.toThrow('"tpu" is no device; devices are cpu, webgpu, cuda:0');
  await expect(check).rejects.toThrow(TensorError);
});

test("cuda:0 computes, or its error says what is missing", async () => {
  const missing = await checkDevice("cuda:0").then(
    () => undefined,
    (error: unknown) => error,
  );
  if (missing === undefined) return;
  expect(missing).toBeInstanceOf(TensorError);
  expect(missing).toMatchObject({ message: expect.stringMatching(/the device cuda:0 cannot be used: .*libraries/s) });
});
