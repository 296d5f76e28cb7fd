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
  run(feeds: Readonly<Record<string, Feed>>): Promise<(output: string) => TypedArray>;
  release(): void;
}

/** Compiles the loop. Outputs are called `new.<name>` for what is carried, `<name>` for what is collected. */
export async function compileScan(parts: ScanParts): Promise<ScanProgram> {
  const { model, steps } = emitScan(parts);
  const session = await createSession(model);
  return { run: (feeds) => runScan(session, feeds, steps), release: () => session.release() };
}

function emitScan({ name, fixed, carried, perStep, randomKey, body }: ScanParts): {
  model: Uint8Array;
  steps: readonly string[];
} {
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
  const collected = Object.entries(outputs.collected);
  const results: readonly [string, Tensor][] = [
    ...carried.map((entry): [string, Tensor] => [`new.${entry.name}`, outputs.carried[entry.name] ?? find(entry.name)]),
    ...collected,
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
  const overSteps = (entry: Entry): Port => ({ ...entry, shape: ["steps", ...entry.shape] });
  const graph = outer.graph(
    name,
    [...fixed, ...carried, ...perStep.map(overSteps)],
    results.map(([output, { shape, dtype }], index) => {
      const port = { name: output, shape, dtype };
      return index < carried.length ? port : overSteps(port);
    }),
  );
  return { model: modelBytes(graph, opset), steps: perStep.map((entry) => entry.name) };
}

async function runScan(
  session: Session,
  feeds: Readonly<Record<string, Feed>>,
  steps: readonly string[],
): Promise<(output: string) => TypedArray> {
  const counts = new Set(steps.map((name) => feeds[name]?.shape[0]));
  if (counts.size !== 1)
    throw new TensorError("TENSOR_SHAPE", `per-step inputs disagree on the number of steps: ${[...counts].join(", ")}`);
  const results = await session.run(feeds);
  return (output) => {
    const data = results[output];
    if (data === undefined) throw new TensorError("TENSOR_RUNTIME", `the program gave no ${output}`);
    return data;
  };
}
