import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Condition, parseCondition } from "./index.ts";

function parsed(text: string): Condition {
  const result = parseCondition(text);
  if (!result.ok) throw new Error(`${result.fault.message} ${result.fault.remedy}`);
  return result.condition;
}

describe("parseCondition", () => {
  test("reads names, comparisons and values with their places", () => {
    expect(parsed("MLP.depth > 4 and status = 'not done'")).toEqual({
      kind: "and",
      parts: [
        {
          kind: "comparison",
          name: { name: "MLP.depth", at: 1 },
          relation: ">",
          value: { text: "4", isQuoted: false, at: 13 },
        },
        {
          kind: "comparison",
          name: { name: "status", at: 19 },
          relation: "=",
          value: { text: "not done", isQuoted: true, at: 28 },
        },
      ],
    });
  });

  test.each([
    ["a=1", "a = 1"],
    ["a == 1", "a = 1"],
    ["a!=-1e-3", "a != -1e-3"],
    ["a >= inf", "a >= inf"],
    ["a = 1 and b = 2 or c = 3", "((a = 1 and b = 2) or c = 3)"],
    ["a = 1 or b = 2 and c = 3", "(a = 1 or (b = 2 and c = 3))"],
    ["(a = 1 or b = 2) and c = 3", "((a = 1 or b = 2) and c = 3)"],
    ["not a = 1 and b = 2", "(not a = 1 and b = 2)"],
    ["not (a = 1 and b = 2)", "not (a = 1 and b = 2)"],
    ["not not a = 1", "not not a = 1"],
    ["a = 1 and b = 2 and c = 3", "(a = 1 and b = 2 and c = 3)"],
    ["a in (1,x , 'y z')", "a in (1, x, 'y z')"],
    ["a not in (1)", "not a in (1)"],
    ['"my MLP.width" = "say ""no"""', "'my MLP.width' = 'say \"no\"'"],
    ["path = ./my-models/mlp.ts", "path = ./my-models/mlp.ts"],
    ["device = cuda:0", "device = cuda:0"],
    ["a = ''", "a = ''"],
    ["AND = 1", "AND = 1"],
  ])("%s", (text, means) => expect(print(parsed(text))).toBe(means));

  test.each<[string, string]>([
    ["", "There is no condition. Write one, as in MLP.depth > 4."],
    ["  ", "There is no condition. Write one, as in MLP.depth > 4."],
    ["MLP.bias", '"MLP.bias" at character 1 is compared with nothing. Write what it is to be, as in MLP.bias = True.'],
    [
      "MLP.bias and lr = 1",
      '"MLP.bias" at character 1 is compared with nothing. Write what it is to be, as in MLP.bias = True.',
    ],
    ["(a)", '"a" at character 2 is compared with nothing. Write what it is to be, as in a = True.'],
    ["a =", '"=" at character 3 has no value behind it. Write one; an empty text is "".'],
    ["(a = )", '"=" at character 4 has no value behind it. Write one; an empty text is "".'],
    ["a = and", '"and" at character 5 stands where a value belongs. Put it in quotes if it is one: "and".'],
    ["a = = 1", '"=" at character 5 stands where a value belongs. Put texts with signs in quotes: "=".'],
    [
      "a = (1, 2)",
      '"(" at character 5 stands where one value belongs. Write several values as in MLP.width in (64, 128).',
    ],
    ["a => 1", '"=>" at character 3 is no comparison. Write >=.'],
    ["a <> 1", '"<>" at character 3 is no comparison. Write !=.'],
    ["a =< 1", '"=<" at character 3 is no comparison. Write <=.'],
    ["a === 1", '"===" at character 3 is no comparison. Write =.'],
    ["a >> 1", '">>" at character 3 is no comparison. Write one of = != < <= > >=, in or not in.'],
    [
      "duration(s) > 1",
      '"(" at character 9 is no comparison. Write one of = != < <= > >=, in or not in; names with brackets need quotes: "duration(s)".',
    ],
    ["a IN (1)", '"IN" at character 3 is no comparison. Write in, in small letters.'],
    [
      "my width > 1",
      '"width" at character 4 stands where a comparison belongs. Write one of = != < <= > >=, in or not in; names with spaces need quotes: "my width".',
    ],
    ["4 < MLP.depth", '"4" at character 1 is a number, where a name belongs. Write the name first: MLP.depth > 4.'],
    ["1 < a < 5", '"1" at character 1 is a number, where a name belongs. Write the name first: a > 1.'],
    [
      "a > 1 < 5",
      '"<" at character 7 follows a condition that has ended. Write two comparisons with and between them: MLP.depth > 1 and MLP.depth < 5.',
    ],
    ["a > x", '"x" at character 5 is no number, and > compares numbers. Write a number, or compare with = or !=.'],
    ['a >= "4"', 'The text "4" at character 6 is no number, and >= compares numbers. Write 4 without quotes.'],
    [
      "and a = 1",
      '"and" at character 1 has no comparison before it. Write a comparison there, as in MLP.depth > 4. A name like it needs quotes.',
    ],
    ["a = 1 and", '"and" at character 7 has nothing behind it. Write a comparison there, as in MLP.depth > 4.'],
    ["a = 1 or not", '"not" at character 10 has nothing behind it. Write a comparison there, as in MLP.depth > 4.'],
    ["()", '"(" at character 1 has nothing behind it. Write a comparison there, as in MLP.depth > 4.'],
    ["= 1", '"=" at character 1 has no name before it. Write one, as in MLP.depth > 4.'],
    ["! a = 1", '"!" at character 1 is no word of conditions. Write not.'],
    ["(a = 1", '"(" at character 1 is not closed. Write ) where it ends.'],
    ["a = 1)", '")" at character 6 closes nothing. Remove it, or open it before.'],
    ["a = 1 && b = 2", '"&&" at character 7 follows a condition that has ended. Write and.'],
    ["a = 1 | b = 2", '"|" at character 7 follows a condition that has ended. Write or.'],
    ["a = 1 AND b = 2", '"AND" at character 7 follows a condition that has ended. Write and, in small letters.'],
    [
      "a = 1, 2",
      '"," at character 6 follows a condition that has ended. Write several values as in MLP.width in (64, 128).',
    ],
    [
      "error = out of memory",
      '"of" at character 13 follows a condition that has ended. Write and or or before it; texts with spaces need quotes: "out of".',
    ],
    [
      "optimizer = SGD(momentum=0.9)",
      '"(" at character 16 follows a condition that has ended. Write and or or before it; texts with brackets need quotes.',
    ],
    ["a in 64, 128 and b = 1", '"in" at character 3 is not followed by values in parentheses. Write a in (64, 128).'],
    ["a in", '"in" at character 3 is not followed by values in parentheses. Write a in (64, 128).'],
    ["a in ()", "The list at character 6 is empty. Write its values, as in (64, 128)."],
    ["a in (1,)", 'The list at character 6 has an empty place. Remove the extra comma; an empty text is "".'],
    ["a in (,1)", 'The list at character 6 has an empty place. Remove the extra comma; an empty text is "".'],
    [
      "a in (1 2)",
      '"2" at character 9 follows a value in a list. Put a comma between values, and texts with spaces in quotes.',
    ],
    ["a in (1, 2", '"(" at character 6 is not closed. Write ) where it ends.'],
    ["a in (", '"(" at character 6 is not closed. Write ) where it ends.'],
    ['a = "x', 'The quote at character 5 has no partner. Write " where the text ends; one inside is written twice.'],
    ["a = it's", "The quote at character 7 has no partner. Write ' where the text ends; one inside is written twice."],
    [`${"(".repeat(101)}a = 1`, '"(" at character 101 is nested more than 100 deep. Write a simpler condition.'],
    [`${"not ".repeat(101)}a = 1`, '"not" at character 401 is nested more than 100 deep. Write a simpler condition.'],
  ])("refuses %s", (text, message) => {
    const result = parseCondition(text);
    expect(result.ok ? print(result.condition) : `${result.fault.message} ${result.fault.remedy}`).toBe(message);
  });

  test("a chain may be long", () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `a = ${index}`).join(" or ");
    expect(parsed(text)).toMatchObject({ kind: "or", parts: { length: 20_000 } });
  });

  test("reads what a printed condition says, whatever it is made of", () => {
    fc.assert(
      fc.property(anyCondition, (condition) => {
        const text = print(condition);
        expect(print(parsed(text))).toBe(text);
      }),
    );
  });

  test("every text is a condition or has a fault with a remedy", () => {
    const piece = fc.constantFrom(
      "a",
      "MLP.b",
      "4",
      "and",
      "or",
      "not",
      "in",
      "(",
      ")",
      ",",
      "=",
      "<",
      '"',
      "'",
      " ",
      "x y",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join(" ")),
        ),
        (text) => {
          const result = parseCondition(text);
          if (!result.ok) expect([result.fault.message, result.fault.remedy].join(" ")).toMatch(/^\S.*\. .*\S\.$/s);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

const name = fc.constantFrom("a", "MLP.depth", "my net.x", "not").map((text) => ({ name: text, at: 1 }));
const value = fc
  .tuple(fc.string(), fc.boolean())
  .map(([text, quoted]) => ({ text, isQuoted: quoted || !/^[\w.-]+$/.test(text) || isWord(text), at: 1 }));
const number = fc.integer().map((given) => ({ text: String(given), isQuoted: false, at: 1 }));

const { anyCondition } = fc.letrec<{ anyCondition: Condition; leaf: Condition }>((tie) => ({
  anyCondition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      parts: fc.array(tie("anyCondition"), { minLength: 2, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant("not" as const), part: tie("anyCondition") }),
  ),
  leaf: fc.oneof(
    fc.record({
      kind: fc.constant("comparison" as const),
      name,
      relation: fc.constantFrom("=" as const, "!=" as const),
      value,
    }),
    fc.record({
      kind: fc.constant("comparison" as const),
      name,
      relation: fc.constantFrom("<" as const, "<=" as const, ">" as const, ">=" as const),
      value: number,
    }),
    fc.record({ kind: fc.constant("in" as const), name, values: fc.array(value, { minLength: 1, maxLength: 3 }) }),
  ),
}));

function print(condition: Condition): string {
  switch (condition.kind) {
    case "and":
    case "or":
      return `(${condition.parts.map(print).join(` ${condition.kind} `)})`;
    case "not":
      return `not ${print(condition.part)}`;
    case "comparison":
      return `${printName(condition.name)} ${condition.relation} ${printValue(condition.value)}`;
    case "in":
      return `${printName(condition.name)} in (${condition.values.map(printValue).join(", ")})`;
    default:
      return condition satisfies never;
  }
}

function printName({ name: text }: { readonly name: string }): string {
  return text.includes(" ") || isWord(text) ? quoted(text) : text;
}

function printValue({ text, isQuoted }: { readonly text: string; readonly isQuoted: boolean }): string {
  return isQuoted ? quoted(text) : text;
}

function isWord(text: string): boolean {
  return ["and", "or", "not", "in"].includes(text);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
