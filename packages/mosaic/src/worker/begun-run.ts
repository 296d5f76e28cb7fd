/**
 * Which run a worker has begun: from then on its death counts as the run's fault. It stands in a file that the supervisor
 * reads when the worker has died, since a message for each run would take longer than anything else that is said of it.
 */
import { writeSync } from "node:fs";

/** Where `worker-process.ts` opens the file. */
const file = 5;
/** Digits of the largest token; the file has always as many. */
const digits = String(Number.MAX_SAFE_INTEGER).length;

export function writeBegun(token: number): void {
  writeSync(file, String(token).padStart(digits), 0);
}

/** @param text what the file holds */
export function readBegun(text: string): number | undefined {
  return text.trim() === "" ? undefined : Number(text);
}
