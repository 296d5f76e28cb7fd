import { randomUUID } from "node:crypto";
import { rename, unlink, writeFile } from "node:fs/promises";

/** Replaces a file by a whole one: no half-written file is ever seen under its name. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
