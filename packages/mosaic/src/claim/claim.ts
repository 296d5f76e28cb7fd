/**
 * Which supervisor has a folder that several machines see: the one whose claim has the highest number. A claim is a file of its
 * own, which only one of many can make; files of earlier ones stay, so that no number is ever had twice, even by one who does
 * not see the newest of them yet.
 */
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  createFile,
  currentProcess,
  errorCode,
  isPlainObject,
  livenessOf,
  type ProcessIdentity,
  replaceFile,
} from "@ml-mosaic/base";

export interface Claim {
  /** Whatever has a lower one is an earlier supervisor's. */
  readonly number: number;
  readonly id: string;
  readonly process: ProcessIdentity;
  /** `open`: pilots are welcome. `left`: another supervisor may come. `over`: no run is left. */
  readonly state: "open" | "left" | "over";
  /** Counts up as long as the supervisor lives. */
  readonly beat: number;
}

/** The last claim; undefined where there is none, or it is just being replaced. */
export async function readClaim(folder: string): Promise<Claim | undefined> {
  const number = await lastNumber(folder);
  return number === 0 ? undefined : await readNumbered(folder, number);
}

/** Replaces a claim that its supervisor has already. */
export async function writeClaim(folder: string, claim: Claim): Promise<void> {
  await replaceFile(fileOf(folder, claim.number), JSON.stringify(claim));
}

export interface Claiming {
  /** For how long another one that may live on another machine is watched. */
  readonly watchMilliseconds: number;
  /** What the folder is, for messages. */
  readonly what: string;
  /** What is thrown where another supervisor lives. @param holder who it is */
  readonly refuse: (holder: string) => Error;
  readonly say: (line: string) => void;
}

/** A claim that was taken, and the one before it. */
export interface TakenClaim {
  readonly claim: Claim;
  readonly before: Claim | undefined;
}

/**
 * Takes the folder, which must exist. Of those that try at the same moment one has it.
 *
 * @throws what `refuse` returns where another supervisor has it and lives
 */
export async function takeClaim(folder: string, claiming: Claiming): Promise<TakenClaim> {
  for (let number = await lastNumber(folder); ; number++) {
    const before = number === 0 ? undefined : await readSettled(folder, number);
    if (before?.state === "open" && (await isAlive(folder, before, claiming))) throw claiming.refuse(holderOf(before));
    const next = { number: number + 1, id: randomUUID(), process: currentProcess(), state: "open", beat: 0 } as const;
    if (await createFile(fileOf(folder, next.number), JSON.stringify(next), { durable: true }))
      return { claim: next, before };
  }
}

export function holderOf({ process }: Claim): string {
  return `process ${process.pid}, ${process.scope.split(" ")[0]}`;
}

async function isAlive(folder: string, { process, number, beat }: Claim, claiming: Claiming): Promise<boolean> {
  const liveness = livenessOf(process);
  if (liveness !== "unknown") return liveness === "alive";
  // Elsewhere: its beat tells.
  const { watchMilliseconds, what, say } = claiming;
  say(`waiting ${watchMilliseconds / 1000} s for a sign of the last owner of ${what}, on another machine`);
  for (const end = performance.now() + watchMilliseconds; performance.now() < end; ) {
    await delay(1000);
    const now = await readNumbered(folder, number);
    if (now !== undefined && now.beat !== beat) return now.state === "open";
  }
  return false;
}

const pattern = /^supervisor-([1-9]\d{0,14})\.json$/;

function fileOf(folder: string, number: number): string {
  return join(folder, `supervisor-${number}.json`);
}

/** The name of a claim is seen also while what is in it is replaced. */
export async function lastNumber(folder: string): Promise<number> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ESTALE") return [];
    throw error;
  });
  return names.reduce((most, name) => Math.max(most, Number(pattern.exec(name)?.[1] ?? 0)), 0);
}

/** A file that is replaced right now is there a moment later. */
async function readSettled(folder: string, number: number): Promise<Claim | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const claim = await readNumbered(folder, number);
    if (claim !== undefined) return claim;
    await delay(50);
  }
  return undefined;
}

async function readNumbered(folder: string, number: number): Promise<Claim | undefined> {
  try {
    const claim: unknown = JSON.parse(await readFile(fileOf(folder, number), "utf8"));
    return isClaim(claim) ? claim : undefined;
  } catch (error) {
    // It may be seen half-written, or not at all while it is replaced.
    if (error instanceof SyntaxError || errorCode(error) === "ENOENT" || errorCode(error) === "ESTALE")
      return undefined;
    throw error;
  }
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
