import { expect, test } from "vitest";
import { MemoryWatch } from "./memory-watch.ts";

test("tells of what runs leave behind, not of what V8 keeps for later", () => {
  const usage = { rss: 100e6, heapTotal: 50e6, heapUsed: 20e6, external: 0, arrayBuffers: 0 };
  const watch = new MemoryWatch(() => usage);
  expect(watch.hasGrown(0)).toBe(false);
  Object.assign(usage, { rss: 300e6, heapTotal: 250e6 });
  expect(watch.hasGrown(1000)).toBe(false);
  Object.assign(usage, { heapUsed: 130e6 });
  // Looking costs time.
  expect(watch.hasGrown(1010)).toBe(false);
  expect(watch.hasGrown(2000)).toBe(true);
});
