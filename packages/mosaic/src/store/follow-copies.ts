import { statSync } from "node:fs";
import type { SqliteStoreReader } from "./sqlite-store-reader.ts";
import type { StoreReader } from "./store.ts";

/**
 * A reader of a file that whole copies replace: each call reads the copy that is there then. What a call has begun to read is read to
 * its end from the copy where it began.
 *
 * @param open opens the copy that is there
 */
export function followCopies(first: SqliteStoreReader, open: () => SqliteStoreReader): StoreReader {
  let reader = first;
  let before: SqliteStoreReader | undefined;
  let copy = copyAt(first.location);
  let isClosed = false;
  const newest = (): StoreReader => {
    const now = isClosed ? copy : copyAt(first.location);
    if (now === copy || now === undefined) return reader;
    copy = now;
    // By now, nobody reads from the one before the last.
    void before?.close();
    before = reader;
    reader = open();
    return reader;
  };
  return new Proxy<StoreReader>(first, {
    get(_, name) {
      if (name === "close")
        return async () => {
          isClosed = true;
          await before?.close();
          await reader.close();
        };
      const target = newest();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Another one for each file that had the name; undefined where it cannot be seen now. */
function copyAt(path: string): string | undefined {
  try {
    const { dev, ino, mtimeMs } = statSync(path);
    return `${dev} ${ino} ${mtimeMs}`;
  } catch {
    return undefined;
  }
}
