import { sha256 } from "@ml-mosaic/base";
import { dtypeOf, type TypedArray } from "../dtype.ts";
import { topologicalOrder } from "../graph/order.ts";
import type { Op, ScanGraph } from "../ops/op.ts";
import type { Tensor } from "../tensor.ts";
import { type KeyWriter, keyOf } from "./key-writer.ts";
import type { LoopGraph } from "./loop.ts";
import { memoized } from "./memoized.ts";

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
  const lists = [states, slices, captured, next, kept];
  return keyOf((writer) => {
    const writeAll = writeTensors(writer, lists.flat(), new Map());
    for (const list of lists) writeAll(list);
    writer.whole(length).text(String(reverse)).text(String(unrolled));
  });
}

/**
 * The same for two loops of the same computation, and for no others: they are the same but for the values of what enters
 * them, so that one can be executed for the other. Found in a thirtieth of the time that writing the model takes.
 */
export const loopKey = memoized(
  ({ name, fixed, carried, perStep, computed, randomKeys, results }: LoopGraph): string => {
    const lists = [fixed, carried, perStep];
    return keyOf((writer) => {
      const writeAll = writeTensors(
        writer,
        [
          ...lists.flat().map(({ tensor }) => tensor),
          ...computed.flat(),
          ...[...randomKeys.values()].flat(),
          ...results,
        ],
        new Map(Array.from(randomKeys.keys(), (id, index) => [id, index])),
      );
      writer.text(name);
      for (const list of lists) {
        writeAll(list.map(({ tensor }) => tensor));
        for (const { name: own, isOpen } of list) writer.text(own).text(String(isOpen));
      }
      writeAll(results);
      for (const pairs of [computed, [...randomKeys.values()]]) writeAll(pairs.flat());
    });
  },
);

/**
 * Writes each of the tensors that some depend on.
 *
 * @param randomIds what the random ops among them are called
 * @returns writes which ones a list has
 */
export function writeTensors(writer: KeyWriter, ends: readonly Tensor[], randomIds: ReadonlyMap<unknown, number>) {
  const order = topologicalOrder(ends);
  const positions = new Map<Tensor, number>();
  const writeAll = (tensors: readonly Tensor[]) => {
    writer.whole(tensors.length);
    for (const tensor of tensors) writer.whole(positions.get(tensor) ?? -1);
  };
  writer.whole(order.length);
  for (const tensor of order) {
    const { op, source, shape, dtype, inputs } = tensor;
    positions.set(tensor, positions.size);
    if (source.kind === "constant") {
      writer.text("constant").text(dtypeOf(source.data)).numbers(shape);
      writeElements(writer, source.data);
    } else if (op === undefined) writer.text(source.kind).text(dtype).numbers(shape);
    else {
      writeOp(writer, op);
      writer.text(dtype).numbers(shape);
      writeAll(inputs);
      writeAttributes(writer, tensor, randomIds);
    }
  }
  return writeAll;
}

function writeOp(writer: KeyWriter, op: Op): void {
  const scan = op.scan?.();
  if (scan === undefined) writer.text("op").whole(opNumber(op));
  else
    writer
      .text("scan")
      .whole(scan.index)
      .bytes(sha256([scanKey(scan.graph)]));
}

function writeAttributes(
  writer: KeyWriter,
  { attributes, randomId }: Tensor,
  randomIds: ReadonlyMap<unknown, number>,
): void {
  const keys = Object.keys(attributes);
  writer.whole(keys.length);
  for (const key of keys) {
    const value = attributes[key];
    writer.text(key);
    // Each random op of a process has a number of its own; here it counts which of the loop's it is.
    if (key === "id" && value === randomId) writer.text("random").whole(randomIds.get(value) ?? -1);
    else if (typeof value === "number") writer.text("number").number(value);
    else if (typeof value === "object") writer.text("list").numbers(value);
    else writer.text(typeof value).text(String(value));
  }
}

const mostBytesShown = 256;

function writeElements(writer: KeyWriter, { buffer, byteOffset, byteLength }: TypedArray): void {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  writer.whole(byteLength).bytes(byteLength <= mostBytesShown ? bytes : sha256([bytes]));
}
