import { expect, test } from "vitest";
import { mostLevels, readValue, writeValue } from "./values.ts";

test("fields that are undefined are left out", () => {
  expect(writeValue({ a: undefined, $b: 1, c: undefined })).toBe('{"$object":{"$b":1}}');
  expect(writeValue({ a: undefined })).toBe("{}");
});

test("says which part is no plain data", () => {
  expect(() => writeValue({ records: [1, { when: new Date() }] })).toThrow("records[1].when is an object of a class");
  expect(() => writeValue({ run: () => undefined })).toThrow("run is of type function");
  expect(() => writeValue([undefined])).toThrow("[0] is of type undefined");
  expect(() => writeValue(undefined)).toThrow("it is of type undefined");
  let deep: unknown = 0;
  for (let level = 0; level <= mostLevels; level++) deep = [deep];
  expect(() => writeValue(deep)).toThrow("is nested more than 100 levels deep");
});

test("asks no method of what it writes", () => {
  const value = { toJSON: "own", list: [1] };
  Reflect.set(Object.prototype, "toJSON", () => "changed");
  Reflect.set(Array.prototype, "toJSON", () => "changed");
  try {
    expect(writeValue(value)).toBe('{"toJSON":"own","list":[1]}');
  } finally {
    Reflect.deleteProperty(Object.prototype, "toJSON");
    Reflect.deleteProperty(Array.prototype, "toJSON");
  }
});

test("what an object inherits is not changed by a field of that name", () => {
  const value: { readonly polluted?: unknown } = Object(readValue('{"__proto__":{"polluted":1}}'));
  expect(value.polluted).toBeUndefined();
  expect(Object.keys(value)).toEqual(["__proto__"]);
});
