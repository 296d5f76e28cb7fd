import { expect, test } from "vitest";
import { toYaml } from "./to-yaml.ts";

test("is as one would write it", () => {
  const shared = { lr: 1e-3 };
  expect(
    toYaml({ trainer: { epochs: 3, name: "yes", text: "1e-3", note: "a: b", lines: "x\ny\n" }, a: shared, b: shared }),
  ).toBe(`trainer:
  epochs: 3
  name: yes
  text: "1e-3"
  note: "a: b"
  lines: |
    x
    y
a:
  lr: 0.001
b:
  lr: 0.001
`);
});

test("what YAML cannot hold is named", () => {
  const loop: Record<string, unknown> = {};
  loop.self = [loop];
  expect(() => toYaml({ a: [new Date(0)], b: { c: undefined, d: 3n }, e: loop, f: () => 1 })).toThrow(
    `5 problems:
  a[0]: expected null, true or false, a number, a string, a list or a map, got 1970-01-01T00:00:00.000Z
  b.c: expected null, true or false, a number, a string, a list or a map, got undefined
  b.d: expected null, true or false, a number, a string, a list or a map, got 3n
  e.self[0]: expected a value that does not contain itself, got <ref *1> { self: [ [Circular *1] ] }
  f: expected null, true or false, a number, a string, a list or a map, got [Function: f]`,
  );
});
