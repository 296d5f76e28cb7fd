/** What has been done, row by row, kept beside the results until those are complete: what a killed run goes on from. */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "@ml-mosaic/base";

/** What rows are of. */
export type JournalOf = "filaments" | "injections";

export interface Journal<Row> {
  /** Those that an earlier run of the same configuration has done, from the first on. */
  readonly done: readonly Row[];
  append(rows: readonly Row[]): Promise<void>;
  /** Ends it, and removes what was kept where the results are complete. */
  close(isComplete: boolean): Promise<void>;
}

/** @param config text on which alone the rows depend: the first line of the file */
export async function openJournal<Row>(folder: string, of: JournalOf, config: string): Promise<Journal<Row>> {
  await makeFolder(folder);
  const path = join(folder, nameOf(of));
  const head = JSON.stringify(config);
  const done: Row[] = [];
  const file = await open(path, "a+");
  try {
    // What was cut off in the middle of a line is written again.
    let whole = 0;
    const { size } = await file.stat();
    for await (const line of file.readLines({ start: 0, autoClose: false })) {
      const end = whole + Buffer.byteLength(line) + 1;
      if (end > size || (whole === 0 && line !== head)) break;
      if (whole > 0) {
        const row = rowIn<Row>(line);
        // Nothing is read of a letter that was cut off: the line seems to end before it.
        if (row === undefined) break;
        done.push(row);
      }
      whole = end;
    }
    await file.truncate(whole);
    if (whole === 0) await file.appendFile(`${head}\n`);
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    done,
    async append(rows) {
      await file.appendFile(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    },
    async close(isComplete) {
      await file.close();
      if (isComplete) await removeJournal(folder, of);
    },
  };
}

/** undefined for what is no whole row. */
function rowIn<Row>(line: string): Row | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export async function removeJournal(folder: string, of: JournalOf): Promise<void> {
  await rm(join(folder, nameOf(of)), { force: true });
}

function nameOf(of: JournalOf): string {
  return `unfinished_${of}.jsonl`;
}
