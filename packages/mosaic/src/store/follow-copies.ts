import { statSync } from "node:fs";
import type { SqliteStoreReader } from "./sqlite-store-reader.ts";
import type { StoreReader } from "./store.ts";

/** One of the files that had the name, and how many calls read from it that have not ended. */
interface Copy {
  readonly key: string | undefined;
  readonly reader: SqliteStoreReader;
  calls: number;
}

interface FollowOptions {
  /** Opens the file that is there. */
  readonly open: () => SqliteStoreReader;
  /** Another text for each file that has the name; undefined where it cannot be seen now. */
  readonly fileAt: (path: string) => string | undefined;
}

/**
 * A reader of a file that others replace: each call reads the one that is there then, a walk over many runs the one of its first
 * step, to its end.
 */
export function followCopies(first: SqliteStoreReader, { open, fileAt }: FollowOptions): StoreReader {
  let newest: Copy = { key: fileAt(first.location), reader: first, calls: 0 };
  const replaced = new Set<Copy>();
  let isClosed = false;
  const hold = (): Copy => {
    const key = isClosed ? newest.key : fileAt(first.location);
    if (key !== undefined && key !== newest.key) {
      // Where it cannot be opened this call fails, and the next one tries again.
      const copy = { key, reader: open(), calls: 0 };
      replaced.add(newest);
      newest = copy;
      closeUnread();
    }
    newest.calls++;
    return newest;
  };
  const closeUnread = () => {
    for (const copy of replaced) {
      if (copy.calls > 0) continue;
      replaced.delete(copy);
      void copy.reader.close();
    }
  };
  const release = (copy: Copy) => {
    copy.calls--;
    closeUnread();
  };
  return new Proxy<StoreReader>(first, {
    get(_, name) {
      if (name === "close")
        return async () => {
          isClosed = true;
          for (const { reader } of [newest, ...replaced]) await reader.close();
        };
      const value: unknown = Reflect.get(first, name, first);
      if (typeof value !== "function") return value;
      if (value instanceof AsyncGeneratorFunction)
        return async function* (...parameters: unknown[]) {
          const copy = hold();
          try {
            yield* value.apply(copy.reader, parameters);
          } finally {
            release(copy);
          }
        };
      return async (...parameters: unknown[]) => {
        const copy = hold();
        try {
          return await value.apply(copy.reader, parameters);
        } finally {
          release(copy);
        }
      };
    },
  });
}

const AsyncGeneratorFunction = async function* () {}.constructor;

/** Of whole copies, each of which is written once. */
export function copyAt(path: string): string | undefined {
  try {
    const { dev, ino, mtimeMs } = statSync(path);
    return `${dev} ${ino} ${mtimeMs}`;
  } catch {
    return undefined;
  }
}

/** Of a database that is written where it lies. */
export function databaseAt(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino}`;
}
