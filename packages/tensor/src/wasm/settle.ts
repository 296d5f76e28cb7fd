/**
 * What steps carry may shrink by a factor at each: moments where a gradient stays 0, means of what has become 0, weights that
 * decay. Below the smallest normal float32 processors take a hundred times as long for each such number, and rounding never lets
 * it arrive at 0. So after every so many steps, counted from the first of a training, whatever is smaller becomes 0.
 */
import type { LoopGraph } from "../program/loop.ts";
import { emitNest } from "./emit-nest.ts";
import { type Buffer, Emitter } from "./emitter.ts";
import type { FunctionTable } from "./function-table.ts";
import { at, axisOf } from "./indices.ts";
import { apply, type Expression, number, select } from "./loops.ts";
import { FunctionBody } from "./module.ts";

/** Looking takes as long as part of a step, and a step of many tiny numbers as long as thirty. */
export const stepsUntilSettled = 256;

const smallestNormal = 2 ** -126;

/** The function that does so. @param places where what is carried lies */
export function settleBody(
  { carried }: LoopGraph,
  places: ReadonlyMap<string, number>,
  functions: FunctionTable,
): FunctionBody {
  const floats = carried.filter(({ tensor: { dtype, numel } }) => dtype === "float32" && numel > 0);
  const buffers = floats.map(
    ({ name, tensor }): Buffer => ({ dtype: tensor.dtype, base: { at: places.get(name) ?? 0 } }),
  );
  const body = new FunctionBody({ parameters: [], results: [] });
  const emitter = new Emitter(body, functions, buffers);
  for (const [target, { tensor }] of floats.entries()) {
    const axis = axisOf(tensor.numel);
    const before: Expression = { form: "read", kind: "f32", operand: target, at: [at(axis)] };
    const isTiny = apply("lt", "bool", apply("abs", "f32", before), number("f32", smallestNormal));
    const value = select(isTiny, number("f32", 0), before);
    emitNest(emitter, { shape: [tensor.numel], dtype: tensor.dtype, axes: [axis], value, target });
  }
  return body;
}
