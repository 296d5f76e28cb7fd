import { readFileSync } from "node:fs";
import { type Numbers, numbersOf } from "@ml-mosaic/testing";
import { type DType, fromNumbers } from "../src/dtype.ts";
import type { Shape } from "../src/shape.ts";
import { constant, type Tensor } from "../src/tensor.ts";
import { Buffer } from "../src/variable.ts";

/** A tensor of a fixture. */
export interface Given {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: Numbers;
}

/** What the script of that name has written; the caller's type says what it is. */
export function readFixture(name: string) {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8"));
}

/** Values known when the program is compiled, or given when it runs: the engine and ONNX Runtime simplify differently. */
export type Kind = "constant" | "variable";

export function tensorOf({ shape, dtype, data }: Given, kind: Kind = "variable"): Tensor {
  const values = fromNumbers(dtype, numbersOf(data));
  return kind === "constant" ? constant(values, shape, dtype) : new Buffer(shape, dtype, () => values);
}

/** What a fixture or a list is known to have. */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the fixture lacks something");
  return value;
}
