import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const parents: string[] = [];
let own: string | undefined;
let count = 0;

/**
 * An empty folder that is removed when the tests of the file have ended. Its path is short, as that of a socket must be.
 *
 * @param name what its own name begins with, where tests want a space or a quote in it
 */
export function temporaryFolder(name = ""): string {
  if (own === undefined) {
    own = kept(mkdtempSync(join(tmpdir(), "mosaic-")));
    // A test that gives its folder to other users gives them the way to it.
    chmodSync(own, 0o755);
  }
  const folder = join(own, `${name}${++count}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** The same within a folder of the repository, whose modules find its packages as in a user's project. */
export function temporaryFolderIn(parent: string): string {
  return kept(mkdtempSync(join(parent, ".tmp-")));
}

function kept(folder: string): string {
  parents.push(folder);
  return folder;
}

/** Called when the tests of a file have ended (`after-each-file.ts`). */
export function removeTemporaryFolders(): void {
  // Retries: a process that has just been killed may still be writing.
  for (const folder of parents.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  own = undefined;
}
