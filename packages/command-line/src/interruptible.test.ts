import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { interruptible, Stopped } from "./interruptible.ts";

test("aborts instead of killing, and gives the signals back", async () => {
  const before = process.listenerCount("SIGINT");
  expect(await interruptible(async () => 7)).toBe(7);
  const stopped = interruptible(async (signal) => {
    process.kill(process.pid, "SIGINT");
    await delay(60_000, undefined, { signal }).catch(() => signal.throwIfAborted());
    return 7;
  });
  await expect(stopped).rejects.toThrow(Stopped);
  await expect(interruptible(() => Promise.reject(new Error("other")))).rejects.toThrow("other");
  expect(process.listenerCount("SIGINT")).toBe(before);
});
