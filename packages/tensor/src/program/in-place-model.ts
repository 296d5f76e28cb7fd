/** The model of one step that writes what is carried over itself. */
import { elementAt } from "../element-at.ts";
import { topologicalOrder } from "../graph/order.ts";
import { GraphWriter, NameSource } from "../onnx/graph-writer.ts";
import { type GraphProto, modelBytes, type Port } from "../onnx/model-proto.ts";
import { onnxType } from "../onnx/types.ts";
import type { Value } from "../ops/op.ts";
import { addUncopied } from "../runtime/uncopied.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { blockableSizes, type InPlaceUpdate, inPlaceUpdate } from "./in-place-update.ts";
import type { LoopGraph } from "./loop.ts";
import { outputName, ownOutputs, portOf, programOpset, randomKeyOf } from "./onnx-step.ts";

export interface InPlaceModel extends Pick<InPlaceUpdate, "isInPlace"> {
  readonly model: Uint8Array;
  /** Bound of the memory that running it takes. */
  readonly bytes: number;
  readonly nodes: number;
  /** Of each result, as the model gives it. */
  readonly shapes: readonly Shape[];
}

/** The input that says that values may be written. It is true; but that is not known before the model runs. */
export const permission: Port = { name: "mayWrite", shape: [], dtype: "bool" };

/**
 * All passes are made over about so many elements before the next ones: what lies between passes takes little memory, and stays in the
 * processor's cache. Of a step of an MLP of 2 million parameters SGD took 1.03 times as long with blocks of a quarter of this.
 */
const blockElements = 2 ** 16;

/**
 * All that changes what is carried is the branch of one If, which begins when the rest of the step is done: nobody reads what is
 * written over. What the other branch names has to be there before too.
 */
export function writeInPlace(graph: LoopGraph, channelBlock: number): InPlaceModel {
  const { name, fixed, carried, perStep, computed, results } = graph;
  const writer: GraphWriter = new GraphWriter({
    opset: programOpset,
    names: new NameSource(),
    channelBlock,
    randomKey: randomKeyOf(() => writer, graph),
  });
  const entries = [...fixed, ...carried, ...perStep];
  for (const { tensor, name } of entries) writer.bind(tensor, name);
  for (const [variable, tensor] of computed) for (const value of writer.write([tensor])) writer.bind(variable, value);
  const simpler = writer.simplified(results);
  const old = carried.map(({ tensor }) => tensor);
  const next = simpler.slice(0, carried.length);
  const collected = simpler.slice(carried.length);
  const changes = old.map((tensor, index) => ({ old: tensor, next: elementAt(next, index) }));
  const update = inPlaceUpdate(changes, collected, computed);
  writer.write(update.before);
  const sizes = blockableSizes(next, update);
  const isBlockable = (tensor: Tensor) => update.passes.has(tensor) && sizes.has(tensor.numel);
  const shapes = next.map((tensor) => (isBlockable(tensor) ? blocksOf(tensor) : tensor.shape));
  const ports = next.map(
    ({ dtype }, index): Port => ({ name: outputName(index), shape: elementAt(shapes, index), dtype }),
  );
  const names = ports.map(({ name }) => name);
  const then_branch = writer.within(() => writeUpdate(writer, update, next, shapes));
  const else_branch = writer.within(() => keepOld(writer, old, collected, shapes));
  if (names.length > 0) writer.addNode("If", [permission.name], names, { then_branch, else_branch });
  const reported = collected.map((tensor, index): Port => {
    const output = outputName(next.length + index);
    writer.addNode("Identity", [writer.nameOf(tensor)], [output]);
    return { name: output, shape: tensor.shape, dtype: tensor.dtype };
  });
  const model = writer.graph(name, [permission, ...entries.map(portOf)], [addUncopied(writer), ...ports, ...reported]);
  return {
    model: modelBytes(model, programOpset),
    bytes: writer.intermediateBytes,
    nodes: writer.nodes,
    isInPlace: update.isInPlace,
    shapes: [...shapes, ...collected.map(({ shape }) => shape)],
  };
}

/** A value's shape as blocks of equal size; its own where there are none. */
function blocksOf({ numel, shape }: Tensor): Shape {
  const fewest = Math.ceil(numel / blockElements);
  for (let count = fewest; fewest > 1 && count < 4 * fewest; count++)
    if (numel % count === 0) return [count, numel / count];
  return shape;
}

/** The branch that is taken. */
function writeUpdate(
  writer: GraphWriter,
  { passes }: InPlaceUpdate,
  next: readonly Tensor[],
  shapes: readonly Shape[],
): GraphProto {
  const isInBlocks = (index: number) => elementAt(shapes, index) !== elementAt(next, index).shape;
  const all = [...next.keys()];
  const written = new Map<number, Port>();
  for (const places of Map.groupBy(all.filter(isInBlocks), (index) => elementAt(next, index).numel).values()) {
    const values = places.map((index) => elementAt(next, index));
    const outputs = writeBlocks(writer, passes, values, elementAt(shapes, elementAt(places, 0)));
    for (const [position, index] of places.entries()) written.set(index, elementAt(outputs, position));
  }
  const whole = all.filter((index) => !isInBlocks(index));
  const values = whole.map((index) => elementAt(next, index));
  const outputs = ownOutputs(writer, valuesOf(writer, values), "write");
  for (const [position, index] of whole.entries()) written.set(index, elementAt(outputs, position));
  return writer.graph(
    "write",
    [],
    all.flatMap((index) => written.get(index) ?? []),
    [],
  );
}

/** Values of one size, block by block: ONNX Runtime gives a Scan its slices, and takes them from it, without copies. */
function writeBlocks(
  writer: GraphWriter,
  passes: ReadonlySet<Tensor>,
  values: readonly Tensor[],
  blocks: Shape,
): readonly Port[] {
  const own = topologicalOrder(values).filter((tensor) => passes.has(tensor));
  const inputs = [...new Set(own.flatMap((pass) => pass.inputs))].filter(
    (tensor) => !passes.has(tensor) && tensor.numel > 1,
  );
  const [, ...block] = blocks;
  const slices = inputs.map(({ dtype }): Port => ({ name: writer.names.next("block"), shape: block, dtype }));
  const body = writer.within(() => {
    for (const [index, tensor] of inputs.entries()) writer.bind(tensor, elementAt(slices, index).name);
    const results = ownOutputs(writer, valuesOf(writer, values), `${elementAt(slices, 0).name}.write`);
    return writer.graph(
      "block",
      slices,
      results.map((port) => ({ ...port, shape: block })),
      [],
    );
  });
  const shape = writer.shape(blocks);
  const given = inputs.map((tensor) => writer.node("Reshape", [writer.nameOf(tensor), shape]));
  const outputs = values.map(({ dtype }): Port => ({ name: writer.names.next("v"), shape: blocks, dtype }));
  writer.addNode(
    "Scan",
    given,
    outputs.map(({ name }) => name),
    { body, num_scan_inputs: given.length },
  );
  return outputs;
}

/** The branch that is never taken. */
function keepOld(
  writer: GraphWriter,
  old: readonly Tensor[],
  awaited: readonly Tensor[],
  shapes: readonly Shape[],
): GraphProto {
  const kept = old.map((tensor, index) => {
    const shape = elementAt(shapes, index);
    const name = writer.node("Reshape", [writer.nameOf(tensor), writer.shape(shape)]);
    return { name, shape, dtype: tensor.dtype };
  });
  const outputs = kept.map((port, index) => {
    if (index > 0) return port;
    const converted = awaited.map((tensor) =>
      writer.node("Cast", [writer.nameOf(tensor)], { to: onnxType[port.dtype] }),
    );
    const list = writer.node("SequenceConstruct", [port.name, ...converted]);
    return { ...port, name: writer.node("SequenceAt", [list, writer.constant(BigInt64Array.of(0n), [])]) };
  });
  return writer.graph("keep", [], outputs, []);
}

function valuesOf(writer: GraphWriter, tensors: readonly Tensor[]): readonly Value[] {
  return writer.write(tensors).map((name, index) => {
    const { shape, dtype } = elementAt(tensors, index);
    return { name, shape, dtype };
  });
}
