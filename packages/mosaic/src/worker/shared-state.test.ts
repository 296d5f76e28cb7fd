import { execFileSync } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { watchSharedState } from "./shared-state.ts";

let undo: () => void = () => undefined;
afterEach(() => undo());

test("what is only used is no change", async () => {
  const changes = watchSharedState();
  await wait(1);
  void fetch;
  void crypto.subtle;
  expect(new Map([[1, [..."abc"].toSorted()]]).size + Math.random()).toBeGreaterThan(0);
  expect(changes()).toEqual([]);
});

test.each<[string, () => () => void]>([
  ["globalThis.leak", () => set(globalThis, "leak", 1)],
  ["Array.prototype.map", () => set(Array.prototype, "map", () => [])],
  ["Object.prototype.extra", () => set(Object.prototype, "extra", 1)],
  ["Math.random", () => set(Math, "random", () => 0.5)],
  ["Date.now", () => set(Date, "now", () => 0)],
  ["the prototype of typed arrays.fill", () => set(Object.getPrototypeOf(Uint8Array.prototype), "fill", () => 0)],
  ["process.env", () => set(process.env, "MOSAIC_TEST", "1")],
  [
    "a timer that goes on",
    () => {
      const timer = setInterval(() => undefined, 1000);
      return () => clearInterval(timer);
    },
  ],
])("%s is told", (name, change) => {
  const changes = watchSharedState();
  undo = change();
  expect(changes()).toEqual([name]);
});

test("looking at it loads nothing that is not used", () => {
  const code = `import { watchSharedState } from ${JSON.stringify(new URL("shared-state.ts", import.meta.url).href)};
watchSharedState()();
process.stdout.write(process.moduleLoadList.filter((name) => name.includes("undici")).join());`;
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" })).toBe("");
});

/** Changes a property, and returns what changes it back. */
function set(object: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true, enumerable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(object, name);
    else Object.defineProperty(object, name, before);
  };
}
