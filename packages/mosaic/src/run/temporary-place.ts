/** What processes of this user have in the system's temporary folder. Its name tells whose it is: what a killed one left goes. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeUnfinishedOf, unfinishedName } from "@ml-mosaic/base";

export type TemporaryKind = "output" | "program" | "worker";

/** Others' cannot be removed, and are not looked at. */
const nameOf = (kind: TemporaryKind) => `mosaic-${process.getuid?.() ?? "user"}-${kind}`;

/** A path that nothing has. */
export function temporaryPath(kind: TemporaryKind): string {
  return join(tmpdir(), unfinishedName(nameOf(kind)));
}

/** Removes what is left of processes that are gone. */
export async function sweepTemporaryFolder(): Promise<void> {
  for (const kind of ["output", "program", "worker"] as const) await removeUnfinishedOf(tmpdir(), nameOf(kind));
}
