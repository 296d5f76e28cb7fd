import { expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { GraphWriter, NameSource } from "../onnx/graph-writer.ts";
import { modelBytes } from "../onnx/model-proto.ts";
import { createSession, type Feed } from "./session.ts";
import { addUncopied } from "./uncopied.ts";

/** A model that adds `value` to x [1]. */
function adding(value: number): Uint8Array {
  const writer = new GraphWriter({ opset: 18, names: new NameSource() });
  writer.addNode("Add", ["x", writer.constant(Float32Array.of(value), [1])], ["y"]);
  const port = (name: string) => ({ name, shape: [1], dtype: "float32" as const });
  return modelBytes(writer.graph("adding", [port("x")], [port("y")]), 18);
}

const x: Feed = { data: Float32Array.of(1), shape: [1], dtype: "float32" };

test("a model that cannot be compiled fails for everyone, and can be tried again", async () => {
  const bad = Uint8Array.of(1, 2, 3);
  const attempts = await Promise.allSettled([createSession(bad, 8), createSession(bad, 8)]);
  for (const attempt of attempts)
    expect(attempt).toMatchObject({ status: "rejected", reason: { code: "TENSOR_RUNTIME" } });
  await expect(createSession(bad, 8)).rejects.toThrow(TensorError);
});

test("a run that has started finishes, although its session is released meanwhile and pushed out", async () => {
  const session = await createSession(adding(0.5), 8);
  // Enough unused models that came later: this one goes as soon as it is released.
  for (let value = 100; value < 140; value++) (await createSession(adding(value), 8)).release();
  const running = [session.run({ x }), session.run({ x })];
  session.release();
  session.release();
  for (const result of await Promise.all(running)) expect(result.y).toEqual(Float32Array.of(1.5));
  await expect(session.run({ x })).rejects.toThrow(/released/);
});

test("runs that have started finish, and write where they are told to and nowhere else, although the session is released meanwhile", async () => {
  const writer = new GraphWriter({ opset: 18, names: new NameSource() });
  const port = { shape: [2 ** 20], dtype: "float32" as const };
  const end = addUncopied(writer);
  writer.addNode("Add", ["x", writer.constant(Float32Array.of(1), [1])], ["y"]);
  const graph = writer.graph("counting", [{ name: "x", ...port }], [end, { name: "y", ...port }]);
  const session = await createSession(modelBytes(graph, 18), 8);
  const data = new Float32Array(2 ** 20);
  const runs = Array.from({ length: 4 }, () => ({ feeds: { x: { ...port, data } }, into: { y: { ...port, data } } }));
  const before = process.memoryUsage().arrayBuffers;
  const running = session.runEach(runs);
  session.release();
  await running;
  expect(new Set(data)).toEqual(new Set([4]));
  // An array has 4 MB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  await expect(session.runEach(runs)).rejects.toThrow(/released/);
});

test("of runs that fail the reason is said", async () => {
  const writer = new GraphWriter({ opset: 18, names: new NameSource() });
  const end = addUncopied(writer);
  writer.addNode("Gather", ["x", "at"], ["y"]);
  const port = (name: string, dtype: "float32" | "int32") => ({ name, shape: [1], dtype });
  const graph = writer.graph("gathering", [port("x", "float32"), port("at", "int32")], [end, port("y", "float32")]);
  const session = await createSession(modelBytes(graph, 18), 8);
  const at: Feed = { data: Int32Array.of(5), shape: [1], dtype: "int32" };
  await expect(
    session.runEach([{ feeds: { x, at }, into: { y: { ...x, data: Float32Array.of(0) } } }]),
  ).rejects.toThrow(/an index is 5, which is outside/);
  session.release();
});

test("users of one model do not take it from each other", async () => {
  const [first, second] = await Promise.all([createSession(adding(0.25), 8), createSession(adding(0.25), 8)]);
  first.release();
  for (let value = 200; value < 240; value++) (await createSession(adding(value), 8)).release();
  expect((await second.run({ x })).y).toEqual(Float32Array.of(1.25));
  second.release();
  const again = await createSession(adding(0.25), 8);
  expect((await again.run({ x })).y).toEqual(Float32Array.of(1.25));
  again.release();
});

test("feeds that do not fit are a TensorError", async () => {
  const session = await createSession(adding(1), 8);
  await expect(session.run({})).rejects.toThrow(TensorError);
  await expect(session.run({ x: { ...x, shape: [2] } })).rejects.toThrow(TensorError);
  await expect(session.run({ x: { data: Uint8Array.of(1), shape: [1], dtype: "float32" } })).rejects.toThrow(/float32/);
  session.release();
});

/** A model that needs 64 MB on its way to a scalar. */
function wasteful(value: number): Uint8Array {
  const writer = new GraphWriter({ opset: 18, names: new NameSource() });
  const shape = writer.constant(BigInt64Array.of(2n ** 24n), [1]);
  const wide = writer.node("Expand", [writer.node("Add", ["x", writer.constant(Float32Array.of(value), [1])]), shape]);
  writer.addNode("ReduceMax", [wide], ["y"], { keepdims: 1 });
  const port = (name: string) => ({ name, shape: [1], dtype: "float32" as const });
  return modelBytes(writer.graph("wasteful", [port("x")], [port("y")]), 18);
}

test("unused sessions that hold much memory are let go", async () => {
  const before = process.memoryUsage().rss;
  for (let value = 0; value < 12; value++) {
    const session = await createSession(wasteful(value), 2 ** 26);
    expect((await session.run({ x })).y?.[0]).toBeCloseTo(value + 1, 3);
    session.release();
  }
  // Kept, they would hold 768 MB.
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(400);
});
