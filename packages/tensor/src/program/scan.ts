/** The form of a loop for the processor: an ONNX model whose only node is a Scan. */
import { allocate } from "../dtype.ts";
import { topologicalOrder } from "../graph/order.ts";
import { GraphWriter, NameSource } from "../onnx/graph-writer.ts";
import { modelBytes, type Port } from "../onnx/model-proto.ts";
import { convolution } from "../ops/convolution.ts";
import { channelBlock } from "../runtime/channel-block.ts";
import { createSession } from "../runtime/session.ts";
import { sizeOf } from "../shape.ts";
import { carriesMuch, compileInPlace } from "./in-place.ts";
import type { Executable, LoopGraph, LoopInput, NamedFeed } from "./loop.ts";
import {
  byName,
  latestModels,
  outputName,
  ownOutputs,
  portOf,
  programOpset,
  randomKeyOf,
  writeStep,
} from "./onnx-step.ts";

/** States of no more elements, 1 MB, are given new arrays in each call: it takes less time, and no memory that counts. */
const mostSmall = 2 ** 18;

export async function compileScan(graph: LoopGraph, threads = 1): Promise<Executable> {
  const block = hasImages(graph) ? await channelBlock() : 0;
  if (carriesMuch(graph)) return compileInPlace(graph, block, threads);
  const { model, bytes, nodes } = modelOf(graph, () => emitScan(graph, block));
  const session = await createSession(model, bytes, { nodes, threads });
  const isSmall = graph.carried.reduce((sum, { tensor }) => sum + tensor.numel, 0) <= mostSmall;
  return {
    async run({ fixed, carried, perStep, steps, overwrite = false }) {
      const feeds = byName([...fixed, ...carried, ...perStep]);
      // A Scan reads what it starts from in its first step, and writes what it ends with in its last: in the same arrays,
      // if these are two steps. In one step what comes out has the binding's arrays, which it makes anyway: with others
      // beside them a call took up to half as long again, and a state more of memory.
      if (isSmall || (overwrite && steps === 1)) {
        const outputs = await session.run(feeds);
        // Left to the garbage collector, states of calls of one step would have it run all the time.
        if (overwrite) for (const { data } of carried) if (data.buffer instanceof ArrayBuffer) data.buffer.transfer(0);
        return (index) => outputs[outputName(index)];
      }
      const into = carried.map(
        ({ data, shape, dtype }, index): NamedFeed => ({
          name: outputName(index),
          data: overwrite ? data : allocate(dtype, sizeOf(shape)),
          shape,
          dtype,
        }),
      );
      const outputs = await session.run(feeds, byName(into));
      return (index) => outputs[outputName(index)];
    },
    release: () => session.release(),
  };
}

/** Asking for the size of a block is a program of its own, which others are spared. */
function hasImages({ results }: LoopGraph): boolean {
  return topologicalOrder(results).some(({ op }) => op === convolution);
}

const modelOf = latestModels<ScanModel>();

interface ScanModel {
  readonly model: Uint8Array;
  /** Bound of the memory that running it takes. */
  readonly bytes: number;
  readonly nodes: number;
}

function emitScan(graph: LoopGraph, channelBlock: number): ScanModel {
  const { name, fixed, carried, perStep, results } = graph;
  const names = new NameSource();
  const writer: GraphWriter = new GraphWriter({
    opset: programOpset,
    names,
    channelBlock,
    randomKey: randomKeyOf(() => writer, graph),
  });
  // Inside the loop the carried and per-step values have names of their own: an inner name may not hide an outer one.
  const looped = [...carried, ...perStep];
  const inStep = ({ name: outside }: LoopInput) => `step.${outside}`;
  for (const each of fixed) writer.bind(each.tensor, each.name);
  for (const each of looped) writer.bind(each.tensor, inStep(each));
  const outputs = ownOutputs(writer, writeStep(writer, graph), "step");
  const body = writer.graph(
    `${name}.step`,
    looped.map((each) => ({ ...portOf(each), name: inStep(each) })),
    outputs,
  );
  const outer = new GraphWriter({ opset: programOpset, names });
  outer.addNode(
    "Scan",
    looped.map((each) => each.name),
    results.map((_, index) => outputName(index)),
    { body, num_scan_inputs: perStep.length },
  );
  const overSteps = (port: Port): Port => ({ ...port, shape: ["steps", ...port.shape] });
  const model = outer.graph(
    name,
    [...fixed.map(portOf), ...carried.map(portOf), ...perStep.map(portOf).map(overSteps)],
    outputs.map((port, index) => {
      const outside = { ...port, name: outputName(index) };
      return index < carried.length ? outside : overSteps(outside);
    }),
  );
  return { model: modelBytes(model, programOpset), bytes: writer.intermediateBytes, nodes: writer.nodes };
}
