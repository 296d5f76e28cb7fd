/** The form of a loop for the processor: an ONNX model whose only node is a Scan. */
import { allocate } from "../dtype.ts";
import { GraphWriter, modelBytes, NameSource, type Port } from "../onnx/graph-writer.ts";
import { createSession, type Feed } from "../runtime/session.ts";
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

export async function compileScan(parts: LoopParts): Promise<LoopProgram> {
  const { model, bytes } = emitScan(parts);
  const session = await createSession(model, bytes);
  return {
    async run(feeds, { overwrite = false } = {}) {
      // A Scan reads what it starts from in its first step, and writes what it ends with in its last: in the same arrays,
      // if these are two steps.
      const inPlace = overwrite && stepsOf(parts, feeds) > 1;
      const into = Object.fromEntries(
        parts.carried.map(({ name, shape, dtype }): [string, Feed] => [
          outputOf.carried(name),
          inPlace ? feedOf(feeds, name) : { data: allocate(dtype, sizeOf(shape)), shape, dtype },
        ]),
      );
      const results = await session.run(feeds, into);
      return loopResult((output) => results[output]);
    },
    release: () => session.release(),
  };
}

function emitScan(parts: LoopParts): { model: Uint8Array; bytes: number } {
  const { name, fixed, carried, perStep, randomKey } = parts;
  const names = new NameSource();
  const inStep = (entryName: string) => `step.${entryName}`;
  const writer = new GraphWriter({
    opset: programOpset,
    names,
    randomKey(id) {
      const [first, second] = randomKey(id);
      return [inStep(first), inStep(second)];
    },
  });
  const step = buildStep(parts);
  for (const entry of fixed) writer.bind(step.leaf(entry.name), entry.name);
  // Inside the loop the carried and per-step values have names of their own: an inner name may not hide an outer one.
  for (const entry of [...carried, ...perStep]) writer.bind(step.leaf(entry.name), inStep(entry.name));
  const written = writeStep(writer, step);
  const { results } = step;
  // An output is a value of the step that is no other output already. What it gets besides is a copy.
  const taken = new Set<string>();
  const outputs = written.map((value, index) => {
    if (writer.computes(value) && !taken.has(value)) {
      taken.add(value);
      return value;
    }
    writer.addNode("Identity", [value], [`step.out${index}`]);
    return `step.out${index}`;
  });
  const bodyGraph = writer.graph(
    `${name}.step`,
    [...carried, ...perStep].map((entry) => ({ ...entry, name: inStep(entry.name) })),
    results.map(([, { shape, dtype }], index) => ({ name: outputs[index] ?? "", shape, dtype })),
  );
  const outer = new GraphWriter({ opset: programOpset, names });
  outer.addNode(
    "Scan",
    [...carried, ...perStep].map((entry) => entry.name),
    results.map(([output]) => output),
    { body: bodyGraph, num_scan_inputs: perStep.length },
  );
  const given = (entry: Entry): Port =>
    entry.openLength ? { ...entry, shape: [`${entry.name}.length`, ...entry.shape.slice(1)] } : entry;
  const overSteps = (entry: Entry): Port => ({ ...entry, shape: ["steps", ...entry.shape] });
  const graph = outer.graph(
    name,
    [...fixed.map(given), ...carried, ...perStep.map(overSteps)],
    results.map(([output, { shape, dtype }], index) => {
      const port = { name: output, shape, dtype };
      return index < carried.length ? port : overSteps(port);
    }),
  );
  return { model: modelBytes(graph, programOpset), bytes: writer.intermediateBytes };
}
