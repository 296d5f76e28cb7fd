/**
 * Which supervisor has a spool folder: the last one that put its claim there. Claims are numbered, and each supervisor has
 * files of its own with each pilot, which bear its number: what an earlier one is still told nobody takes for news.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  currentProcess,
  errorCode,
  isPlainObject,
  livenessOf,
  type ProcessIdentity,
  replaceFile,
} from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";

export interface Claim {
  readonly number: number;
  readonly id: string;
  readonly process: ProcessIdentity;
  /** `open`: pilots are welcome. `left`: another supervisor may come. `over`: no run is left. */
  readonly state: "open" | "left" | "over";
  /** Counts up as long as the supervisor lives. */
  readonly beat: number;
}

const name = "supervisor.json";

export async function readClaim(folder: string): Promise<Claim | undefined> {
  try {
    const claim: unknown = JSON.parse(await readFile(join(folder, name), "utf8"));
    return isClaim(claim) ? claim : undefined;
  } catch (error) {
    // It may be seen half-written, or not at all while it is replaced.
    if (error instanceof SyntaxError || errorCode(error) === "ENOENT" || errorCode(error) === "ESTALE")
      return undefined;
    throw error;
  }
}

export async function writeClaim(folder: string, claim: Claim): Promise<void> {
  await replaceFile(join(folder, name), JSON.stringify(claim), { mode: 0o600 });
}

/**
 * @param watchMilliseconds for how long another one that may live on another machine is watched
 * @throws MosaicError where another supervisor has the folder and lives
 */
export async function nextClaim(
  folder: string,
  watchMilliseconds: number,
  say: (line: string) => void,
): Promise<Claim> {
  const before = await readClaim(folder);
  if (before?.state === "open" && livenessOf(before.process) === "unknown")
    say(`waiting ${watchMilliseconds / 1000} s for a sign of the last supervisor of ${folder}, on another machine`);
  if (before?.state === "open" && (await isAlive(folder, before, watchMilliseconds)))
    throw new MosaicError(
      "SPOOL_IN_USE",
      `${folder} is the spool folder of another supervisor (process ${before.process.pid}, ${before.process.scope.split(" ")[0]}): name another folder, or wait until that one has ended`,
    );
  const number = (before?.number ?? 0) + 1;
  return { number, id: randomUUID(), process: currentProcess(), state: "open", beat: 0 };
}

async function isAlive(folder: string, { process, number, beat }: Claim, watchMilliseconds: number): Promise<boolean> {
  const liveness = livenessOf(process);
  if (liveness !== "unknown") return liveness === "alive";
  // Elsewhere: its beat tells.
  for (const end = performance.now() + watchMilliseconds; performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = await readClaim(folder);
    if (now !== undefined && (now.number !== number || now.beat !== beat)) return now.state === "open";
  }
  return false;
}

function isClaim(value: unknown): value is Claim {
  return (
    isPlainObject(value) &&
    Number.isSafeInteger(value.number) &&
    typeof value.id === "string" &&
    isPlainObject(value.process) &&
    (value.state === "open" || value.state === "left" || value.state === "over") &&
    Number.isSafeInteger(value.beat)
  );
}
