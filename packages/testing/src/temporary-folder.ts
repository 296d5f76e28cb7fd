import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

let parent: string | undefined;
let count = 0;

/** An empty folder that is removed when the tests of the file have ended. Its path is short, as that of a socket must be. */
export function temporaryFolder(): string {
  parent ??= mkdtempSync(join(tmpdir(), "mosaic-"));
  const folder = join(parent, String(++count));
  mkdirSync(folder);
  return folder;
}

afterAll(() => {
  // Retries: a process that has just been killed may still be writing.
  if (parent !== undefined) rmSync(parent, { recursive: true, force: true, maxRetries: 5 });
});
