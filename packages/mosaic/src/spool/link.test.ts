/** How often a link looks for what the other side has written: each look costs processor time here, and the file server's. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SpoolLink } from "./link.ts";

const unheard = { message: () => undefined, broken: () => undefined, closed: () => undefined };

let looks: number;
beforeEach(() => {
  vi.useFakeTimers();
  looks = 0;
});
afterEach(() => void vi.useRealTimers());

const open = (slowness: number) =>
  new SpoolLink({ own: "told", other: "said" }, unheard, {
    files: {
      async read() {
        looks++;
        return Buffer.alloc(0);
      },
      write: async () => undefined,
    },
    onTrouble: () => undefined,
    slowness: () => slowness,
  });
async function looksIn(milliseconds: number): Promise<number> {
  const before = looks;
  await vi.advanceTimersByTimeAsync(milliseconds);
  return looks - before;
}

test("looks often while an answer is awaited, and twice a second later, whatever else it says", async () => {
  const link = open(1);
  expect(await looksIn(600)).toBe(4);
  link.send("beat");
  expect(await looksIn(5000)).toBe(10);
  link.send("an order", true);
  expect(await looksIn(600)).toBe(4);
  await link.close(0);
});

test("looks also while it says more than it looks", async () => {
  const link = open(1);
  const before = looks;
  for (let word = 0; word < 100; word++) {
    link.send("a word", true);
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(looks - before).toBeGreaterThan(20);
  await link.close(0);
});

test("looks less often where it is one of many", async () => {
  const link = open(4);
  await looksIn(10_000);
  expect(await looksIn(20_000)).toBe(10);
  await link.close(0);
});
