import { expect, test } from "vitest";
import { fromArray } from "../creation.ts";
import { input } from "../tensor.ts";
import { compileWasm } from "./executor.ts";

const compile = (size: number) => {
  const x = input("x", [size], "float32");
  const weight = fromArray(
    Float32Array.from({ length: size }, (_, index) => index + 1),
    [size],
  );
  return compileWasm({
    name: "test",
    fixed: [{ name: "x", tensor: x, isOpen: false }],
    carried: [],
    perStep: [],
    computed: [],
    randomKeys: new Map(),
    // The constant, and what is put down on the way, lie in the memory of an instance.
    results: [x.mul(weight).sum(), x.softmax(0)],
  });
};
const resultsOf = async (program: Awaited<ReturnType<typeof compile>>, values: readonly number[]) => {
  const results = await program.run(feed(values));
  return [results(0), results(1)];
};
const feed = (values: readonly number[]) => ({
  fixed: [{ name: "x", data: Float32Array.from(values), dtype: "float32" as const, shape: [values.length] }],
  carried: [],
  perStep: [],
  steps: 1,
});

test("a program has the bits of a first one, whatever those before it have left", async () => {
  const first = await compile(3);
  const fresh = await resultsOf(first, [1, 2, 3]);
  expect(fresh[0]).toEqual(Float32Array.of(14));
  // While the first is in use another one has a memory of its own.
  const second = await compile(3);
  const other = await resultsOf(second, [Number.NaN, Number.POSITIVE_INFINITY, -7]);
  expect(await resultsOf(first, [1, 2, 3])).toEqual(fresh);
  for (const program of [first, second]) program.release();
  for (let round = 0; round < 10; round++) {
    const program = await compile(3);
    expect(await resultsOf(program, [1, 2, 3])).toEqual(fresh);
    expect(await resultsOf(program, [Number.NaN, Number.POSITIVE_INFINITY, -7])).toEqual(other);
    program.release();
    program.release();
  }
});

test("a program that was released is refused, and its memory is another's", async () => {
  const program = await compile(2);
  program.release();
  await expect(program.run(feed([1, 2]))).rejects.toThrow("test: the program was released");
});

test("every NaN that leaves a program is the same one", async () => {
  const patterns = Uint32Array.of(0x7fc00000, 0xffc00000, 0x7fc12345, 0xffffffff, 0x7f812345, 0x3f800000);
  const entry = (name: string) => ({ name, tensor: input(name, [patterns.length], "float32"), isOpen: false });
  const [x, state] = [entry("x"), entry("state")];
  const program = await compileWasm({
    name: "test",
    fixed: [x],
    carried: [state],
    perStep: [],
    computed: [],
    randomKeys: new Map(),
    // Some of them are made, some only moved, one by one and four at a time.
    results: [state.tensor.neg(), x.tensor, x.tensor.neg(), x.tensor.sub(x.tensor).div(0), x.tensor.sqrt().neg()],
  });
  const feed = ({ name }: { readonly name: string }) => {
    const data = new Float32Array(patterns.slice().buffer);
    return { name, data, dtype: "float32" as const, shape: [patterns.length] };
  };
  for (const overwrite of [false, true]) {
    const results = await program.run({ fixed: [feed(x)], carried: [feed(state)], perStep: [], steps: 3, overwrite });
    const arrays = [0, 1, 2, 3, 4].map((index) => results(index));
    const bits = arrays.flatMap((array) => [...new Uint32Array(array?.buffer ?? new ArrayBuffer())]);
    expect(bits.length).toBe(patterns.length * (1 + 3 * 4));
    expect(new Set(bits.filter((each) => (each & 0x7fffffff) > 0x7f800000))).toEqual(new Set([0x7fc00000]));
  }
});

test("a program that needs more memory than there are addresses says so", async () => {
  const x = input("x", [2 ** 30 + 1], "float32");
  const entry = { name: "x", tensor: x, isOpen: false };
  const graph = { name: "test", fixed: [entry], carried: [], perStep: [], computed: [], randomKeys: new Map() };
  await expect(compileWasm({ ...graph, results: [x.sum()] })).rejects.toThrow(
    "this program needs 4097 MB, and the executor wasm has room for 4096. Take the executor onnx",
  );
});
