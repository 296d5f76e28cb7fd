/**
 * What a worker's modules have started leaves the worker's process group where it is started detached. It keeps the
 * worker's environment: by a mark in it such processes are found and ended (Linux; elsewhere they outlive the worker).
 */
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { currentProcess, livenessOf } from "@ml-mosaic/base";

/** The variable that holds the mark. */
export const markVariable = "MOSAIC_WORKER";

/**
 * Set where `mosaic worker` has started this one. Who ends a job signals all of its processes at once: it says what that means
 * for its runs.
 */
export const pilotVariable = "MOSAIC_PILOT";
export const pilotSignals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGUSR2"];

/** For a worker of this process. */
export function newMark(): string {
  return JSON.stringify({ ...currentProcess(), worker: randomUUID() });
}

/**
 * Ends all processes with this mark but the present one. It is sent as text into the thread of the pulse, where it sees
 * nothing of this file.
 */
export function endMarked(mark: string): void {
  const files = process.getBuiltinModule("node:fs");
  const own = String(process.pid);
  // What is found may start others before it ends.
  for (let round = 0; round < 10; round++) {
    let found = 0;
    let names: readonly string[] = [];
    try {
      names = files.readdirSync("/proc");
    } catch {
      // Not Linux.
    }
    for (const name of names) {
      try {
        if (!/^\d+$/.test(name) || name === own) continue;
        if (!files.readFileSync(`/proc/${name}/environ`, "latin1").includes(mark)) continue;
        process.kill(Number(name), "SIGKILL");
        found++;
      } catch {
        // It has ended meanwhile, or is another user's.
      }
    }
    if (found === 0) return;
  }
}

/** To a process that was started detached, and all of the group that it leads. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody of the group is left, or the system knows no groups.
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  }
}

/** Stops all processes with this mark, or lets them go on. */
export function signalMarked(mark: string, signal: "SIGSTOP" | "SIGCONT"): void {
  for (const pid of processIds()) {
    if (markOf(pid) !== mark) continue;
    try {
      process.kill(Number(pid), signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Ends what workers have left whose supervisor was killed together with them. */
export function endOrphans(): void {
  for (const pid of processIds()) {
    const mark = markOf(pid);
    if (mark !== undefined && isOrphaned(mark)) endMarked(mark);
  }
}

/** None where the system does not tell them. */
function processIds(): readonly string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function markOf(pid: string): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return variables.find((each) => each.startsWith(`${markVariable}=`))?.slice(markVariable.length + 1);
  } catch {
    return undefined;
  }
}

function isOrphaned(mark: string): boolean {
  try {
    const { pid, started, scope }: { pid?: unknown; started?: unknown; scope?: unknown } = JSON.parse(mark);
    return livenessOf({ pid: Number(pid), started: String(started), scope: String(scope) }) === "dead";
  } catch {
    return false;
  }
}
