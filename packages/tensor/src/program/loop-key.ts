import { createHash } from "node:crypto";
import { dtypeOf } from "../dtype.ts";
import { topologicalOrder } from "../graph/order.ts";
import type { AttributeValue, Op } from "../ops/op.ts";
import type { Tensor } from "../tensor.ts";
import type { LoopGraph, LoopInput } from "./loop.ts";

/** By identity: two ops may have one name. */
const opNumbers = new WeakMap<Op, number>();
let opCount = 0;

function opNumber(op: Op): number {
  const known = opNumbers.get(op);
  if (known !== undefined) return known;
  opNumbers.set(op, opCount);
  return opCount++;
}

/**
 * The same for two loops of the same computation, and for no others: they are the same but for the values of what enters
 * them, so that one can be executed for the other. Found in a tenth of the time that writing the model takes.
 */
export function loopKey({ name, fixed, carried, perStep, computed, randomKeys, results }: LoopGraph): string {
  const hash = createHash("sha256");
  const inputs = [...fixed, ...carried, ...perStep];
  const order = topologicalOrder([
    ...inputs.map(({ tensor }) => tensor),
    ...computed.flat(),
    ...[...randomKeys.values()].flat(),
    ...results,
  ]);
  const positions = new Map(order.map((tensor, index) => [tensor, index]));
  const at = (tensor: Tensor) => positions.get(tensor);
  const randomIds = new Map(Array.from(randomKeys.keys(), (id, index) => [id, index]));
  const lines: unknown[] = order.map(({ op, source, shape, dtype, inputs: operands, attributes, randomId }) => {
    if (source.kind === "constant") {
      hash.update(source.data);
      return [dtypeOf(source.data), shape];
    }
    if (op === undefined) return [source.kind, dtype, shape];
    const told = Object.entries(attributes).map(([key, value]) =>
      // Each random op of a process has a number of its own; here it counts which of the loop's it is.
      key === "id" && value === randomId ? ["random", randomIds.get(value)] : [key, exactly(value)],
    );
    return [opNumber(op), dtype, shape, operands.map(at), told];
  });
  const entries = (list: readonly LoopInput[]) => list.map((each) => [each.name, at(each.tensor), each.isOpen]);
  lines.push([name, entries(fixed), entries(carried), entries(perStep), results.map(at)]);
  lines.push([computed.map((pair) => pair.map(at)), Array.from(randomKeys.values(), (pair) => pair.map(at))]);
  return hash.update(JSON.stringify(lines)).digest("base64");
}

/** JSON has no NaN, no infinities and no negative zero. */
function exactly(value: AttributeValue): unknown {
  if (typeof value === "object") return value.map(exactly);
  const isPlain = typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0));
  return isPlain ? value : { number: Object.is(value, -0) ? "-0" : String(value) };
}
