/** The operators of an ONNX file, in their order: a table of a model's layers. */
import type { ModelLayers, TensorShape } from "../wire/answers.ts";

/** A field of a message of Protocol Buffers: a number, or what it is as bytes. */
type Field = number | Uint8Array;

/** Fields of the messages that are read, by their numbers in onnx.proto. */
const fields = {
  model: { graph: 7 },
  graph: { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13 },
  node: { input: 1, output: 2, name: 3, operator: 4 },
  tensor: { dimensions: 1, type: 2, name: 8 },
  value: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dimension: 1 },
  dimension: { value: 1, parameter: 2 },
} as const;

const elementTypes = [
  "",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
];

type Message = ReadonlyMap<number, readonly Field[]>;

/** @throws RangeError for bytes that are no such message */
function readMessage(bytes: Uint8Array): Message {
  const message = new Map<number, Field[]>();
  let at = 0;
  const varint = () => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || factor > 2 ** 63) throw new RangeError("the file is no ONNX model");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  };
  const piece = (length: number) => {
    if (at + length > bytes.length) throw new RangeError("the file is no ONNX model, or its end is missing");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const [number, kind] = [Math.floor(tag / 8), tag % 8];
    const field =
      kind === 0 ? varint() : kind === 1 ? piece(8) : kind === 2 ? piece(varint()) : kind === 5 ? piece(4) : undefined;
    if (field === undefined) throw new RangeError("the file is no ONNX model");
    message.set(number, [...(message.get(number) ?? []), field]);
  }
  return message;
}

const piecesOf = (message: Message, number: number) =>
  (message.get(number) ?? []).filter((field) => field instanceof Uint8Array);
const messagesOf = (message: Message, number: number) => piecesOf(message, number).map(readMessage);
const textsOf = (message: Message, number: number) =>
  piecesOf(message, number).map((bytes) => new TextDecoder().decode(bytes));
const numberOf = (message: Message, number: number) =>
  (message.get(number) ?? []).find((field) => typeof field === "number") ?? 0;

export function modelLayers(bytes: Uint8Array): ModelLayers {
  const [graph] = messagesOf(readMessage(bytes), fields.model.graph);
  if (graph === undefined) throw new RangeError("the file is an ONNX model without a graph");
  const sizes = new Map(
    messagesOf(graph, fields.graph.initializer).map((tensor) => [
      textsOf(tensor, fields.tensor.name)[0] ?? "",
      sizeOf(tensor),
    ]),
  );
  const shapesOf = (number: number) => messagesOf(graph, number).map(shapeOf);
  const [inputs, outputs, known] = [fields.graph.input, fields.graph.output, fields.graph.valueInfo].map(shapesOf);
  const shapes = new Map([...(known ?? []), ...(outputs ?? [])].map(({ name, shape }) => [name, shape]));
  // A tensor that several operators share counts with the first.
  const counted = new Set<string>();
  const layers = messagesOf(graph, fields.graph.node).map((node) => {
    const own = textsOf(node, fields.node.input).filter((name) => sizes.has(name) && !counted.has(name));
    for (const name of own) counted.add(name);
    const [output = ""] = textsOf(node, fields.node.output);
    const shape = shapes.get(output);
    return {
      name: textsOf(node, fields.node.name)[0] || output,
      operator: textsOf(node, fields.node.operator)[0] ?? "",
      output: shape === undefined ? "" : shape.join(" × "),
      parameters: own.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0),
    };
  });
  return { inputs: (inputs ?? []).filter(({ name }) => !sizes.has(name)), outputs: outputs ?? [], layers };
}

function sizeOf(tensor: Message): number {
  const dimensions = (tensor.get(fields.tensor.dimensions) ?? []).flatMap((field) =>
    typeof field === "number" ? [field] : packed(field),
  );
  return dimensions.reduce((product, size) => product * size, 1);
}

/** Whole numbers one after the other, as newer writers put lists of them. */
function packed(bytes: Uint8Array): readonly number[] {
  const numbers: number[] = [];
  let [value, factor] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte >= 0x80) continue;
    numbers.push(value);
    [value, factor] = [0, 1];
  }
  return numbers;
}

function shapeOf(value: Message): TensorShape {
  const [name = ""] = textsOf(value, fields.value.name);
  const tensor = messagesOf(value, fields.value.type).flatMap((type) => messagesOf(type, fields.type.tensor))[0];
  if (tensor === undefined) return { name, type: "", shape: [] };
  const shape = messagesOf(tensor, fields.tensorType.shape)
    .flatMap((each) => messagesOf(each, fields.shape.dimension))
    .map(
      (dimension) => textsOf(dimension, fields.dimension.parameter)[0] ?? numberOf(dimension, fields.dimension.value),
    );
  return { name, type: elementTypes[numberOf(tensor, fields.tensorType.element)] ?? "", shape };
}
