import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, type Lookup, parseCondition, unknownNames } from "./index.ts";

function holds(text: string, lookup: Lookup): boolean {
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return evaluate(parsed.condition, lookup);
}

const run: Readonly<Record<string, string | number | boolean | null>> = {
  lr: "1e-2",
  depth: 3,
  bias: "true",
  nesterov: false,
  optimizer: "Adam",
  code: '"008"',
  scheduler: "None",
  "my net.x": "a b",
  test_loss: 0.25,
  wide: "inf",
  diverged: Number.NaN,
  error: null,
};

describe("evaluate", () => {
  test.each([
    "lr = 0.01",
    "lr = 10e-3",
    "lr in (1, 0.010)",
    "lr >= 0.01 and lr <= 1e-2",
    "depth = 3.0",
    "depth != 4",
    "depth > 2",
    "bias = True",
    "bias = true",
    "nesterov = False",
    "optimizer = Adam",
    "optimizer = 'Adam'",
    "optimizer != SGD",
    "optimizer not in (SGD, RMSprop)",
    'code = "008"',
    "code != 8",
    "code != 008",
    "scheduler = None",
    '"my net.x" = "a b"',
    "wide > 1e300",
    "wide = Infinity",
    "diverged = nan",
    "not (depth = 3 and depth = 4)",
    "depth = 4 or lr = 0.01",
    "absent = 1 or depth = 3",
    "not (absent = 1 and depth = 4)",
  ])("%s", (text) => expect(holds(text, (name) => run[name])).toBe(true));

  test.each([
    "lr = 0.1",
    "lr > 0.01",
    "depth < 3",
    "optimizer = adam",
    "optimizer > 3",
    "not optimizer > 3",
    'depth = "3"',
    "diverged > 0",
    "diverged <= 0",
    "absent = 1",
    "absent != 1",
    "not absent = 1",
    "absent in (1)",
    "absent not in (1)",
    "error = 'out of memory'",
    "error != 'out of memory'",
    "not (absent = 1 and depth = 3)",
    "absent = 1 or depth = 4",
    "depth = 3 and not absent = 1",
  ])("not %s", (text) => expect(holds(text, (name) => run[name])).toBe(false));

  test("not, and, or are as in three-valued logic, and a comparison is not its opposite", () => {
    const comparison = fc
      .tuple(
        fc.constantFrom("a", "b", "c"),
        fc.constantFrom("=", "!=", "<", "<=", ">", ">="),
        fc.integer({ min: 0, max: 3 }),
      )
      .map(([name, relation, value]) => `${name} ${relation} ${value}`);
    const values = fc.record({ a: fc.integer({ min: 0, max: 3 }), b: fc.constantFrom("0", "1e0", "x") });
    const opposite = { "=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">" };
    fc.assert(
      fc.property(comparison, comparison, values, (one, other, given) => {
        const lookup: Lookup = (name) => Object.entries(given).find(([known]) => known === name)?.[1];
        const is = (text: string) => holds(text, lookup);
        expect(is(`not (${one} and ${other})`)).toBe(is(`not ${one} or not ${other}`));
        expect(is(`not (${one} or ${other})`)).toBe(is(`not ${one} and not ${other}`));
        expect(is(`${one} and ${other}`)).toBe(is(one) && is(other));
        expect(is(`${one} or ${other}`)).toBe(is(one) || is(other));
        const [name, relation = "=", value] = one.split(" ");
        const inverse = Object.entries(opposite).find(([sign]) => sign === relation)?.[1];
        expect(is(`not ${one}`)).toBe(is(`${name} ${inverse} ${value}`));
        expect(is(one) && is(`not ${one}`)).toBe(false);
      }),
    );
  });
});

describe("unknownNames", () => {
  const known = ["lr", "MLP.depth", "MLP.width", "CNN.depth"];
  const told = (text: string, names: readonly string[] = known) => {
    const parsed = parseCondition(text);
    if (!parsed.ok) throw new Error(parsed.fault.message);
    return unknownNames(parsed.condition, names).map(({ message, remedy }) => `${message} ${remedy}`);
  };

  test("are none where all are known", () => {
    expect(told("lr = 1 and not (MLP.depth in (1, 2) or CNN.depth > 2)")).toEqual([]);
    expect(told('optimizer = lr or lr = "MLP.depth"', [...known, "optimizer"])).toEqual([]);
  });

  test("are told with the nearest name, all of them", () => {
    expect(told("not MLP.dept > 3 and (MPL.width in (1) or speed = 2)")).toEqual([
      '"MLP.dept" at character 5 is not known. Did you mean "MLP.depth"?',
      '"MPL.width" at character 23 is not known. Did you mean "MLP.width"?',
      '"speed" at character 43 is not known. Known: lr, MLP.depth, MLP.width, CNN.depth.',
    ]);
  });

  test("are told with some of the known ones where these are many", () => {
    const many = Array.from({ length: 22 }, (_, index) => `option${index}`);
    expect(told("z = 1", many)).toEqual([
      `"z" at character 1 is not known. Known: ${many.slice(0, 20).join(", ")} and 2 more.`,
    ]);
    expect(told("z = 1", [])).toEqual(['"z" at character 1 is not known. There are no names.']);
  });

  test("a name where a value belongs is told", () => {
    expect(told("MLP.depth = CNN.depth")).toEqual([
      '"CNN.depth" at character 13 is a name, where a value belongs. Names are compared with values, not with each other; put it in quotes if it is a text: "CNN.depth".',
    ]);
  });
});
