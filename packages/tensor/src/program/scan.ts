/** The form of a loop for the processor: an ONNX model whose only node is a Scan. */
import { GraphWriter, modelBytes, NameSource, type Port } from "../onnx/graph-writer.ts";
import { createSession } from "../runtime/session.ts";
import {
  buildStep,
  type Entry,
  type LoopParts,
  type LoopProgram,
  loopResult,
  programOpset,
  writeStep,
} from "./loop.ts";

export async function compileScan(parts: LoopParts): Promise<LoopProgram> {
  const { model, bytes } = emitScan(parts);
  const session = await createSession(model, bytes, "cpu");
  return {
    async run(feeds) {
      const results = await session.run(feeds);
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
  // Outputs need names of their own: one value may be two outputs, or an input.
  for (const [index, value] of written.entries()) writer.addNode("Identity", [value], [`step.out${index}`]);
  const bodyGraph = writer.graph(
    `${name}.step`,
    [...carried, ...perStep].map((entry) => ({ ...entry, name: inStep(entry.name) })),
    results.map(([, { shape, dtype }], index) => ({ name: `step.out${index}`, shape, dtype })),
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
