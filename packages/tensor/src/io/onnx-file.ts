import type { DType } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { topologicalOrder } from "../graph/order.ts";
import { GraphWriter, modelBytes, NameSource, type Port } from "../onnx/graph-writer.ts";
import type { Device } from "../runtime/device.ts";
import type { Shape } from "../shape.ts";
import { input, type Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { writeWhole } from "./write-whole.ts";

/** An input of an exported model; the first size is the batch's and is left open. */
export interface OnnxInput {
  readonly shape: Shape;
  readonly dtype?: DType;
}

export interface OnnxExport {
  /** Inputs by name. */
  readonly inputs: Readonly<Record<string, OnnxInput>>;
  /** Builds the outputs, by name, from the inputs. Modules must be in evaluation mode. */
  readonly build: (inputs: (name: string) => Tensor) => Readonly<Record<string, Tensor>>;
  /** Names of parameters and buffers in the file; others are numbered. */
  readonly names?: ReadonlyMap<Variable, string>;
}

/** Operator set of exported files: old enough for readers that are a few years old. */
const opset = 17;
/** Stands for the batch size while the graph is built. */
const tracedBatch = 7919;

/**
 * The bytes of an ONNX model that runs anywhere, with its weights inside and the batch size left open.
 *
 * @param device where it will run, if that is known: some lack kernels that others have
 * @throws TensorError where a size that depends on the batch is part of a constant
 */
export function onnxModel({ inputs, build, names = new Map() }: OnnxExport, device: Device = "cpu"): Uint8Array {
  const open = (shape: Shape) => [tracedBatch, ...shape.slice(1)];
  const leaves = new Map(
    Object.entries(inputs).map(([name, { shape, dtype = "float32" }]) => [name, input(name, open(shape), dtype)]),
  );
  const [first] = leaves.keys();
  if (first === undefined) throw new TensorError("TENSOR_VALUE", "a model needs at least one input");
  const outputs = Object.entries(
    build((name) => {
      const leaf = leaves.get(name);
      if (leaf === undefined)
        throw new TensorError(
          "TENSOR_VALUE",
          `the model has no input ${name}; it has ${[...leaves.keys()].join(", ")}`,
        );
      return leaf;
    }),
  );
  const openBatch = { traced: tracedBatch, input: first };
  const writer = new GraphWriter({ opset, names: new NameSource(), device, openBatch });
  for (const [name, leaf] of leaves) writer.bind(leaf, name);
  let unnamed = 0;
  for (const tensor of topologicalOrder(outputs.map(([, output]) => output))) {
    if (tensor instanceof Variable) {
      const name = names.get(tensor) ?? `variable${unnamed++}`;
      writer.initializer(name, tensor.value, tensor.shape);
      writer.bind(tensor, name);
    } else if (tensor.source.kind === "constant" && tensor.shape.some(isOpen)) {
      throw new TensorError(
        "TENSOR_VALUE",
        `a constant of shape [${tensor.shape.map(showSize)}] depends on the batch size, which the file leaves open; make it with zerosLike, newFull or expand`,
      );
    }
  }
  const written = writer.write(outputs.map(([, output]) => output));
  for (const [index, [name]] of outputs.entries()) writer.addNode("Identity", [written[index] ?? ""], [name]);
  const port = (name: string, { shape, dtype }: Tensor): Port => ({
    name,
    dtype,
    shape: shape.map((length) => (isOpen(length) ? showSize(length) : length)),
  });
  const graph = writer.graph(
    "model",
    Array.from(leaves, ([name, leaf]) => port(name, leaf)),
    outputs.map(([name, output]) => port(name, output)),
  );
  return modelBytes(graph, opset);
}

/** Writes `onnxModel` to a file, which appears when it is complete. */
export async function saveOnnx(path: string, model: OnnxExport): Promise<void> {
  await writeWhole(path, onnxModel(model));
}

function isOpen(length: number): boolean {
  return length > 0 && length % tracedBatch === 0;
}

/** "batch", "4*batch"; a size that depends on the batch has a name in the file. */
function showSize(length: number): string {
  if (!isOpen(length)) return String(length);
  return length === tracedBatch ? "batch" : `${length / tracedBatch}*batch`;
}
