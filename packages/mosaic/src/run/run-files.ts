import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { MosaicError } from "../errors.ts";
import type { Artifact } from "../store/index.ts";

/** Where a database's run files lie: `<run_files_path>/<database name without ending>`. */
export function filesFolderOf(runFilesPath: string, database: string): string {
  return join(runFilesPath, basename(database, extname(database)));
}

const ownerFile = ".database";

/**
 * Makes the folder of a database's run files.
 *
 * @param databaseId tells databases of one name apart
 * @throws MosaicError if the folder belongs to another database, whose files would be overwritten
 */
export async function claimFilesFolder(folder: string, database: string, databaseId: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const marker = join(folder, ownerFile);
  const content = `${databaseId}\n${resolve(database)}\n`;
  try {
    await writeFile(marker, content, { flag: "wx" });
    return;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const [owner, path] = (await readFile(marker, "utf8")).split("\n");
  if (owner === databaseId) return;
  throw new MosaicError(
    "files-of-another-database",
    `${folder} holds the run files of another database (${path ?? "unknown"}): choose another name for ${database}, another run_files_path, or remove that folder`,
  );
}

/** Runs `write` with a temporary folder, then moves what it wrote to `folder`: no half-written file is ever seen. */
export async function writeFiles(
  folder: string,
  kind: string,
  write: (temporary: string) => Promise<void> | void,
): Promise<Artifact[]> {
  const temporary = await mkdtemp(join(folder, ".writing-"));
  try {
    await write(temporary);
    const artifacts: Artifact[] = [];
    for (const name of (await readdir(temporary)).sort()) {
      const { size } = await stat(join(temporary, name));
      await rename(join(temporary, name), join(folder, name));
      artifacts.push({ kind, path: name, sizeBytes: size });
    }
    return artifacts;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes what a killed worker left half-written; nobody else may be writing. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith(".writing-")) await rm(join(folder, name), { recursive: true, force: true });
}

/** A run's log: lines collect in memory for moments and go to the file in one piece. */
export class RunLog {
  readonly path: string;
  readonly #file: number;
  #waiting: (string | Uint8Array)[] = [];
  #size = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "w");
  }

  /** Bytes written. */
  get size(): number {
    return this.#size;
  }

  write(text: string | Uint8Array): void {
    this.#waiting.push(text);
  }

  flush(): void {
    for (const text of this.#waiting.splice(0)) this.#size += writeSync(this.#file, Buffer.from(text));
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
  }
}
