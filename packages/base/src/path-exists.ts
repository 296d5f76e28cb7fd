import { statSync } from "node:fs";
import { errorCode } from "./error-code.ts";

/** Whether something is there. Unlike `existsSync`, it does not take a disk that fails for a missing file: it throws. */
export function pathExists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (errorCode(error) === "ENOTDIR") return false;
    throw error;
  }
}
