import { platform } from "#platform";
import type { TypedArray } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { type Unknown, unknownOf } from "../graph/known-value.ts";
import { simplify } from "../graph/simplify.ts";
import { substitute } from "../graph/substitute.ts";
import { GraphWriter, NameSource } from "../onnx/graph-writer.ts";
import { modelBytes, type Port } from "../onnx/model-proto.ts";
import { defaultGenerator } from "../random/generator.ts";
import { input, type Tensor } from "../tensor.ts";
import type { Device } from "./device.ts";
import { evaluateOnWasm } from "./evaluate-wasm.ts";
import { isExact } from "./exact.ts";
import { createSession, type Feed } from "./session.ts";

const opset = 18;

/**
 * Computes tensors together: what they share is computed once. Random ops draw their keys from the default generator.
 *
 * @returns the elements of each, in row-major order
 */
export async function evaluate(tensors: readonly Tensor[], device: Device = "cpu"): Promise<readonly TypedArray[]> {
  // Before numbers become inputs: what is simple depends on some of them.
  const simpler = simplify(tensors);
  const unknown = unknownOf(simpler);
  const { order, known } = unknown;
  for (const { source } of order) {
    if (source.kind === "input")
      throw new TensorError("TENSOR_RUNTIME", `the input "${source.name}" has no value outside a program`);
  }
  const wanted = simpler.filter((tensor) => !known.has(tensor));
  const isOnWasm = platform.onnxRuntime === undefined || (device === "cpu" && isExact(unknown));
  const computed =
    wanted.length === 0
      ? []
      : isOnWasm
        ? await evaluateOnWasm(wanted, unknown, defaultGenerator())
        : await evaluateOnOnnx(wanted, unknown, device);
  let next = 0;
  // Of what is known a copy: variables change.
  return simpler.map((tensor) => known.get(tensor)?.slice() ?? elementAt(computed, next++));
}

async function evaluateOnOnnx(
  tensors: readonly Tensor[],
  { order, known }: Unknown,
  device: Device,
): Promise<readonly TypedArray[]> {
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
  // Fed, not written into the model, which then serves other data of these shapes.
  const places = new Map<Tensor, Tensor>();
  for (const [tensor, data] of known) {
    const { shape, dtype } = tensor;
    const name = `in${places.size}`;
    const place = input(name, shape, dtype);
    places.set(tensor, place);
    writer.bind(place, name);
    addInput(name, { data, shape, dtype });
  }
  for (const index of randomIds.values()) {
    for (const half of ["a", "b"])
      addInput(`key${index}${half}`, { data: Int32Array.of(defaultGenerator().uint32()), shape: [], dtype: "int32" });
  }
  const names = writer.write(substitute(tensors, places));
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
