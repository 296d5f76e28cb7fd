import { setTimeout as wait } from "node:timers/promises";

/** Waits until `condition` holds, four minutes at most; errors, such as of a file that is not there yet, count as no. */
export async function until(condition: () => boolean, what: string, seconds = 240): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    try {
      if (condition()) return;
    } catch {
      // Not yet.
    }
    await wait(10);
  }
  throw new Error(`waited in vain for ${what}`);
}
