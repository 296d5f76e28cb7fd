/**
 * Whether processes live. A process id alone does not name one: it is used again after a death, and means another process
 * in another container or on another machine.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { errorCode } from "./error-code.ts";
import { readProc } from "./read-proc.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in whatever form the system gives. */
  readonly started: string;
  /** Where the id means something: machine, boot and process id namespace. */
  readonly scope: string;
}

export function currentProcess(): ProcessIdentity {
  return { pid: process.pid, started: processStart(process.pid) ?? "", scope: currentScope() };
}

/** `unknown` where this process cannot see the other one. */
export function livenessOf(identity: ProcessIdentity): "alive" | "dead" | "unknown" {
  if (identity.scope !== currentScope()) return "unknown";
  return processStart(identity.pid) === identity.started ? "alive" : "dead";
}

/** Whether this machine has a process of this id, be it another user's. A zombie is dead: only its parent has not looked. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not permitted means that it is there, as another user's.
    return errorCode(error) === "EPERM";
  }
  const [state] = linuxState(pid) ?? [];
  return state !== "Z" && state !== "X";
}

/** It stays as long as this process does. */
let scope: string | undefined;
function currentScope(): string {
  scope ??= readScope();
  return scope;
}

function readScope(): string {
  if (process.platform !== "linux") return hostname();
  const boot = readProc("sys/kernel/random/boot_id").trim();
  return `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")}`;
}

/** undefined when there is no such process. */
function processStart(pid: number): string | undefined {
  if (!isRunning(pid)) return undefined;
  if (process.platform === "linux") return linuxState(pid)?.[19];
  if (process.platform === "win32") return "";
  return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
}

/** What Linux says of a process, from its state on; undefined elsewhere, and for what is not there or hidden. */
function linuxState(pid: number): readonly string[] | undefined {
  if (process.platform !== "linux") return undefined;
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    const code = errorCode(error);
    // ESRCH: it died between the opening and the reading of the file.
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
  // The second field, the command, may hold spaces and brackets; the third is the state, the 22nd the start time.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
