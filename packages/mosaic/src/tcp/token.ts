/** What supervisor and workers must both know: a secret in a file that is its owner's alone, never in arguments. */
import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { createFile, errorCode, makeFolder, pathExists } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";

export function tokenFile(): string {
  const { MOSAIC_TOKEN_FILE: named, XDG_CONFIG_HOME: config } = process.env;
  return named || join(config || join(homedir(), ".config"), "mosaic", "token");
}

/** @param create whether it is made where it is missing */
export async function readToken(file: string, create: boolean): Promise<string> {
  if (create) {
    await makeFolder(dirname(file), 0o700);
    if (!pathExists(file)) await createFile(file, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
  }
  try {
    const { mode, uid } = await stat(file);
    if ((mode & 0o077) !== 0 || (process.getuid !== undefined && process.getuid() !== uid))
      throw bad(file, "others can read it: chmod 600, as its owner");
    const token = (await readFile(file, "utf8")).trim();
    if (!/^[0-9a-f]{64}$/.test(token)) throw bad(file, "it does not hold 64 hexadecimal digits");
    return token;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw bad(file, "it is missing: copy that of the machine of mosaic run, which made it");
  }
}

function bad(file: string, why: string): MosaicError {
  return new MosaicError(
    "BAD_TOKEN",
    `${file} cannot be the token of workers (MOSAIC_TOKEN_FILE names another): ${why}`,
  );
}
