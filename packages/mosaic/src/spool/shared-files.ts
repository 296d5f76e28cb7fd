/**
 * What the spool asks of a file system that several machines share. Each call opens its file anew and closes it: that is when a
 * network file system looks at what others have written, and shows them what was written here.
 */
import { open } from "node:fs/promises";
import { errorCode } from "@ml-mosaic/base";

export interface SharedFiles {
  /** At most so many bytes from there on; none where nothing is, or no such file can be seen yet. */
  read(path: string, position: number, mostBytes: number): Promise<Buffer>;
  /** Makes the file where it is missing. What is written again at a place is what was to be there before. */
  write(path: string, position: number, bytes: Uint8Array): Promise<void>;
}

export const sharedFiles: SharedFiles = {
  async read(path, position, mostBytes) {
    try {
      await using file = await open(path, "r");
      const bytes = Buffer.allocUnsafe(mostBytes);
      const { bytesRead } = await file.read(bytes, 0, mostBytes, position);
      return bytes.subarray(0, bytesRead);
    } catch (error) {
      const code = errorCode(error);
      // ESTALE: another machine has removed it while it was open.
      if (code === "ENOENT" || code === "ESTALE") return Buffer.alloc(0);
      throw error;
    }
  },
  async write(path, position, bytes) {
    await using file = await open(path, position === 0 ? "w" : "r+", 0o600);
    for (let start = 0; start < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, start, bytes.length - start, position + start);
      start += bytesWritten;
    }
  },
};
