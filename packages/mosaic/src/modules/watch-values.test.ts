import { beforeEach, describe, expect, test } from "vitest";
import { watchValues } from "./watch-values.ts";

let f: (() => number) & { count?: number };
let table: { list: number[]; later?: { count: number } };
class A {
  static size = 3;
  forward(): number {
    return 1;
  }
  get area(): number {
    return 2;
  }
}
class B extends A {}

let same: () => boolean;
beforeEach(() => {
  f = () => 1;
  table = { list: [1, Number.NaN] };
  same = watchValues(() => [f, table, A, B]);
});

test("what has not changed", () => {
  expect([new B().forward(), new A().area, f(), same()]).toEqual([1, 2, 1, true]);
});

const key = "forward";
describe("a change of", () => {
  test.each<[string, () => void, () => void]>([
    [
      "a value",
      () => {
        f = () => 2;
      },
      () => undefined,
    ],
    [
      "a property of a function",
      () => {
        f.count = 1;
      },
      () => undefined,
    ],
    ["an element", () => void table.list.push(1), () => undefined],
    [
      "a value in a list",
      () => {
        table.list[0] = 2;
      },
      () => undefined,
    ],
    [
      "a new object",
      () => {
        table.later = { count: 1 };
      },
      () => undefined,
    ],
    [
      "a static property",
      () => {
        A.size++;
      },
      () => {
        A.size--;
      },
    ],
    [
      "a property of a method, through a computed name",
      () => void Object.assign(new B()[key], { count: 1 }),
      () => Reflect.deleteProperty(A.prototype.forward, "count"),
    ],
    [
      "a property of a getter",
      () => void Reflect.set(Object(Reflect.getOwnPropertyDescriptor(A.prototype, "area")?.get), "count", 1),
      () => Reflect.deleteProperty(Object(Reflect.getOwnPropertyDescriptor(A.prototype, "area")?.get), "count"),
    ],
    [
      "a symbol of a prototype",
      () => void Object.defineProperty(B.prototype, Symbol.iterator, { value: 1, configurable: true }),
      () => Reflect.deleteProperty(B.prototype, Symbol.iterator),
    ],
    ["a base", () => Object.setPrototypeOf(B, Object), () => Object.setPrototypeOf(B, A)],
  ])("%s", (_, change, undo) => {
    change();
    const after = same();
    undo();
    expect(after).toBe(false);
  });
});

test("what is too much to look through counts as changed", () => {
  const long = Array.from({ length: 20_000 }, () => 0);
  expect(watchValues(() => [long])()).toBe(false);
});
