/** Calls of functions as fixtures/function_cases.py writes them: as PyTorch says, and refused where PyTorch refuses. */
import { difference, type Numbers, numbersOf, type Tolerance } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { type TypedArray, toNumbers } from "../src/dtype.ts";
import { TensorError } from "../src/errors.ts";
import { grad } from "../src/graph/gradient.ts";
import { topologicalOrder } from "../src/graph/order.ts";
import type { ExecutorName } from "../src/program/executor.ts";
import { evaluate } from "../src/runtime/evaluate.ts";
import { Tensor } from "../src/tensor.ts";
import { type Given, type Kind, required, tensorOf } from "./fixtures.ts";
import { evaluateOnWasm } from "./wasm.ts";

/** `A` is what the functions of a fixture take besides tensors: each has some of it. */
export interface TorchCall<A> {
  readonly op: string;
  readonly inputs: readonly Given[];
  readonly args?: A;
  /** Which input is which operand; without it each is one. */
  readonly use?: readonly number[];
}

type Parts = readonly (Numbers | null)[];

export interface TorchCase<A> extends TorchCall<A> {
  readonly outputs: readonly Given[];
  readonly weights?: Parts;
  /** Of the sum of the floating outputs times `weights`; null where PyTorch has None. */
  readonly gradients?: Parts;
  /** The inputs that gradients are taken of, where these are not all that can be differentiated. */
  readonly by?: readonly number[];
  readonly second?: { readonly weights: Parts; readonly gradients: Parts };
}

export interface TorchFixture<A> {
  readonly cases: readonly TorchCase<A>[];
  readonly refusals: readonly (TorchCall<A> & { readonly mentions: readonly string[] })[];
}

export type Calls<A> = Readonly<Record<string, (operands: readonly Tensor[], args: Partial<A>) => unknown>>;

export interface TorchTolerances {
  readonly usual: Tolerance;
  /** Second derivatives are sums of products of rounded first ones that partly cancel. */
  readonly second?: Tolerance;
  readonly exceptions?: Readonly<Record<string, Tolerance>>;
}

/**
 * The outputs of a call. What `calls` does not list is a method of the first operand that takes the other ones, then the
 * arguments.
 */
export function outputsOf<A extends object>(
  { op, args, use }: TorchCall<A>,
  leaves: readonly Tensor[],
  calls: Calls<A>,
): readonly Tensor[] {
  const operands = use === undefined ? leaves : use.map((index) => required(leaves[index]));
  const call = calls[op] ?? byName(op);
  const result = call(operands, args ?? {});
  const outputs: unknown[] = result instanceof Tensor ? [result] : Object.values(Object(result));
  return outputs.map((output) => {
    if (output instanceof Tensor) return output;
    throw new Error(`${op} gives ${output}`);
  });
}

function byName(op: string) {
  return ([x, ...others]: readonly Tensor[], args: object): unknown => {
    const method: unknown = x === undefined ? undefined : Reflect.get(x, op);
    if (typeof method !== "function") throw new Error(`the fixture calls ${op}, which is no method of Tensor`);
    return Reflect.apply(method, x, [...others, ...Object.values(args)]);
  };
}

/** The ops that calls are made of. */
export function opNamesOf(outputs: readonly Tensor[]): ReadonlySet<string> {
  return new Set(topologicalOrder(outputs).flatMap(({ op }) => (op === undefined ? [] : [op.name])));
}

export function showCall<A>({ op, inputs, args, use }: TorchCall<A>): string {
  const operands = inputs.map(({ shape, dtype }) => `${dtype}[${shape}]`).join(", ");
  return `${op}(${operands}) ${JSON.stringify(args ?? {})}${use === undefined ? "" : ` operands ${use}`}`;
}

/** Tests for every function of a fixture. */
export function torchCases<A extends object>(
  { cases, refusals }: TorchFixture<A>,
  calls: Calls<A>,
  tolerances: TorchTolerances,
): void {
  describe.each<[Kind, ExecutorName]>([
    ["variable", "onnx"],
    ["constant", "onnx"],
    ["variable", "wasm"],
  ])("as PyTorch says, inputs a %s, on %s", (kind, executor) => {
    test.each([...new Set(cases.map(({ op }) => op))])("%s", async (name) => {
      const own = cases.filter(({ op }) => op === name);
      const checks = own.map((each) => () => comparisonOf(each, kind, calls, tolerances));
      const wrong = await problemsOf(checks, executor);
      const shown = wrong.flatMap((found, index) =>
        found.length === 0 ? [] : [`${showCall(required(own[index]))}: ${found.join("; ")}`],
      );
      if (shown.length > 0) expect.fail(shown.join("\n"));
    });
  });

  describe.skipIf(refusals.length === 0)("refused, as PyTorch does", () => {
    test.each(refusals.map((each, at) => [`${at}: ${showCall(each)}`, each] as const))("%s", (_name, each) => {
      const attempt = () =>
        outputsOf(
          each,
          // Of what is computed, indices are refused only then.
          each.inputs.map((input) => tensorOf(input, "constant")),
          calls,
        );
      expect(attempt).toThrow(TensorError);
      for (const text of each.mentions) expect(attempt).toThrow(text);
    });
  });
}

interface Wanted {
  readonly what: string;
  readonly tensor: Tensor;
  readonly values: Numbers;
  readonly allowed: Tolerance;
}

/** What is to be computed and compared, and what is wrong already. */
export interface Comparison {
  readonly wanted: readonly Wanted[];
  readonly problems: readonly string[];
}

/** Nodes of graphs that are compiled as one: measured, a compilation costs as much as some hundred of them, and large ones more. */
const maxNodes = 300;

type Evaluate = (tensors: readonly Tensor[]) => Promise<readonly TypedArray[]>;

export const evaluations: Readonly<Record<ExecutorName, Evaluate>> = {
  onnx: (tensors) => evaluate(tensors),
  wasm: evaluateOnWasm,
};

/**
 * What is wrong with each of some cases. Many are computed together, which takes fewer compilations.
 */
export async function problemsOf(
  checks: readonly (() => Comparison)[],
  executor: ExecutorName,
): Promise<readonly (readonly string[])[]> {
  const compute = evaluations[executor];
  const found: (readonly string[])[] = [];
  let together: Comparison[] = [];
  let nodes = 0;
  for (const check of checks) {
    const comparison = attempted(check);
    together.push(comparison);
    nodes += topologicalOrder(comparison.wanted.map(({ tensor }) => tensor)).length;
    if (nodes < maxNodes) continue;
    found.push(...(await compared(together, compute)));
    together = [];
    nodes = 0;
  }
  return [...found, ...(await compared(together, compute))];
}

function attempted(check: () => Comparison): Comparison {
  try {
    return check();
  } catch (error) {
    return { wanted: [], problems: [String(error)] };
  }
}

async function compared(
  comparisons: readonly Comparison[],
  compute: Evaluate,
): Promise<readonly (readonly string[])[]> {
  if (comparisons.length === 0) return [];
  try {
    const all = comparisons.flatMap(({ wanted }) => wanted);
    const results = await compute(all.map(({ tensor }) => tensor));
    let at = 0;
    return comparisons.map(({ wanted, problems }) => [
      ...problems,
      ...wanted.flatMap(({ what, tensor, values, allowed }) => {
        const data = required(results[at++]);
        const wrong = difference(toNumbers(data), values, allowed);
        const length = data.length === tensor.numel ? [] : [`${what} has ${data.length} elements`];
        return wrong === undefined ? length : [`${what}: ${wrong}`, ...length];
      }),
    ]);
  } catch (error) {
    // Which of them it is, is found out one by one.
    if (comparisons.length === 1) return [[String(error)]];
    return (await Promise.all(comparisons.map((comparison) => compared([comparison], compute)))).flat();
  }
}

function comparisonOf<A extends object>(
  each: TorchCase<A>,
  kind: Kind,
  calls: Calls<A>,
  { usual, second = usual, exceptions = {} }: TorchTolerances,
): Comparison {
  const problems: string[] = [];
  const leaves = each.inputs.map((input) => tensorOf(input, kind));
  const outputs = outputsOf(each, leaves, calls);
  const allowed = exceptions[each.op] ?? usual;
  if (outputs.length !== each.outputs.length) problems.push(`${outputs.length} outputs, not ${each.outputs.length}`);
  const expectType = (what: string, tensor: Tensor, { dtype, shape }: Omit<Given, "data">) => {
    const [type, wanted] = [`${tensor.dtype}[${tensor.shape}]`, `${dtype}[${shape}]`];
    if (type !== wanted) problems.push(`${what} is ${type}, not ${wanted}`);
  };
  const wanted = outputs.flatMap((tensor, index): Wanted[] => {
    const expected = each.outputs[index];
    if (expected === undefined) return [];
    expectType(`output ${index}`, tensor, expected);
    return [{ what: `output ${index}`, tensor, values: expected.data, allowed }];
  });
  const by = each.by ?? [...leaves.keys()].filter((index) => required(leaves[index]).dtype === "float32");
  const gradientsOf = (tensors: readonly (Tensor | undefined)[], weights: Parts): readonly (Tensor | undefined)[] => {
    const loss = weightedSum(tensors, weights);
    const targets = by.map((index) => required(leaves[index]));
    const found = loss === undefined ? [] : grad(loss, targets);
    return leaves.map((leaf) => found[targets.indexOf(leaf)]);
  };
  const compare = (what: string, tensors: readonly (Tensor | undefined)[], expected: Parts, tolerance: Tolerance) => {
    for (const [index, values] of expected.entries()) {
      const tensor = tensors[index];
      const input = required(each.inputs[index]);
      if (tensor !== undefined) {
        // Where PyTorch has none, zeros say the same.
        const zeros = input.data.map(() => 0);
        wanted.push({ what: `${what} ${index}`, tensor, values: values ?? zeros, allowed: tolerance });
        expectType(`${what} ${index}`, tensor, input);
      } else if (values?.some((value) => value !== 0)) {
        // No gradient here may be zeros in PyTorch (sign, floor), but not anything else.
        problems.push(`${what} ${index} is missing`);
      }
    }
  };
  if (each.gradients !== undefined) {
    const gradients = gradientsOf(outputs, each.weights ?? []);
    compare("gradient", gradients, each.gradients, allowed);
    if (each.second !== undefined)
      compare("second gradient", gradientsOf(gradients, each.second.weights), each.second.gradients, second);
  }
  return { wanted, problems };
}

/** The sum of tensors times fixed weights; where `weights` has null, the tensor does not count. */
function weightedSum(tensors: readonly (Tensor | undefined)[], weights: Parts): Tensor | undefined {
  const terms = tensors.flatMap((tensor, index) => {
    const values = weights[index];
    if (tensor === undefined || values === undefined || values === null) return [];
    return [tensor.mul(tensor.newTensor(numbersOf(values), tensor.shape)).sum()];
  });
  return terms.length === 0 ? undefined : terms.reduce((a, b) => a.add(b));
}
