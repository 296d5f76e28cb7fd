import { writeFileSync } from "node:fs";
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
  const small = wholeOf(content);
  const write = async ([temporary = ""]: readonly string[]) => {
    if (small === undefined) await writeFile(temporary, content, { flag: "wx", mode });
    else writeFileSync(temporary, small, { flag: "wx", mode });
  };
  await replaceFiles([path], write, options);
}

/** So much is written at once: handing it to a thread would take longer. */
const mostBytesAtOnce = 2 ** 20;

/** A small content in one piece; undefined where it is large, or made while it is written. */
function wholeOf(content: string | Uint8Array | Iterable<Uint8Array>): string | Uint8Array | undefined {
  if (typeof content === "string") return content.length <= mostBytesAtOnce ? content : undefined;
  if (content instanceof Uint8Array) return content.length <= mostBytesAtOnce ? content : undefined;
  if (!Array.isArray(content)) return undefined;
  const parts: readonly Uint8Array[] = content;
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  return bytes <= mostBytesAtOnce ? Buffer.concat(parts) : undefined;
}
