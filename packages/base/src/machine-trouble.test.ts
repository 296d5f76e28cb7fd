import { expect, test } from "vitest";
import { MachineTrouble, machineTrouble } from "./machine-trouble.ts";

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

test.each([
  [10 | (3 << 8), /^the disk fails/],
  [13, /^the disk is full/],
])("knows SQLite's code %s", (errcode, trouble) => {
  const error = Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode });
  expect(machineTrouble(new Error("not stored", { cause: error }))).toMatch(trouble);
});

test("knows Node's words of a package.json that cannot be read, from those of one that is wrong", () => {
  const withMessage = (message: string) => Object.assign(new Error(message), { code: "ERR_INVALID_PACKAGE_CONFIG" });
  expect(machineTrouble(withMessage("Cannot read package config /a/package.json: i/o error."))).toMatch(
    /^the disk fails/,
  );
  expect(machineTrouble(withMessage("Invalid package config /a/package.json."))).toBeUndefined();
});

test("tells a module that could not be looked at from one that is missing", () => {
  const notFound = (name: string) => {
    const error = new Error(`Cannot find module '${name}'`);
    return Object.assign(error, { code: "ERR_MODULE_NOT_FOUND", url: new URL(name, import.meta.url).href });
  };
  expect(machineTrouble(notFound("./machine-trouble.ts"))).toMatch(/^the disk fails/);
  expect(machineTrouble(notFound("./nowhere.ts"))).toBeUndefined();
});

test("knows what says by itself that it is one", () => {
  const error = new Error("not stored", { cause: new MachineTrouble("the disk is a hat; take it off") });
  expect(machineTrouble(error)).toBe("the disk is a hat; take it off");
});

test("leaves other errors to whoever made them", () => {
  const syntax = Object.assign(new Error("syntax error"), { code: "ERR_SQLITE_ERROR", errcode: 1 });
  for (const error of [systemError("ENOENT"), systemError("toString"), syntax, new Error("x"), "ENOSPC", undefined])
    expect(machineTrouble(error)).toBeUndefined();
});

test("comes to an end with an error that causes itself", () => {
  const error = new Error("round");
  error.cause = error;
  expect(machineTrouble(error)).toBeUndefined();
});
