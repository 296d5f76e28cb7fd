/**
 * ONNX Runtime's binding for Node copies each output, also what was written to its place: of a training's state that takes 1.2 ms of
 * the processor's time a megabyte, and once more its memory. It takes the outputs in their order, when all is computed, and
 * refuses what is no tensor. So of a model whose first output is a list nothing is copied.
 */
import { messageOf } from "@ml-mosaic/base";
import type { GraphWriter } from "../onnx/graph-writer.ts";
import type { Port } from "../onnx/model-proto.ts";

const name = "uncopied";

/** Writes the output that has to be the first one of a model, of which all others are written to places that a run is given. */
export function addUncopied(writer: GraphWriter): Port {
  writer.addNode("SequenceConstruct", [writer.constant(Float32Array.of(0), [1])], [name]);
  return { name, shape: [1], dtype: "float32", isList: true };
}

/** Whether an error says that a run of such a model has come to its end. */
export function isEnd(error: unknown): boolean {
  return messageOf(error).includes("Non tensor type is temporarily not supported");
}
