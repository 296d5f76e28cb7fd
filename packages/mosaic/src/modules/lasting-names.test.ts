import { describe, expect, test } from "vitest";
import { lastingNames } from "./lasting-names.ts";

const head = `import { int, schema } from "@ml-mosaic/configurable";
import { nn } from "@ml-mosaic/tensor";
import { Base } from "./base.ts";
`;

describe("lies open:", () => {
  test.each([
    [
      "export const side = 8; const area = side * side; export function f() { let sum = 0; return sum; }",
      "side area f",
    ],
    [
      "const options = { a: schema(int, { default: 3 }) }; export class A { static configSchema = options; }",
      "options A",
    ],
    ["export class A extends nn.Module { n = 0; static size = [1, 2]; static of() { return new A(A.size); } }", "A"],
    ["class A extends Base { static configSchema = { ...Base.configSchema }; } export { A };", "A"],
    ["export const twice = (x) => 2 * x; export default class A { static aliases = ['a']; }", "twice A"],
    ["class A { read() { return new URL('x.csv', import.meta.url); } }", "A"],
    ["class A { count() { A.count.calls = 1; } eval() { this.model.eval(); } }", "A"],
    [
      "class A { #size = 1; #grow() { this.#size++; } more() { this.#grow(); } async *[Symbol.asyncIterator]() {} }",
      "A",
    ],
    ["const table = { a: [1, { b: -2 }], f() { return () => 1; } };", "table"],
    ["function f() { return import('./other.ts'); }", "f"],
    ["import * as other from './other.ts'; ; export * from './other.ts';", ""],
  ])("%s", (text, names) => {
    expect(lastingNames(head + text)?.join(" ")).toBe(names);
  });
});

describe("may be hidden:", () => {
  test.each([
    "let count = 0;",
    "var count = 0;",
    "const { count } = Base;",
    "const cache = new Map();",
    "const samples = new Float32Array(3);",
    "const next = (() => { let i = 0; return () => i++; })();",
    "const next = Base.next;",
    "const table = { next: make() };",
    "const table = { ...make() };",
    "const table = { get next() { let i = 0; return () => i++; } };",
    "const table = { __proto__: { count: 0 } };",
    "const options = { a: schema(int, { check: make() }) };",
    "const pattern = /a/g;",
    "console.log(1);",
    "export default make();",
    "export default class { static count = 0; }",
    "if (true) globalThis.count = 0;",
    "class A { static #n = 0; static next() { return this.#n++; } }",
    "class A { static { let i = 0; this.next = () => i++; } }",
    "class A { static get configSchema() { let i = 0; return { next: () => i++ }; } }",
    "class A { static seen = new Set(); }",
    "class A { [make()]() {} }",
    "class A { #m() {} f() { this.#m.count = 1; } }",
    "class A { #m() {} f() { this.#m(this.#m).call(1); } }",
    "class Given { constructor(it) { return it; } } class Stamp extends Given { #count = 0; }",
    "class A { #m() {} f() { eval('this.#m.count = 1'); } }",
    "export class A extends make() {}",
    "import { createRequire } from 'node:module';",
    "const globalThis = 1;",
    "import Symbol from './other.ts';",
    "import { configurable } from 'ml-mosaic'; const A = configurable(Base);",
    "not JavaScript",
  ])("%s", (text) => {
    expect(lastingNames(head + text)).toBeUndefined();
  });
});
