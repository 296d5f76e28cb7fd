import { unary } from "./elementwise.ts";

export const sin = unary("sin", "Sin", (x, _y, g) => g.mul(x.cos()));
export const cos = unary("cos", "Cos", (x, _y, g) => g.mul(x.sin()).neg());
export const tan = unary("tan", "Tan", (_x, y, g) => g.add(g.mul(y.mul(y))));
export const asin = unary("asin", "Asin", (x, _y, g) => g.div(x.mul(x).neg().add(1).sqrt()));
export const acos = unary("acos", "Acos", (x, _y, g) => g.div(x.mul(x).neg().add(1).sqrt()).neg());
export const atan = unary("atan", "Atan", (x, _y, g) => g.div(x.mul(x).add(1)));
export const sinh = unary("sinh", "Sinh", (x, _y, g) => g.mul(x.cosh()));
export const cosh = unary("cosh", "Cosh", (x, _y, g) => g.mul(x.sinh()));
