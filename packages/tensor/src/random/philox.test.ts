import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Generator } from "./generator.ts";
import { philox } from "./philox.ts";

interface Answer {
  readonly counter: readonly [number, number, number, number];
  readonly key: readonly [number, number];
  readonly words: readonly number[];
}

/** Written by fixtures/philox.py, an implementation of its own that is checked against Random123's known answers. */
const fixture: {
  readonly published: readonly Answer[];
  readonly more: readonly Answer[];
  readonly streams: readonly {
    readonly seed: number;
    readonly names: readonly (string | number)[];
    readonly block: number;
    readonly words: readonly number[];
  }[];
} = JSON.parse(readFileSync(new URL("../../fixtures/philox.json", import.meta.url), "utf8"));

test.each([
  ["the published known answers", fixture.published],
  ["random counters and keys", fixture.more],
])("%s", (_, answers) => {
  for (const { counter, key, words } of answers) {
    const out = new Uint32Array(4);
    philox(out, ...counter, ...key);
    expect(Array.from(out)).toEqual(words);
  }
});

test("generators and their streams give these numbers for ever", () => {
  for (const { seed, names, block, words } of fixture.streams) {
    const generator = names.length === 0 ? new Generator(seed) : new Generator(seed).stream(...names);
    generator.position = 4 * block;
    expect(Array.from({ length: 4 }, () => generator.uint32())).toEqual(words);
  }
});
