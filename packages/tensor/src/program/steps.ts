/** The form of a loop for devices that run none: some steps one after the other in one model, called again and again. */
import { allocate, dtypeOf, setPart, type TypedArray } from "../dtype.ts";
import { GraphWriter, NameSource } from "../onnx/graph-writer.ts";
import { modelBytes, type Port } from "../onnx/model-proto.ts";
import type { Device } from "../runtime/device.ts";
import { createSession, type Session } from "../runtime/session.ts";
import { sizeOf } from "../shape.ts";
import { Compiled } from "./compiled.ts";
import type { Executable, LoopFeeds, LoopGraph, LoopOutputs, NamedFeed } from "./loop.ts";
import { byName, outputName, portOf, programOpset, randomKeyOf, writeStep } from "./onnx-step.ts";
import { compileTransfer, releaseAll, type Transfer, type Values } from "./transfer.ts";

/** Steps of one call: what is collected comes back once for so many. */
const unrolled = 8;

/** The same computation as `compileScan`, step by step; the bits may differ, as kernels may. */
export async function compileSteps(graph: LoopGraph, device: Device): Promise<Executable> {
  // Where values can stay on the device, the state does from step to step.
  const resident = device === "webgpu" ? graph.carried.map((_, index) => outputName(index)) : [];
  const sessions = new Compiled((count: number) => {
    const { model, bytes, nodes } = emitSteps(graph, count, device);
    return createSession(model, bytes, { device, resident, nodes });
  });
  // What cannot be compiled is known at once.
  await sessions.for(1);
  const transfer = await compileTransfer(graph, device);
  return {
    run: (feeds) => runSteps(graph, feeds, sessions, transfer),
    release() {
      transfer.release();
      sessions.release();
    },
  };
}

function emitSteps(
  graph: LoopGraph,
  count: number,
  device: Device,
): { model: Uint8Array; bytes: number; nodes: number } {
  const { name, fixed, carried, perStep, results } = graph;
  const writer: GraphWriter = new GraphWriter({
    opset: programOpset,
    names: new NameSource(),
    device,
    randomKey: randomKeyOf(() => writer, graph),
  });
  const state = new Map(carried.map((each) => [each, each.name]));
  const rows = results.slice(carried.length).map((): string[] => []);
  for (let index = 0; index < count; index++) {
    writer.forget();
    for (const each of fixed) writer.bind(each.tensor, each.name);
    for (const [{ tensor }, value] of state) writer.bind(tensor, value);
    const which = writer.constant(BigInt64Array.of(BigInt(index)), []);
    for (const each of perStep) writer.bind(each.tensor, writer.node("Gather", [each.name, which], { axis: 0 }));
    for (const [position, { name: value, shape }] of writeStep(writer, graph).entries()) {
      const input = carried[position];
      if (input !== undefined) state.set(input, value);
      else rows[position - carried.length]?.push(writer.node("Reshape", [value, writer.shape([1, ...shape])]));
    }
  }
  for (const [index, value] of [...state.values()].entries()) writer.addNode("Identity", [value], [outputName(index)]);
  for (const [index, values] of rows.entries())
    writer.addNode("Concat", values, [outputName(carried.length + index)], { axis: 0 });
  const overSteps = (port: Port): Port => ({ ...port, shape: [count, ...port.shape] });
  const model = writer.graph(
    name,
    [...fixed.map(portOf), ...carried.map(portOf), ...perStep.map(portOf).map(overSteps)],
    results.map(({ shape, dtype }, index) => {
      const port = { name: outputName(index), shape, dtype };
      return index < carried.length ? port : overSteps(port);
    }),
  );
  return { model: modelBytes(model, programOpset), bytes: writer.intermediateBytes, nodes: writer.nodes };
}

async function runSteps(
  { results }: LoopGraph,
  { fixed, carried, perStep, steps }: LoopFeeds,
  sessions: Compiled<number, Session>,
  transfer: Transfer,
): Promise<LoopOutputs> {
  const given = await transfer.toDevice(byName([...fixed, ...carried]));
  const part = (feeds: readonly NamedFeed[]) => {
    const names = new Set(feeds.map(({ name }) => name));
    return Object.fromEntries(Object.entries(given).filter(([name]) => names.has(name)));
  };
  const constant = part(fixed);
  let state: Values = part(carried);
  const collected = new Map<number, TypedArray>();
  try {
    for (let done = 0; done < steps; ) {
      const count = steps - done >= unrolled ? unrolled : 1;
      const session = await sessions.for(count);
      const now = byName(perStep.map((feed) => stepsOf(feed, done, count)));
      const { arrays, resident } = await session.runResident({ ...constant, ...state, ...now });
      const before = state;
      state = Object.fromEntries(
        carried.map(({ name, shape, dtype }, index) => {
          const output = outputName(index);
          return [name, resident[output] ?? { data: arrays[output] ?? allocate(dtype, 0), shape, dtype }];
        }),
      );
      releaseAll(before);
      for (let index = carried.length; index < results.length; index++) {
        const data = arrays[outputName(index)];
        if (data === undefined) continue;
        const size = data.length / count;
        const all = collected.get(index) ?? allocate(dtypeOf(data), size * steps);
        setPart(all, data, done * size);
        collected.set(index, all);
      }
      done += count;
    }
    const last = await transfer.toArrays(state);
    return (index) => {
      const feed = carried[index];
      return feed === undefined ? collected.get(index) : last[feed.name];
    };
  } finally {
    releaseAll({ ...constant, ...state });
  }
}

/** Some of the steps of something that has another value in each. */
function stepsOf({ name, data, shape: [, ...shape], dtype }: NamedFeed, from: number, count: number): NamedFeed {
  const size = sizeOf(shape);
  return { name, data: data.subarray(from * size, (from + count) * size), shape: [count, ...shape], dtype };
}
