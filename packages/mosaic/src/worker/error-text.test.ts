import { expect, test } from "vitest";
import { errorText } from "./error-text.ts";

test("gives the message, the stack and the causes", () => {
  const text = errorText(new RangeError("outer", { cause: new Error("inner", { cause: "text" }) }));
  expect(text).toMatch(
    /^RangeError: outer\n +at .*error-text\.test\.ts.*\ncaused by Error: inner\n.*\ncaused by a module threw text, which is no Error$/s,
  );
});

test("leaves out the middle of a very long text", () => {
  const text = errorText(new Error(`begin ${"x".repeat(32_000_000)} end`));
  expect(text.length).toBeLessThan(65_000);
  expect(text).toMatch(/^Error: begin x+\n… 31\d{6} characters left out …\nx+ end\n +at /);
});

test("tells what is no error", () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  expect(errorText(undefined)).toBe("a module threw undefined, which is no Error");
  expect(errorText({ code: 4 })).toBe('a module threw {"code":4}, which is no Error');
  expect(errorText(loop)).toBe("a module threw an object, which is no Error");
  expect(errorText(Object.create(null))).toBe("a module threw {}, which is no Error");
  expect(errorText(Symbol("s"))).toBe("a module threw Symbol(s), which is no Error");
});

test("comes to an end with an error that causes itself", () => {
  const error = new Error("round");
  error.cause = error;
  expect(errorText(error).match(/caused by/g)?.length).toBeLessThan(20);
});
