import { platform } from "#platform";
import type { TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { topologicalOrder } from "../graph/order.ts";
import { GraphWriter, NameSource } from "../onnx/graph-writer.ts";
import { modelBytes, type Port } from "../onnx/model-proto.ts";
import { defaultGenerator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import type { Device } from "./device.ts";
import { evaluateOnWasm } from "./evaluate-wasm.ts";
import { isExact } from "./exact.ts";
import { knownValue } from "./known-value.ts";
import { createSession, type Feed } from "./session.ts";

const opset = 18;
/** Larger constants are fed, so that models stay small and one compiled program serves other data of that shape. */
const maxEmbeddedBytes = 1024;

/**
 * Computes tensors together: what they share is computed once. Random ops draw their keys from the default generator.
 *
 * @returns the elements of each, in row-major order
 */
export async function evaluate(tensors: readonly Tensor[], device: Device = "cpu"): Promise<readonly TypedArray[]> {
  const order = topologicalOrder(tensors);
  for (const { source } of order) {
    if (source.kind === "input")
      throw new TensorError("TENSOR_RUNTIME", `the input "${source.name}" has no value outside a program`);
  }
  const isOnWasm = platform.onnxRuntime === undefined || (device === "cpu" && isExact(tensors, order));
  if (isOnWasm) return evaluateOnWasm(tensors, order, defaultGenerator());
  const feeds: Record<string, Feed> = {};
  const ports: Port[] = [];
  const addInput = (name: string, feed: Feed) => {
    feeds[name] = feed;
    ports.push({ name, shape: feed.shape, dtype: feed.dtype });
  };
  const randomIds = new Map<number, number>();
  for (const tensor of order) {
    if (tensor.randomId !== undefined) randomIds.set(tensor.randomId, randomIds.size);
  }
  const writer = new GraphWriter({
    opset,
    names: new NameSource(),
    device,
    randomKey(id) {
      const index = randomIds.get(id);
      return [`key${index}a`, `key${index}b`];
    },
  });
  for (const [index, tensor] of order.entries()) {
    const name = `in${index}`;
    const data = knownValue(tensor);
    const isEmbedded = tensor.source.kind === "constant" && data !== undefined && data.byteLength <= maxEmbeddedBytes;
    if (data === undefined || isEmbedded) continue;
    writer.bind(tensor, name);
    addInput(name, { data, shape: tensor.shape, dtype: tensor.dtype });
  }
  for (const index of randomIds.values()) {
    for (const half of ["a", "b"])
      addInput(`key${index}${half}`, { data: Int32Array.of(defaultGenerator().uint32()), shape: [], dtype: "int32" });
  }
  const names = writer.write(tensors);
  // An output may be an input or appear twice: give each a node and a name of its own.
  const outputs = tensors.map(({ shape, dtype }, index) => ({ name: `out${index}`, shape, dtype }));
  for (const [index, name] of names.entries()) writer.addNode("Identity", [name], [`out${index}`]);
  const model = modelBytes(writer.graph("evaluate", ports, outputs), opset);
  const session = await createSession(model, writer.intermediateBytes, { device, nodes: writer.nodes });
  const results = await session.run(feeds).finally(() => session.release());
  return outputs.map(({ name }) => {
    const data = results[name];
    if (data === undefined) throw new TensorError("TENSOR_RUNTIME", `the computation gave no ${name}`);
    return data;
  });
}
