import type { Generator } from "../random/generator.ts";
import { input } from "../tensor.ts";
import type { Entry, Part, RandomKey } from "./loop.ts";
import { memoized } from "./memoized.ts";

export interface RandomRun {
  readonly generator: Generator;
  /** Which step of those that the generator keys is the first: step n has the same keys in whatever chunk it runs. */
  readonly firstStep: number;
  readonly steps: number;
}

/** Keys each random op anew in each step. */
export function randomPart(ops: readonly number[]): Part<RandomRun> {
  const entries = ops.map((op): readonly [number, Entry<RandomRun>, Entry<RandomRun>] => {
    const keys = memoized((run: RandomRun) => drawKeys(op, run));
    const half = (which: "first" | "second"): Entry<RandomRun> => ({
      tensor: input(`${which} half of random key ${op}`, [], "int32"),
      array: (run) => keys(run)[which],
    });
    return [op, half("first"), half("second")];
  });
  return {
    perStep: entries.flatMap(([, first, second]) => [first, second]),
    randomKeys: new Map(entries.map(([op, first, second]): [number, RandomKey] => [op, [first.tensor, second.tensor]])),
  };
}

function drawKeys(op: number, { generator, firstStep, steps }: RandomRun) {
  const stream = generator.stream(op);
  stream.position = 2 * firstStep;
  const first = new Int32Array(steps);
  const second = new Int32Array(steps);
  for (let step = 0; step < steps; step++) {
    first[step] = stream.uint32();
    second[step] = stream.uint32();
  }
  return { first, second };
}
