/** The graph of a step as nests: what each op makes of which others, before anything has a place. */
import type { DType, TypedArray } from "../dtype.ts";
import { toNumbers } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { topologicalOrder } from "../graph/order.ts";
import { simplify } from "../graph/simplify.ts";
import type { ScanGraph } from "../ops/op.ts";
import type { LoopGraph } from "../program/loop.ts";
import { scanKey } from "../program/loop-key.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { kindOf, type Nest, nest, number, operandOf, Stages } from "./loops.ts";

/** A value of a step. */
export interface Node {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: /** Enters the step: see `LoopGraph`. */
    | { readonly form: "entry"; readonly entry: string }
    | { readonly form: "constant"; readonly data: TypedArray }
    | { readonly form: "nest"; readonly nest: Nest; readonly operands: readonly Node[] }
    /** Of a loop, what its states are at the end, then what was kept. */
    | { readonly form: "result"; readonly loop: InnerLoop; readonly index: number };
}

/** A loop over slices, inside of a step: see `ScanGraph`. */
export interface InnerLoop {
  readonly graph: ScanGraph;
  /** What the loop begins with, goes over, and takes as it is: of its states, its slices, and what is captured. */
  readonly operands: readonly Node[];
  /** The results that are needed, by their numbers; those of states always are. */
  readonly used: Set<number>;
  /** Of one step: the next states, then all that may be kept. */
  readonly body: StepNodes;
}

/** The name of a loop's operand inside of its body. */
export function operandName(index: number): string {
  return `operand${index}`;
}

export interface StepNodes {
  /** Operands before what reads them. */
  readonly nodes: readonly Node[];
  readonly results: readonly Node[];
}

export interface ProgramNodes extends StepNodes {
  /** Ops that have no loops, with the types of what they read: then the rest is of no use. */
  readonly missing: ReadonlySet<string>;
}

export function nodesOf({ fixed, carried, perStep, computed, randomKeys, results }: LoopGraph): ProgramNodes {
  const missing = new Set<string>();
  const entries = [...fixed, ...carried, ...perStep];
  return { ...translated({ entries, computed, randomKeys, results }, missing), missing };
}

type Graph = Pick<LoopGraph, "computed" | "randomKeys" | "results"> & {
  readonly entries: readonly { readonly name: string; readonly tensor: Tensor }[];
};

function translated({ entries, computed, randomKeys, results }: Graph, missing: Set<string>): StepNodes {
  const nodes: Node[] = [];
  const found = new Map<Tensor, Node>();
  const common = new Map<string, Node>();
  const loops = new Map<string, InnerLoop>();
  const numbers = new Map<Node, number>();
  const simplified = new Map<Tensor, Tensor>();
  const add = (node: Node): Node => {
    numbers.set(node, nodes.length);
    nodes.push(node);
    return node;
  };
  for (const { name, tensor } of entries)
    found.set(tensor, add({ shape: tensor.shape, dtype: tensor.dtype, source: { form: "entry", entry: name } }));
  const nodeOf = (tensor: Tensor): Node => {
    const node = found.get(tensor);
    if (node === undefined) throw new TensorError("TENSOR_RUNTIME", `${tensor} has no value in this program`);
    return node;
  };
  const translate = (tensor: Tensor): Node => {
    const { shape, dtype, source, op, attributes, randomId } = tensor;
    if (source.kind === "constant") return add(constantNode(shape, dtype, source.data));
    if (op === undefined)
      throw new TensorError("TENSOR_RUNTIME", `${tensor} is used, but the program gives it no value`);
    const inputs = tensor.inputs.map(nodeOf);
    const keys = randomId === undefined ? undefined : randomKeys.get(randomId);
    const operands = [...inputs, ...(keys ?? []).map(nodeOf)];
    if (op.scan !== undefined) {
      const { graph, index } = op.scan();
      const loop = loopOf(graph, operands);
      loop.used.add(index);
      return add({ shape, dtype, source: { form: "result", loop, index } });
    }
    const key = `${op.name}(${operands.map((node) => numbers.get(node))})${JSON.stringify(attributes)}${dtype}[${shape}]`;
    const before = common.get(key);
    if (before !== undefined) return before;
    if (op.composed !== undefined) {
      const composed = elementAt(write([op.composed(tensor.inputs, attributes)]), 0);
      common.set(key, composed);
      return composed;
    }
    const given = operands.map((node, index) => operandOf(index, node));
    const stages = new Stages(operands.length);
    const [first, second] = given.slice(inputs.length);
    const loops = op.loops?.(
      given.slice(0, inputs.length),
      attributes,
      { shape, dtype },
      {
        stages,
        randomKey: first === undefined || second === undefined ? undefined : [first.at([]), second.at([])],
      },
    );
    if (loops === undefined) {
      missing.add(`${op.name} of ${[...new Set(inputs.map((input) => input.dtype))].join(", ") || "nothing"}`);
      return add(constantNode(shape, dtype, new Float32Array(1)));
    }
    const all = [...operands];
    for (const stage of [...stages.all, loops]) {
      const node: Node =
        stage instanceof Float32Array
          ? constantNode([stage.length], "float32", stage)
          : { shape: stage.shape, dtype: stage.dtype, source: { form: "nest", nest: stage, operands: [...all] } };
      all.push(add(node));
    }
    const result = elementAt(all, all.length - 1);
    common.set(key, result);
    return result;
  };
  const loopOf = (graph: ScanGraph, operands: readonly Node[]): InnerLoop => {
    const key = `${scanKey(graph)}(${operands.map((node) => numbers.get(node))})`;
    const known = loops.get(key);
    if (known !== undefined) return known;
    const inputs = [...graph.states, ...graph.slices, ...graph.captured];
    const entered = inputs.map((tensor, index) => ({ tensor, name: operandName(index) }));
    const body = translated(
      { entries: entered, computed: [], randomKeys: new Map(), results: [...graph.next, ...graph.kept] },
      missing,
    );
    const loop = { graph, operands, body, used: new Set(graph.states.keys()) };
    loops.set(key, loop);
    return loop;
  };
  const write = (outputs: readonly Tensor[]): readonly Node[] => {
    const simpler = simplify(outputs, simplified);
    for (const tensor of topologicalOrder(simpler, found)) found.set(tensor, translate(tensor));
    return simpler.map(nodeOf);
  };
  for (const [variable, tensor] of computed) found.set(variable, elementAt(write([tensor]), 0));
  return { nodes, results: write(results) };
}

/** @throws TensorError that names all ops that have no loops */
export function requireLoops({ missing }: Pick<ProgramNodes, "missing">): void {
  if (missing.size > 0)
    throw new TensorError(
      "TENSOR_EXECUTOR",
      `the executor wasm has no loops for ${[...missing].join("; ")}; take the executor onnx`,
    );
}

function constantNode(shape: Shape, dtype: DType, data: TypedArray): Node {
  const [value = 0] = data.length === 1 ? (data instanceof BigInt64Array ? data : toNumbers(data)) : [];
  if (data.length !== 1) return { shape, dtype, source: { form: "constant", data } };
  return {
    shape,
    dtype,
    source: { form: "nest", nest: nest({ shape, dtype }, () => number(kindOf(dtype), value)), operands: [] },
  };
}
