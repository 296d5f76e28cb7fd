// A process id alone does not name a process: it is used again after a death, and means another process in another
// container or on another machine.
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

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

function currentScope(): string {
  if (process.platform !== "linux") return hostname();
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")}`;
}

/** undefined when there is no such process. */
function processStart(pid: number): string | undefined {
  if (process.platform === "linux") return linuxProcessStart(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not permitted means that it is there, as another user's.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return undefined;
  }
  if (process.platform === "win32") return "";
  return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
}

function linuxProcessStart(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    // ESRCH: it died between the opening and the reading of the file.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return undefined;
    throw error;
  }
  // The second field, the command, may hold spaces and brackets; the third is the state, the 22nd the start time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  // A zombie is dead, only its parent has not looked yet.
  return state === "Z" || state === "X" ? undefined : fields[19];
}
