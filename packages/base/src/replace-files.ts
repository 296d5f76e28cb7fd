import { writeFile } from "node:fs/promises";
import { asWriteError, type PendingFile, type PendingOptions, pendingFile } from "./pending-file.ts";

/**
 * Has new files written under temporary names and puts them in the targets' places when all are whole: whatever happens,
 * every target is the old file or the new one.
 *
 * @param write gets one path for each target, in their order, in the target's folder; nothing is there
 * @throws WriteError, and what `write` throws
 */
export async function replaceFiles<T>(
  targets: readonly string[],
  write: (temporaries: readonly string[]) => Promise<T>,
  options?: PendingOptions,
): Promise<T> {
  await using cleaner = new AsyncDisposableStack();
  const places: PendingFile[] = [];
  for (const target of targets) places.push(cleaner.use(await pendingFile(target, options)));
  try {
    const written = await write(places.map(({ temporary }) => temporary));
    for (const place of places) await place.publish();
    return written;
  } catch (error) {
    throw asWriteError(targets.join(" and "), error);
  }
}

interface FileOptions extends PendingOptions {
  /** Who may read and write it. */
  readonly mode?: number;
}

/** Replaces one file by a whole one. */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
  { mode = 0o666, ...options }: FileOptions = {},
): Promise<void> {
  const write = ([temporary = ""]: readonly string[]) => writeFile(temporary, content, { flag: "wx", mode });
  await replaceFiles([path], write, options);
}
