import { elementary, unary } from "./elementwise.ts";

export const sin = unary("sin", "Sin", elementary("sin"), (x, _y, g) => g.mul(x.cos()));
export const cos = unary("cos", "Cos", elementary("cos"), (x, _y, g) => g.mul(x.sin()).neg());
export const tan = unary("tan", "Tan", elementary("tan"), (_x, y, g) => g.add(g.mul(y.mul(y))));
export const asin = unary("asin", "Asin", elementary("asin"), (x, _y, g) => g.div(x.mul(x).neg().add(1).sqrt()));
export const acos = unary("acos", "Acos", elementary("acos"), (x, _y, g) => g.div(x.mul(x).neg().add(1).sqrt()).neg());
export const atan = unary("atan", "Atan", elementary("atan"), (x, _y, g) => g.div(x.mul(x).add(1)));
export const sinh = unary("sinh", "Sinh", elementary("sinh"), (x, _y, g) => g.mul(x.cosh()));
export const cosh = unary("cosh", "Cosh", elementary("cosh"), (x, _y, g) => g.mul(x.sinh()));
