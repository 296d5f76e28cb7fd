import { describe, expect, test } from "vitest";
import { areStateless, statelessFile } from "./stateless-files.ts";

const head = `import { int, schema } from "@ml-mosaic/configurable";
import { nn } from "@ml-mosaic/tensor";
import { Base } from "./base.ts";
`;

describe("remembers nothing:", () => {
  test.each([
    "export const side = 8; const area = side * side; export function f() { let sum = 0; sum += area; return sum; }",
    "const options = { a: schema(int, { default: 3 }) }; export class A extends nn.Module { static configSchema = options; n = 0; add() { this.n++; } }",
    "export class A extends Base { static size = 3; static of() { return new A(A.size); } }",
    "class A { rows = []; add(row) { this.rows.push(row); this.rows[0] = row; } } export { A };",
    "export const twice = (x) => 2 * x; export default class A { static aliases = ['a']; }",
    "class A { read() { return new URL('x.csv', import.meta.url); } }",
  ])("%s", (text) => {
    expect(statelessFile(head + text)).toBeDefined();
  });
});

describe("may remember:", () => {
  test.each([
    "let count = 0;",
    "var count = 0;",
    "const counter = { count: 0 };",
    "const seen = [];",
    "const cache = new Map();",
    "const next = (() => { let i = 0; return () => i++; })();",
    "const pattern = /a/g;",
    "console.log(1);",
    "const options = { a: schema(int, { default: [1] }) };",
    "class A { static count = 0; constructor() { A.count++; } }",
    "class A { static seen = []; }",
    "class A { static #n = 0; static next() { return this.#n++; } }",
    "class A { static { this.count = 0; } }",
    "class A { f() { this.constructor.count = 1; } }",
    "class A { f() { const { constructor } = this; constructor.count = 1; } }",
    "class A { f() { new.target; this[name].count = 1; } }",
    "class A {} class B { f() { A.seen.push(1); } }",
    "class A { f() { Object.assign(A, { count: 1 }); } }",
    "class A { f() { const self = A; self.count = 1; } }",
    "class A { f() { Object.getPrototypeOf(this).count = 1; } }",
    "class A { f() { A.prototype.count = 1; } }",
    "function f() { f.count = (f.count ?? 0) + 1; }",
    "const f = function g() { g.count = 1; };",
    "export default class A { f() { A.count = 1; } }",
    "function f() { Base.count = 1; }",
    "const options = { a: schema(int) }; function f() { options.b = 1; }",
    "function f() { eval('1'); }",
    "function f() { return import('./other.ts'); }",
    "function f() { import.meta.count = 1; }",
    "import * as other from './other.ts';",
    "import { createRequire } from 'node:module';",
    "export class A extends make() {}",
    "not JavaScript",
  ])("%s", (text) => {
    expect(statelessFile(head + text)).toBeUndefined();
  });

  test("what one file's code writes to a method of another's", () => {
    const reading = (text: string) => statelessFile(text) ?? { methods: new Set(), reads: new Set() };
    const model = reading("export class A { forward() {} }");
    expect(areStateless([model, reading("export function f(a) { a.forward(); }")])).toBe(true);
    expect(areStateless([model, reading("export function f(a) { a.forward.count = 1; }")])).toBe(false);
    expect(areStateless([model, reading("export function f({ forward }) { forward.count = 1; }")])).toBe(false);
  });
});
