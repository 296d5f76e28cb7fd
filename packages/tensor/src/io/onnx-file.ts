import type { DType } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { topologicalOrder } from "../graph/order.ts";
import { trace } from "../graph/trace.ts";
import { FileWriter, showSize } from "../onnx/file-writer.ts";
import { modelBytes, type Port } from "../onnx/model-proto.ts";
import { draws } from "../ops/random.ts";
import type { Device } from "../runtime/device.ts";
import type { Shape } from "../shape.ts";
import { input, Tensor } from "../tensor.ts";
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
  /**
   * What the file has of random numbers: inputs after the others, called `rand`, `randn` or `randint` and numbered from the
   * second on, in the order of their drawing; or nodes such as RandomNormalLike, with which whoever runs the file draws.
   */
  readonly random?: "inputs" | "nodes";
}

/** Operator set of exported files: old enough for readers that are a few years old. */
const opset = 17;
/**
 * Batch sizes for which a model is built and written, to see what changes with the size. Large primes, which are hardly
 * another size too; where one is, the next ones are tried.
 */
const triedBatches = [
  [7919, 7927, 7933],
  [104_729, 104_743, 104_759],
] as const;

/**
 * The bytes of an ONNX model that runs anywhere, with its weights inside and the batch size left open.
 *
 * @param device where it will run, if that is known: some lack kernels that others have
 * @throws TensorError where something else than a shape depends on the batch size
 */
export function onnxModel(model: OnnxExport, device: Device = "cpu"): Uint8Array {
  return openModel(model, device).bytes;
}

/** The model of `onnxModel`, and the inputs that stand for random numbers, by name; their sizes are those of one batch. */
export function openModel(
  model: OnnxExport,
  device: Device = "cpu",
): { readonly bytes: Uint8Array; readonly noise: ReadonlyMap<string, Tensor> } {
  let difference: string | undefined;
  for (const [first, second, third] of triedBatches) {
    const one = writeFor(first, model, device, []);
    const two = writeFor(second, model, device, [one]);
    const three = writeFor(third, model, device, [one, two]);
    difference = two.writer.difference ?? three.writer.difference;
    if (difference === undefined) return { bytes: modelBytes(graphOf(three, [one, two]), opset), noise: three.noise };
  }
  throw new TensorError(
    "TENSOR_VALUE",
    `${difference} depends on the batch size, which the file leaves open; make it from the input, with zerosLike, newFull, expand or reductions`,
  );
}

/** A model as it came out for one batch size. */
interface Written {
  readonly writer: FileWriter;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly noise: ReadonlyMap<string, Tensor>;
  readonly outputs: readonly (readonly [string, Tensor])[];
}

function writeFor(
  batch: number,
  { inputs: given, build, names = new Map(), random = "inputs" }: OnnxExport,
  device: Device,
  others: readonly Written[],
): Written {
  const inputs = new Map(
    Object.entries(given).map(([name, { shape, dtype = "float32" }]) => [
      name,
      input(name, [batch, ...shape.slice(1)], dtype),
    ]),
  );
  const [first] = inputs.keys();
  if (first === undefined) throw new TensorError("TENSOR_VALUE", "a model needs at least one input");
  const inputNamed = (name: string) => {
    const found = inputs.get(name);
    if (found !== undefined) return found;
    const known = [...inputs.keys()].join(", ");
    throw new TensorError("TENSOR_VALUE", `the model has no input ${name}; it has ${known}`);
  };
  const outputs = Object.entries(trace(() => build(inputNamed)).result);
  const missing = outputs.filter(([, output]) => !(output instanceof Tensor)).map(([name]) => name);
  if (outputs.length === 0 || missing.length > 0) {
    const what = outputs.length === 0 ? "no outputs" : `no tensor for ${missing.join(", ")}`;
    throw new TensorError("TENSOR_VALUE", `build gives ${what}; it must give a tensor for each name of an output`);
  }
  const writer = new FileWriter({ opset, device, batch, input: first, others: others.map((other) => other.writer) });
  for (const [name, tensor] of inputs) writer.bind(tensor, name);
  const order = topologicalOrder(outputs.map(([, output]) => output));
  const noise = random === "inputs" ? noiseInputs(order, inputs) : new Map<string, Tensor>();
  for (const [name, tensor] of noise) writer.bind(tensor, name);
  let unnamed = 0;
  for (const tensor of order) {
    if (!(tensor instanceof Variable)) continue;
    const name = names.get(tensor) ?? `variable${unnamed++}`;
    writer.initializer(name, tensor.value, tensor.shape, tensor.dtype);
    writer.bind(tensor, name);
  }
  const written = writer.write(outputs.map(([, output]) => output));
  for (const [index, [name]] of outputs.entries()) writer.addNode("Identity", [elementAt(written, index)], [name]);
  return { writer, inputs: new Map([...inputs, ...noise]), noise, outputs };
}

/** Names for the tensors that draw, which the names of other inputs leave free. */
function noiseInputs(order: readonly Tensor[], taken: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  const noise = new Map<string, Tensor>();
  const drawing = order.filter(({ op }) => draws.has(op));
  for (const tensor of drawing.toSorted((a, b) => (a.randomId ?? 0) - (b.randomId ?? 0))) {
    const name = tensor.op?.name ?? "";
    let free = name;
    for (let number = 1; taken.has(free) || noise.has(free); number++) free = `${name}${number}`;
    noise.set(free, tensor);
  }
  return noise;
}

function graphOf({ writer, inputs, outputs }: Written, others: readonly Written[]) {
  const port = (name: string, { shape, dtype }: Tensor, otherShapes: readonly Shape[]): Port => {
    const open = writer.openShape(shape, otherShapes) ?? shape;
    return { name, dtype, shape: open.map((size) => (typeof size === "number" ? size : showSize(size))) };
  };
  const shapeOf = (found: Tensor | undefined): Shape => found?.shape ?? [];
  return writer.graph(
    "model",
    Array.from(inputs, ([name, tensor]) =>
      port(
        name,
        tensor,
        others.map((other) => shapeOf(other.inputs.get(name))),
      ),
    ),
    outputs.map(([name, tensor], index) =>
      port(
        name,
        tensor,
        others.map((other) => shapeOf(other.outputs[index]?.[1])),
      ),
    ),
  );
}

/** Writes `onnxModel` to a file, which appears when it is complete. */
export async function saveOnnx(path: string, model: OnnxExport): Promise<void> {
  await writeWhole(path, onnxModel(model));
}
