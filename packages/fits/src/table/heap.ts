import { FitsError, type Place } from "../fits-error.ts";
import { type ElementCode, elementBytes } from "./column.ts";

/** Where the elements of an array of variable length lie, FITS 4.0, section 7.3.5. */
export interface Descriptor {
  readonly count: number;
  /** From the start of the heap. */
  readonly offset: number;
}

/** @param at byte of the descriptor in the view */
export function readDescriptor(rows: DataView, at: number, kind: "P" | "Q"): Descriptor {
  return kind === "P"
    ? { count: rows.getInt32(at), offset: rows.getInt32(at + 4) }
    : { count: Number(rows.getBigInt64(at)), offset: Number(rows.getBigInt64(at + 8)) };
}

export function descriptorBytes({ count }: Descriptor, element: ElementCode): number {
  return element === "X" ? Math.ceil(count / 8) : count * elementBytes(element);
}

/** @throws FitsError `DATA_INVALID` where the array does not lie in the heap */
export function checkDescriptor(one: Descriptor, element: ElementCode, heapLength: number, place: Place | undefined) {
  const length = descriptorBytes(one, element);
  // An empty array has no place: its offset may be anything.
  if (one.count === 0 || (one.count > 0 && one.offset >= 0 && one.offset + length <= heapLength)) return;
  throw new FitsError({
    code: "DATA_INVALID",
    place,
    problem: `an array of ${one.count} elements at byte ${one.offset} does not lie in the heap of ${heapLength} bytes`,
    remedy: "Fetch the file again; the table is corrupt",
  });
}
