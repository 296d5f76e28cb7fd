/**
 * Every op and every Tensor method against PyTorch in float64 (fixtures/ops.py wrote fixtures/ops.json), against central
 * finite differences, and what has to be refused.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type DType, fromNumbers, toNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { topologicalOrder } from "../graph/order.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Shape } from "../shape.ts";
import { cat, constant, stack, Tensor, where } from "../tensor.ts";
import { Buffer } from "../variable.ts";
import * as cast from "./cast.ts";
import * as compare from "./compare.ts";
import * as elementwise from "./elementwise.ts";
import * as indexing from "./indexing.ts";
import * as linear from "./linear.ts";
import { inputAt, type Op } from "./op.ts";
import * as reduce from "./reduce.ts";
import * as shaping from "./shaping.ts";

type Numbers = readonly (number | "nan" | "inf" | "-inf")[];

interface Given {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: Numbers;
}

/** Options of the calls in the fixture; each op has a few of them. */
interface Arguments {
  readonly [name: string]: number | string | boolean | readonly number[] | undefined;
  readonly other?: number;
  readonly min?: number;
  readonly max?: number;
  readonly beta?: number;
  readonly threshold?: number;
  readonly approximate?: "none" | "tanh";
  readonly slope?: number;
  readonly alpha?: number;
  readonly dim?: number & readonly number[];
  readonly dims?: readonly number[];
  readonly dim0?: number;
  readonly dim1?: number;
  readonly keepdim?: boolean;
  readonly correction?: number;
  readonly start?: number;
  readonly end?: number;
  readonly step?: number;
  readonly index?: number;
  readonly size?: number | readonly number[];
  readonly sizes?: readonly number[];
  readonly before?: number;
  readonly after?: number;
  readonly shape?: Shape;
  readonly ta?: boolean;
  readonly tb?: boolean;
  readonly a?: number;
  readonly b?: number;
  readonly dtype?: DType;
}

interface Call {
  readonly op: string;
  readonly inputs: readonly Given[];
  readonly args?: Arguments;
  /** Which input is which operand; without it each is one. */
  readonly use?: readonly number[];
}

interface Case extends Call {
  readonly outputs: readonly Given[];
  readonly weights?: readonly (Numbers | null)[];
  /** Of the sum of the floating outputs times `weights`; null where PyTorch has None. */
  readonly gradients?: readonly (Numbers | null)[];
  readonly second?: { readonly weights: readonly (Numbers | null)[]; readonly gradients: readonly (Numbers | null)[] };
}

interface Refusal extends Call {
  readonly mentions: readonly string[];
}

const fixture: { readonly cases: readonly Case[]; readonly refusals: readonly Refusal[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/ops.json", import.meta.url), "utf8"),
);
