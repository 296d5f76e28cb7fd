/** What ONNX models consist of, as far as we write it, and the fields that onnx.proto gives each part. */
import type { DType } from "../dtype.ts";
import type { OnnxAttribute } from "../ops/op.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";
import { onnxType } from "./types.ts";

export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  /** Constants. */
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

export interface NodeProto {
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute | GraphProto>>;
}

export interface TensorProto {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly bytes: Uint8Array;
}

/** An input or output of a graph; a named size is known only when the program runs. */
export interface Port {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly dtype: DType;
  /** A list of such tensors. */
  readonly isList?: true;
}

/** The bytes of a model file. */
export function modelBytes(graph: GraphProto, opset: number): Uint8Array {
  const model = new ProtobufWriter();
  model.int(1, 8); // ir_version
  model.text(2, "@ml-mosaic/tensor"); // producer_name
  model.message(7, (to) => writeGraph(to, graph));
  for (const domain of new Set(["", "com.microsoft", ...domainsOf(graph)]))
    model.message(8, (to) => {
      if (domain !== "") to.text(1, domain);
      to.int(2, domain === "" ? opset : 1);
    });
  return model.toBytes();
}

/** The operator sets of the nodes, also of those in graphs inside. */
function domainsOf({ nodes }: GraphProto): readonly string[] {
  return nodes.flatMap(({ domain, attributes }) => [
    domain,
    ...Object.values(attributes).flatMap((value) =>
      typeof value === "object" && "nodes" in value ? domainsOf(value) : [],
    ),
  ]);
}

function writeGraph(to: ProtobufWriter, { name, nodes, initializers, inputs, outputs }: GraphProto): void {
  for (const node of nodes) to.message(1, (inner) => writeNode(inner, node));
  to.text(2, name);
  for (const tensor of initializers) to.message(5, (inner) => writeTensor(inner, tensor));
  for (const port of inputs) to.message(11, (inner) => writePort(inner, port));
  for (const port of outputs) to.message(12, (inner) => writePort(inner, port));
}

function writeNode(to: ProtobufWriter, { opType, domain, inputs, outputs, attributes }: NodeProto): void {
  for (const input of inputs) to.text(1, input);
  for (const output of outputs) to.text(2, output);
  to.text(3, outputs[0] ?? ""); // name
  to.text(4, opType);
  for (const [name, value] of Object.entries(attributes)) to.message(5, (inner) => writeAttribute(inner, name, value));
  if (domain !== "") to.text(7, domain);
}

/** A field for each type of value, without it where it is 0 or empty; the last one says which it is. */
function writeAttribute(to: ProtobufWriter, name: string, value: OnnxAttribute | GraphProto): void {
  const type = 20;
  to.text(1, name);
  if (typeof value === "number") {
    if (value !== 0) to.int(3, value);
    to.int(type, 2);
  } else if (typeof value === "string") {
    if (value !== "") to.text(4, value);
    to.int(type, 3);
  } else if ("float" in value) {
    if (!Object.is(value.float, 0)) to.float(2, value.float);
    to.int(type, 1);
  } else if ("strings" in value) {
    for (const text of value.strings) to.text(9, text);
    to.int(type, 8);
  } else if ("nodes" in value) {
    to.message(6, (inner) => writeGraph(inner, value));
    to.int(type, 5);
  } else {
    to.ints(8, value);
    to.int(type, 7);
  }
}

function writeTensor(to: ProtobufWriter, { name, shape, dtype, bytes }: TensorProto): void {
  to.ints(1, shape);
  to.int(2, onnxType[dtype]); // data_type
  to.text(8, name);
  to.bytes(9, bytes); // raw_data
}

function writePort(to: ProtobufWriter, { name, shape, dtype, isList }: Port): void {
  const writeTensorType = (type: ProtobufWriter) =>
    type.message(1, (tensor) => {
      tensor.int(1, onnxType[dtype]); // elem_type
      tensor.message(2, (sizes) => {
        for (const length of shape)
          sizes.message(1, (size) => (typeof length === "number" ? size.int(1, length) : size.text(2, length)));
      });
    });
  to.text(1, name);
  to.message(2, (type) => {
    if (isList === true) type.message(4, (sequence) => sequence.message(1, writeTensorType));
    else writeTensorType(type);
  });
}
