import { expect, test } from "vitest";
import { constructorOptions } from "./constructor-options.ts";

class Base {
  constructor({ width, depth = 2 }: { width: number; depth?: number }) {
    void [width, depth];
  }
}
class Inherits extends Base {}
class Own extends Base {
  constructor({ size: renamed, "quoted-name": quoted }: Record<string, number>) {
    super({ width: renamed ?? 0 });
    void quoted;
  }
}

test.each([
  ["destructured", Base, { required: ["width"], optional: ["depth"] }],
  ["inherited", Inherits, { required: ["width"], optional: ["depth"] }],
  ["renamed and quoted", Own, { required: ["size", "quoted-name"], optional: [] }],
  ["no constructor", class {}, { required: [], optional: [] }],
  [
    "no parameter",
    class {
      readonly x: number;
      constructor() {
        this.x = 1;
      }
    },
    { required: [], optional: [] },
  ],
  [
    "a default for all",
    class {
      constructor({ a = 1, b }: { a?: number; b?: number } = {}) {
        void [a, b];
      }
    },
    { required: ["b"], optional: ["a"] },
  ],
  [
    "a pattern inside",
    class {
      constructor({ sizes: [first], rest: { deep } = { deep: 1 } }: { sizes: number[]; rest?: { deep: number } }) {
        void [first, deep];
      }
    },
    { required: ["sizes"], optional: ["rest"] },
  ],
])("reads %s", (_, userClass, expected) => {
  expect(constructorOptions(userClass)).toEqual(expected);
});

test.each([
  [
    "the whole object",
    class {
      constructor(options: object) {
        void options;
      }
    },
  ],
  [
    "the rest of it",
    class {
      constructor({ a, ...others }: Record<string, number>) {
        void [a, others];
      }
    },
  ],
  [
    "any number of arguments",
    class {
      constructor(...all: unknown[]) {
        void all;
      }
    },
  ],
  ["what is native", Map],
])("knows nothing of a constructor that takes %s", (_, userClass) => {
  expect(constructorOptions(userClass)).toBeUndefined();
});

test("of a class that asks where its file lies", async () => {
  const module = "export class Data { constructor({ size = 8 }) { this.place = [import.meta.url, size]; } }";
  const { Data } = await import(`data:text/javascript,${encodeURIComponent(module)}`);
  expect(constructorOptions(Data)).toEqual({ required: [], optional: ["size"] });
});
