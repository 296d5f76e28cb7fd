import { sha256 } from "@ml-mosaic/base";
import { dtypeOf, type TypedArray } from "../dtype.ts";
import { topologicalOrder } from "../graph/order.ts";
import type { AttributeValue, Op, ScanGraph } from "../ops/op.ts";
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

/** The same for two loops inside of a step that compute the same, whichever tensors their bodies are made of. */
export function scanKey({ states, slices, captured, next, kept, length, reverse, unrolled }: ScanGraph): string {
  const { lines, at } = linesOf([...states, ...slices, ...captured, ...next, ...kept], new Map());
  const ends = [states, slices, captured, next, kept].map((list) => list.map(at));
  return sha256([`${lines.join("\n")}\n${JSON.stringify([ends, length, reverse, unrolled])}`]).join();
}

/**
 * The same for two loops of the same computation, and for no others: they are the same but for the values of what enters
 * them, so that one can be executed for the other. Found in a tenth of the time that writing the model takes.
 */
export function loopKey({ name, fixed, carried, perStep, computed, randomKeys, results }: LoopGraph): string {
  const inputs = [...fixed, ...carried, ...perStep];
  const { lines, at } = linesOf(
    [...inputs.map(({ tensor }) => tensor), ...computed.flat(), ...[...randomKeys.values()].flat(), ...results],
    new Map(Array.from(randomKeys.keys(), (id, index) => [id, index])),
  );
  const entries = (list: readonly LoopInput[]) => list.map((each) => [each.name, at(each.tensor), each.isOpen]);
  const ends = [
    [name, entries(fixed), entries(carried), entries(perStep), results.map(at)],
    [computed.map((pair) => pair.map(at)), Array.from(randomKeys.values(), (pair) => pair.map(at))],
  ];
  return sha256([`${lines.join("\n")}\n${JSON.stringify(ends)}`]).join();
}

/** A line for each of the tensors that some depend on, and which line is whose. */
function linesOf(ends: readonly Tensor[], randomIds: ReadonlyMap<number, number>) {
  const order = topologicalOrder(ends);
  const positions = new Map(order.map((tensor, index) => [tensor, index]));
  const at = (tensor: Tensor) => positions.get(tensor);
  // Written by hand: as JSON of lists it took twice the time.
  const lines = order.map(({ op, source, shape, dtype, inputs: operands, attributes, randomId }) => {
    if (source.kind === "constant") return `${dtypeOf(source.data)} ${shape} ${bytesText(source.data)}`;
    if (op === undefined) return `${source.kind} ${dtype} ${shape}`;
    const scan = op.scan?.();
    const name = scan === undefined ? opNumber(op) : `scan ${scan.index} ${scanKey(scan.graph)}`;
    let line = `${name} ${dtype} ${shape} ${operands.map(at)}`;
    for (const [key, value] of Object.entries(attributes)) {
      // Each random op of a process has a number of its own; here it counts which of the loop's it is.
      const isOwnId = key === "id" && value === randomId;
      line += isOwnId ? ` random=${randomIds.get(value)}` : ` ${key}=${JSON.stringify(exactly(value))}`;
    }
    return line;
  });
  return { lines, at };
}

const mostBytesShown = 256;

function bytesText(data: TypedArray): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return bytes.length <= mostBytesShown ? bytes.join() : sha256([bytes]).join();
}

/** JSON has no NaN, no infinities and no negative zero. */
function exactly(value: AttributeValue): unknown {
  if (typeof value === "object") return value.map(exactly);
  const isPlain = typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0));
  return isPlain ? value : { number: Object.is(value, -0) ? "-0" : String(value) };
}
