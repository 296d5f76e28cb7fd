import { readFileSync } from "node:fs";
import { errorCode } from "./error-code.ts";
import { MachineTrouble } from "./machine-trouble.ts";

/** What Linux says under `/proc/<name>`, which is there for every process. */
export function readProc(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, "utf8");
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new MachineTrouble(
      "/proc is not mounted, and without it nobody can tell who else uses a file; mount it (mount -t proc proc /proc)",
      { cause: error },
    );
  }
}
