/** The form of a loop for devices that run none: some steps one after the other in one model, called again and again. */
import type { TypedArray } from "../dtype.ts";
import { allocate, dtypeOf } from "../dtype.ts";
import { GraphWriter, modelBytes, NameSource, type Port } from "../onnx/graph-writer.ts";
import type { Device } from "../runtime/device.ts";
import { createSession, type Feed, type Session } from "../runtime/session.ts";
import { sizeOf } from "../shape.ts";
import {
  buildStep,
  type Entry,
  feedOf,
  type LoopParts,
  type LoopProgram,
  loopResult,
  outputOf,
  programOpset,
  stepsOf,
  writeStep,
} from "./loop.ts";
import { compileTransfer, releaseAll, type Transfer, type Values } from "./transfer.ts";

/** Steps of one call: what is collected comes back once for so many. */
const unrolled = 8;

/** The same computation as `compileScan`, step by step; the bits may differ, as kernels may. */
export async function compileSteps(parts: LoopParts, device: Device): Promise<LoopProgram> {
  const sessions = new Map<number, Promise<Session>>();
  // Where values can stay on the device, the state does from step to step.
  const resident = device === "webgpu" ? parts.carried.map(({ name }) => outputOf.carried(name)) : [];
  const sessionFor = (count: number) => {
    const known = sessions.get(count);
    if (known !== undefined) return known;
    const { model, bytes } = emitSteps(parts, count, device);
    const session = createSession(model, bytes, { device, resident });
    sessions.set(count, session);
    return session;
  };
  // What cannot be compiled is known at once.
  await sessionFor(1);
  const transfer = await compileTransfer(parts, device);
  return {
    run: (feeds) => runSteps(parts, feeds, sessionFor, transfer),
    release() {
      transfer.release();
      for (const session of sessions.values()) {
        session.then(
          (ready) => ready.release(),
          () => undefined,
        );
      }
    },
  };
}

function emitSteps(parts: LoopParts, count: number, device: Device): { model: Uint8Array; bytes: number } {
  const { name, fixed, carried, perStep, randomKey } = parts;
  const step = buildStep(parts);
  const writer: GraphWriter = new GraphWriter({
    opset: programOpset,
    names: new NameSource(),
    device,
    randomKey(id) {
      const [first, second] = randomKey(id);
      return [writer.nameOf(step.leaf(first)), writer.nameOf(step.leaf(second))];
    },
  });
  const collected = new Map<string, string[]>();
  let state: readonly string[] = carried.map((entry) => entry.name);
  for (let index = 0; index < count; index++) {
    writer.forget();
    for (const entry of fixed) writer.bind(step.leaf(entry.name), entry.name);
    for (const [position, entry] of carried.entries())
      writer.bind(step.leaf(entry.name), state[position] ?? entry.name);
    const which = writer.constant(BigInt64Array.of(BigInt(index)), []);
    for (const entry of perStep)
      writer.bind(step.leaf(entry.name), writer.node("Gather", [entry.name, which], { axis: 0 }));
    const written = writeStep(writer, step);
    state = written.slice(0, carried.length);
    for (const [position, [output, { shape }]] of step.results.slice(carried.length).entries()) {
      const value = written[carried.length + position] ?? "";
      const row = writer.node("Reshape", [value, writer.shape([1, ...shape])]);
      collected.set(output, [...(collected.get(output) ?? []), row]);
    }
  }
  for (const [position, entry] of carried.entries())
    writer.addNode("Identity", [state[position] ?? ""], [outputOf.carried(entry.name)]);
  for (const [output, rows] of collected) writer.addNode("Concat", rows, [output], { axis: 0 });
  const overSteps = (port: Port): Port => ({ ...port, shape: [count, ...port.shape] });
  const ports = step.results.map(([output, { shape, dtype }], index): Port => {
    const port = { name: output, shape, dtype };
    return index < carried.length ? port : overSteps(port);
  });
  const given = fixed.map(
    (entry): Port =>
      entry.openLength ? { ...entry, shape: [`${entry.name}.length`, ...entry.shape.slice(1)] } : entry,
  );
  const graph = writer.graph(name, [...given, ...carried, ...perStep.map(overSteps)], ports);
  return { model: modelBytes(graph, programOpset), bytes: writer.intermediateBytes };
}

async function runSteps(
  parts: LoopParts,
  feeds: Readonly<Record<string, Feed>>,
  sessionFor: (count: number) => Promise<Session>,
  transfer: Transfer,
) {
  const { fixed, carried, perStep } = parts;
  const total = stepsOf(parts, feeds);
  const pick = (entries: readonly Entry[]) => entries.map(({ name }) => [name, feedOf(feeds, name)] as const);
  const collected = new Map<string, TypedArray>();
  const given = await transfer.toDevice(Object.fromEntries([...pick(fixed), ...pick(carried)]));
  const valuesOf = (entries: readonly Entry[]) =>
    Object.fromEntries(Object.entries(given).filter(([name]) => entries.some((entry) => entry.name === name)));
  const constant = valuesOf(fixed);
  let state: Values = valuesOf(carried);
  try {
    for (let done = 0; done < total; ) {
      const count = total - done >= unrolled ? unrolled : 1;
      const rows = Object.fromEntries(
        perStep.map(({ name, shape }) => {
          const { data, dtype } = feedOf(feeds, name);
          const size = sizeOf(shape);
          return [
            name,
            { data: data.subarray(done * size, (done + count) * size), shape: [count, ...shape], dtype } satisfies Feed,
          ];
        }),
      );
      const session = await sessionFor(count);
      const { arrays, resident } = await session.runResident({ ...constant, ...state, ...rows });
      const before = state;
      state = Object.fromEntries(
        carried.map(({ name, shape, dtype }) => {
          const output = outputOf.carried(name);
          return [name, resident[output] ?? { data: arrays[output] ?? allocate(dtype, 0), shape, dtype }];
        }),
      );
      releaseAll(before);
      for (const [output, data] of Object.entries(arrays)) {
        if (!output.startsWith(outputOf.collected(""))) continue;
        const size = data.length / count;
        const all = collected.get(output) ?? allocate(dtypeOf(data), size * total);
        copyInto(all, data, done * size);
        collected.set(output, all);
      }
      done += count;
    }
    const last = await transfer.toArrays(state);
    for (const { name } of carried) {
      const array = last[name];
      if (array !== undefined) collected.set(outputOf.carried(name), array);
    }
  } finally {
    releaseAll({ ...constant, ...state });
  }
  return loopResult((output) => collected.get(output));
}

/** Arrays of one type, which the compiler cannot know. */
function copyInto(target: TypedArray, source: TypedArray, offset: number): void {
  if (target instanceof BigInt64Array && source instanceof BigInt64Array) target.set(source, offset);
  else if (!(target instanceof BigInt64Array) && !(source instanceof BigInt64Array)) target.set(source, offset);
}
