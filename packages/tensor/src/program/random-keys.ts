import type { Generator } from "../random/generator.ts";
import type { Feed } from "../runtime/session.ts";
import type { Entry } from "./loop.ts";

/** The names under which a step finds the two halves of a random op's key. */
export function keyNames(op: number): readonly [string, string] {
  return [`key${op}a`, `key${op}b`];
}

export function keyEntries(randomOps: readonly number[]): readonly Entry[] {
  return randomOps.flatMap((op) => keyNames(op).map((name): Entry => ({ name, shape: [], dtype: "int32" })));
}

/** Keys for `steps` steps from `firstStep` on: step n has the same keys in whatever chunk it runs. */
export function keyFeeds(
  randomOps: readonly number[],
  generator: Generator,
  firstStep: number,
  steps: number,
): Record<string, Feed> {
  const feeds: Record<string, Feed> = {};
  for (const op of randomOps) {
    const stream = generator.stream(op);
    stream.position = 2 * firstStep;
    const first = new Int32Array(steps);
    const second = new Int32Array(steps);
    for (let step = 0; step < steps; step++) {
      first[step] = stream.uint32();
      second[step] = stream.uint32();
    }
    const [a, b] = keyNames(op);
    feeds[a] = { data: first, shape: [steps], dtype: "int32" };
    feeds[b] = { data: second, shape: [steps], dtype: "int32" };
  }
  return feeds;
}
