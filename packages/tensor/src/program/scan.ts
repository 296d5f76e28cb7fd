/** One ONNX model whose only node is a Scan: a loop over minibatches that carries state from step to step. */
import type { DType, TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { GraphWriter, modelBytes, NameSource, type Port } from "../onnx/graph-writer.ts";
import { createSession, type Feed, type Session } from "../runtime/session.ts";
import type { Shape } from "../shape.ts";
import { input, type Tensor } from "../tensor.ts";

const opset = 18;

/** Something that enters the model under a name. */
export interface Entry {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Something given once may have another length along its first axis whenever the program runs. */
  readonly openLength?: boolean;
}

export interface ScanParts {
  readonly name: string;
  /** Given once for all steps. */
  readonly fixed: readonly Entry[];
  /** Carried from step to step. */
  readonly carried: readonly Entry[];
  /** One element along the first axis for each step; shapes are those of one step. */
  readonly perStep: readonly Entry[];
  /** For each random op, the per-step entries that key it. */
  readonly randomKey: (id: number) => readonly [string, string];
  /** Builds one step. */
  readonly body: (step: StepInputs) => StepOutputs;
}

export interface StepInputs {
  /** The value of an entry, as this step sees it. */
  readonly entry: (name: string) => Tensor;
  /** Says that in this program `leaf` has the value `tensor`. */
  readonly bind: (leaf: Tensor, tensor: Tensor) => void;
}

export interface StepOutputs {
  /** New values of what is carried, by name; what is not listed stays. */
  readonly carried: Readonly<Record<string, Tensor>>;
  /** Collected over the steps, by name. */
  readonly collected: Readonly<Record<string, Tensor>>;
}

export interface ScanProgram {
  /** @param feeds all fixed, carried and per-step entries, the last with an axis of steps in front */
  run(feeds: Readonly<Record<string, Feed>>): Promise<ScanResult>;
  release(): void;
}

export interface ScanResult {
  /** Last value of something carried. */
  carried(name: string): TypedArray;
  /** Something collected, with an axis of steps in front. */
  collected(name: string): TypedArray;
}

// What is collected has names from outside: the prefixes keep them from meeting others.
const outputOf = { carried: (name: string) => `carried.${name}`, collected: (name: string) => `collected.${name}` };

export async function compileScan(parts: ScanParts): Promise<ScanProgram> {
  const { model, bytes } = emitScan(parts);
  const session = await createSession(model, bytes);
  return { run: (feeds) => runScan(session, feeds), release: () => session.release() };
}

function emitScan({ name, fixed, carried, perStep, randomKey, body }: ScanParts): { model: Uint8Array; bytes: number } {
  const names = new NameSource();
  const inStep = (entryName: string) => `step.${entryName}`;
  const writer = new GraphWriter({
    opset,
    names,
    randomKey(id) {
      const [first, second] = randomKey(id);
      return [inStep(first), inStep(second)];
    },
  });
  const leaves = new Map<string, Tensor>();
  for (const entry of [...fixed, ...carried, ...perStep]) {
    const leaf = input(entry.name, entry.shape, entry.dtype);
    // Inside the loop the carried and per-step values have names of their own: an inner name may not hide an outer one.
    writer.bind(leaf, fixed.includes(entry) ? entry.name : inStep(entry.name));
    leaves.set(entry.name, leaf);
  }
  const find = (entryName: string) => {
    const leaf = leaves.get(entryName);
    if (leaf === undefined) throw new TensorError("TENSOR_RUNTIME", `the program has no entry ${entryName}`);
    return leaf;
  };
  const bindings: [Tensor, Tensor][] = [];
  const outputs = body({ entry: find, bind: (leaf, tensor) => bindings.push([leaf, tensor]) });
  for (const [leaf, tensor] of bindings) {
    const [bound] = writer.write([tensor]);
    if (bound !== undefined) writer.bind(leaf, bound);
  }
  const results: readonly (readonly [string, Tensor])[] = [
    ...carried.map((entry) => [outputOf.carried(entry.name), outputs.carried[entry.name] ?? find(entry.name)] as const),
    ...Object.entries(outputs.collected).map(([metric, tensor]) => [outputOf.collected(metric), tensor] as const),
  ];
  const written = writer.write(results.map(([, tensor]) => tensor));
  // Outputs need names of their own: one value may be two outputs, or an input.
  for (const [index, value] of written.entries()) writer.addNode("Identity", [value], [`step.out${index}`]);
  const bodyGraph = writer.graph(
    `${name}.step`,
    [...carried, ...perStep].map((entry) => ({ ...entry, name: inStep(entry.name) })),
    results.map(([, { shape, dtype }], index) => ({ name: `step.out${index}`, shape, dtype })),
  );
  const outer = new GraphWriter({ opset, names });
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
  return { model: modelBytes(graph, opset), bytes: writer.intermediateBytes };
}

async function runScan(session: Session, feeds: Readonly<Record<string, Feed>>): Promise<ScanResult> {
  const results = await session.run(feeds);
  const find = (output: string) => {
    const data = results[output];
    if (data === undefined) throw new TensorError("TENSOR_RUNTIME", `the program gave no ${output}`);
    return data;
  };
  return { carried: (name) => find(outputOf.carried(name)), collected: (name) => find(outputOf.collected(name)) };
}
