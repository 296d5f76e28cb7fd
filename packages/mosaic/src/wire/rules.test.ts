import { expect, test } from "vitest";
import { count, fields, flag, listOf, nullable, number, oneOf, optional, recordOf, text } from "./rules.ts";

const rule = fields({
  kind: oneOf("done", "failed"),
  token: count,
  last: flag,
  error: nullable(text),
  seconds: optional(number),
  parts: listOf(fields({ sizes: recordOf(count) })),
});
const right = { kind: "done", token: 0, last: true, error: null, parts: [{ sizes: { a: 1 } }], unknown: new Date() };

test("what is right breaks no rule", () => {
  expect(rule(right, "done")).toBeUndefined();
  expect(rule({ ...right, error: "no", seconds: Number.NaN }, "done")).toBeUndefined();
});

test.each([
  [{ kind: "dead" }, 'done.kind must be done or failed, not "dead"'],
  [{ kind: undefined }, "done.kind must be done or failed, not left out"],
  [{ token: -1 }, 'done.token must be a whole number, not "-1"'],
  [{ token: 1.5 }, 'done.token must be a whole number, not "1.5"'],
  [{ token: 2 ** 53 }, 'done.token must be a whole number, not "9007199254740992"'],
  [{ last: "yes" }, 'done.last must be true or false, not "yes"'],
  [{ error: [] }, "done.error must be a text, not a list"],
  [{ seconds: null }, "done.seconds must be a number, not null"],
  [{ parts: {} }, "done.parts must be a list, not an object"],
  [{ parts: [null] }, "done.parts[0] must be an object, not null"],
  [{ parts: [{ sizes: {} }, { sizes: { b: true } }] }, 'done.parts[1].sizes.b must be a whole number, not "true"'],
  [{ parts: [{ sizes: [] }] }, "done.parts[0].sizes must be an object, not a list"],
])("names the field that breaks it: %j", (wrong, says) => {
  expect(rule({ ...right, ...wrong }, "done")).toBe(says);
});

test("a field that is inherited does not count", () => {
  expect(fields({ toString: text })({}, "it")).toBe("it.toString must be a text, not left out");
});
