/** What the forms of a loop have in common that ONNX Runtime executes. */
import { Latest } from "@ml-mosaic/base";
import type { GraphWriter, GraphWriterOptions } from "../onnx/graph-writer.ts";
import type { Port } from "../onnx/model-proto.ts";
import type { Value } from "../ops/op.ts";
import type { Feed } from "../runtime/session.ts";
import type { LoopGraph, LoopInput, NamedFeed } from "./loop.ts";
import { loopKey } from "./loop-key.ts";

/** Operator set of programs that only this process runs. */
export const programOpset = 18;

/** A model with large constants is written anew. */
const mostModelBytes = 2 ** 20;

/** Keeps the models of the latest loops: writing one takes longer than training a small network for a step. */
export function latestModels<Model extends { readonly model: Uint8Array }>(): (
  graph: LoopGraph,
  write: () => Model,
) => Model {
  const models = new Latest<Model>(32);
  return (graph, write) => models.for(loopKey(graph), write, ({ model }) => model.byteLength <= mostModelBytes);
}

/** The name of a result outside the loop. */
export function outputName(index: number): string {
  return `out${index}`;
}

/** Finds the values that key a random op, in a graph where the tensors that stand for them are bound. */
export function randomKeyOf(
  writer: () => GraphWriter,
  { randomKeys }: LoopGraph,
): NonNullable<GraphWriterOptions["randomKey"]> {
  return (id) => {
    const key = randomKeys.get(id);
    return key && [writer().nameOf(key[0]), writer().nameOf(key[1])];
  };
}

/** Writes a step whose entries are bound; gives its results. */
export function writeStep(writer: GraphWriter, { computed, results }: LoopGraph): readonly Value[] {
  for (const [variable, tensor] of computed) for (const value of writer.write([tensor])) writer.bind(variable, value);
  return results.flatMap((tensor) => {
    const { shape, dtype } = tensor;
    return writer.write([tensor]).map((name): Value => ({ name, shape, dtype }));
  });
}

/** Ports that each have a value of this graph of their own: what has none, or shares it, is copied. */
export function ownOutputs(writer: GraphWriter, values: readonly Value[], prefix: string): readonly Port[] {
  const taken = new Set<string>();
  return values.map((value, index): Port => {
    if (writer.computes(value.name) && !taken.has(value.name)) {
      taken.add(value.name);
      return value;
    }
    const copy = `${prefix}.out${index}`;
    writer.addNode("Identity", [value.name], [copy]);
    return { ...value, name: copy };
  });
}

export function portOf({ name, tensor: { shape, dtype }, isOpen }: LoopInput): Port {
  return { name, dtype, shape: isOpen ? [`${name}.length`, ...shape.slice(1)] : shape };
}

/** One feed for each name. */
export function byName(feeds: readonly NamedFeed[]): Readonly<Record<string, Feed>> {
  return Object.fromEntries(feeds.map((feed) => [feed.name, feed]));
}
