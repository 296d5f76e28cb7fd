import { unary } from "./elementwise.ts";
import type { Op } from "./op.ts";

type None = Record<string, never>;

export const sin: Op<None> = unary("sin", "Sin", (x, _y, g) => g.mul(x.cos()));
export const cos: Op<None> = unary("cos", "Cos", (x, _y, g) => g.mul(x.sin()).neg());
export const tan: Op<None> = unary("tan", "Tan", (_x, y, g) => g.add(g.mul(y.mul(y))));
export const asin: Op<None> = unary("asin", "Asin", (x, _y, g) => g.div(x.mul(x).neg().add(1).sqrt()));
export const acos: Op<None> = unary("acos", "Acos", (x, _y, g) => g.div(x.mul(x).neg().add(1).sqrt()).neg());
export const atan: Op<None> = unary("atan", "Atan", (x, _y, g) => g.div(x.mul(x).add(1)));
export const sinh: Op<None> = unary("sinh", "Sinh", (x, _y, g) => g.mul(x.cosh()));
export const cosh: Op<None> = unary("cosh", "Cosh", (x, _y, g) => g.mul(x.sinh()));
