import { expect, test } from "vitest";
import { furtherWorkers } from "./further-workers.ts";

/** After how many runs of so many milliseconds further workers pay; undefined: never. */
async function payAfter(runs: number, milliseconds: number): Promise<number | undefined> {
  let now = 0;
  let count = 0;
  const further = furtherWorkers(runs, () => now);
  let after: number | undefined;
  void further.pay.then(() => {
    after ??= count;
  });
  for (; count < runs && after === undefined; await Promise.resolve()) {
    now += milliseconds;
    count++;
    further.ended();
    await Promise.resolve();
  }
  further.close();
  return count === runs ? undefined : after;
}

test("they do not for a few short runs, and do for many or long ones", async () => {
  expect(await payAfter(24, 15)).toBeUndefined();
  expect(await payAfter(1000, 15)).toBe(4);
  expect(await payAfter(1001, 15)).toBe(1);
  expect(await payAfter(24, 100)).toBe(4);
  // What is left is too little by then.
  expect(await payAfter(6, 400)).toBeUndefined();
});

test("they do where no run ends for a moment, be it the first or a later one", async () => {
  for (const ended of [0, 5]) {
    const start = performance.now();
    const further = furtherWorkers(7, () => 0);
    for (let count = 0; count < ended; count++) further.ended();
    await further.pay;
    expect(performance.now() - start).toBeGreaterThan(700);
    further.close();
  }
});
