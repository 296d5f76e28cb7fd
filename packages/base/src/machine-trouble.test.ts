import { expect, test } from "vitest";
import { machineTrouble } from "./machine-trouble.ts";

const systemError = (code: string) => Object.assign(new Error(`${code}: words of the system`), { code });
const full = systemError("ENOSPC");

test.each([
  ["itself", full],
  ["behind another", new Error("not saved", { cause: new Error("no file", { cause: full }) })],
  ["among others", new AggregateError([new Error("first"), full])],
  ["met while an error was handled", new SuppressedError(full, new Error("first"))],
  ["behind what failed on the way out", new SuppressedError(new Error("second"), full)],
])("finds the machine's trouble: %s", (_, error) => {
  expect(machineTrouble(error)).toBe("the disk is full; make room");
});

test("knows what Node has no name for", () => {
  for (const code of ["Unknown system error -122", "UNKNOWN"])
    expect(machineTrouble(Object.assign(new Error(code), { code, errno: -122 }))).toMatch("quota");
});

test("leaves other errors to whoever made them", () => {
  for (const error of [systemError("ENOENT"), systemError("toString"), new Error("x"), "ENOSPC", undefined])
    expect(machineTrouble(error)).toBeUndefined();
});

test("comes to an end with an error that causes itself", () => {
  const error = new Error("round");
  error.cause = error;
  expect(machineTrouble(error)).toBeUndefined();
});
