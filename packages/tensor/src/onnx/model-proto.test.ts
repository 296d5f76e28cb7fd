import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ModelProtoSchema } from "../../test/onnx_pb.ts";
import { type GraphProto, modelBytes } from "./model-proto.ts";

const long = "n".repeat(300);
const body: GraphProto = {
  name: "body",
  nodes: [{ opType: "Identity", domain: "", inputs: ["s"], outputs: ["t"], attributes: {} }],
  initializers: [],
  inputs: [{ name: "s", shape: [], dtype: "bool" }],
  outputs: [{ name: "t", shape: [0, "batch"], dtype: "uint8" }],
};
const graph: GraphProto = {
  name: "größe",
  nodes: [
    {
      opType: "Many",
      domain: "com.microsoft",
      inputs: ["a", "", long],
      outputs: ["b", "c"],
      attributes: {
        zero: 0,
        one: 1,
        negative: -3,
        large: 2 ** 40,
        text: "text",
        empty: "",
        half: { float: 0.5 },
        nothing: { float: 0 },
        negativeZero: { float: -0 },
        infinite: { float: Number.NEGATIVE_INFINITY },
        list: [1, -1, 0, 127, 128, 2 ** 33],
        none: [],
        words: { strings: ["tanh", "", "sigmoid"] },
        body,
      },
    },
  ],
  initializers: [
    { name: "scalar", shape: [], dtype: "int64", bytes: new Uint8Array(8) },
    { name: long, shape: [3, 100], dtype: "float32", bytes: Uint8Array.from({ length: 1200 }, (_, index) => index) },
  ],
  inputs: [{ name: "a", shape: ["batch", 2, 128], dtype: "float32" }],
  outputs: [{ name: "b", shape: [1], dtype: "int32" }],
};

test("a model is what the library of Protocol Buffers reads, and writes as the same bytes", () => {
  const bytes = modelBytes(graph, 17);
  const model = fromBinary(ModelProtoSchema, bytes);
  expect(Buffer.from(toBinary(ModelProtoSchema, model)).equals(bytes)).toBe(true);
  expect(model.graph?.node[0]?.input).toEqual(["a", "", long]);
  expect(model.graph?.node[0]?.attribute.map(({ name }) => name)).toEqual(
    Object.keys(graph.nodes[0]?.attributes ?? {}),
  );
  const attribute = (wanted: string) => model.graph?.node[0]?.attribute.find(({ name }) => name === wanted);
  expect(attribute("negative")?.i).toBe(-3n);
  expect(attribute("large")?.i).toBe(2n ** 40n);
  expect(attribute("list")?.ints).toEqual([1n, -1n, 0n, 127n, 128n, 2n ** 33n]);
  expect(attribute("negativeZero")?.f).toBe(-0);
  expect(attribute("infinite")?.f).toBe(Number.NEGATIVE_INFINITY);
  expect(attribute("words")?.strings.map((each) => new TextDecoder().decode(each))).toEqual(["tanh", "", "sigmoid"]);
  expect(attribute("body")?.g?.node[0]?.opType).toBe("Identity");
  expect(model.graph?.initializer[1]?.rawData).toEqual(graph.initializers[1]?.bytes);
});
