/**
 * Names of what is being written. They tell whose it is, so that what a killed process left can be removed and what a
 * living one writes is left alone.
 */
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode } from "./error-code.ts";
import { isRunning } from "./process-identity.ts";

/** A name that nothing has, for what is to become `name`. */
export function unfinishedName(name: string, processId: number = process.pid): string {
  return `${startOf(name)}-${processId}-${randomBytes(4).toString("hex")}.tmp`;
}

function startOf(name: string): string {
  // Names may have 255 bytes.
  return `.${Buffer.from(name).subarray(0, 100).toString()}.${hostname()}`;
}

/** The process, and what SQLite adds for its files beside a database. */
const ending = /-(\d+)-[0-9a-f]{8}\.tmp(?:-journal|-wal|-shm)?$/;

/** Whether this is the name of what some process, which may be at it still, has not finished. */
export function isUnfinished(name: string): boolean {
  return name.startsWith(".") && ending.test(name);
}

/** Whether this is the name of what a process of this machine that is gone has left unfinished. */
export function isLeftUnfinished(name: string): boolean {
  const [, id = ""] = ending.exec(name) ?? [];
  return name.startsWith(".") && id !== "" && name.includes(`.${hostname()}-${id}-`) && !isRunning(Number(id));
}

/**
 * Removes unfinished files and folders of processes that are gone.
 *
 * @param owners "any" where nobody else can be writing into the folder: also those of other machines
 */
export async function removeUnfinished(folder: string, owners: "gone" | "any" = "gone"): Promise<void> {
  for (const name of namesIn(folder)) {
    const isLeft = owners === "gone" ? isLeftUnfinished(name) : isUnfinished(name);
    if (isLeft) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Removes what processes that are gone left of what was to become `name`: the folder may be anybody's. */
export async function removeUnfinishedOf(folder: string, name: string): Promise<void> {
  const start = startOf(name);
  for (const each of namesIn(folder)) {
    const isOf = each.startsWith(start) && ending.exec(each)?.index === start.length;
    if (isOf && isLeftUnfinished(each)) await rm(join(folder, each), { recursive: true, force: true });
  }
}

/** None where the folder is gone. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
