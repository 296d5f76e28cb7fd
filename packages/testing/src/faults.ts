/** A command whose n-th call to the system fails, or kills it. */
import { execFileSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

export type FaultKind = "EDQUOT" | "EIO" | "EMFILE" | "ENOSPC" | "EROFS" | "ESTALE" | "kill";

export interface Fault {
  /** Which call, from 1; 0: none fails, they are only counted and written down. */
  readonly at: number;
  readonly kind: FaultKind;
  /** Counted is what concerns paths with one of these in them; `socket:` stands for sockets. */
  readonly parts: readonly string[];
  /** Counted is this call only, such as `fsync`. */
  readonly call?: string;
  /** Counted are paths of this pattern only. */
  readonly pattern?: string;
  /** Counted is what comes with the first path of this pattern, and after it. */
  readonly from?: string;
  /** All later calls fail too. */
  readonly lasting?: boolean;
}

/** A call that was counted: `fsync` of `/home/me/or.db`. */
export interface SystemCall {
  readonly call: string;
  readonly path: string;
}

const headBytes = 4096;
const stateBytes = 4 * 2 ** 20;

/** Compiles the library into a folder, where it keeps its count too. */
export function openFaults(folder: string) {
  const library = join(folder, "faults.so");
  const source = join(import.meta.dirname, "../faults/faults.c");
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-w", source, "-o", library, "-ldl"]);
  const state = join(folder, "faults.state");
  return {
    /** Environment of the command that is to meet it. */
    environment({ at, kind, parts, call, pattern, from, lasting }: Fault): Readonly<Record<string, string>> {
      writeFileSync(state, "");
      truncateSync(state, stateBytes);
      return {
        LD_PRELOAD: library,
        FAULT_STATE: state,
        FAULT_MATCH: parts.join("|"),
        FAULT_AT: String(at),
        FAULT_ERROR: String(kind === "kill" ? 0 : constants.errno[kind]),
        ...(call === undefined ? {} : { FAULT_CALL: call }),
        ...(pattern === undefined ? {} : { FAULT_PATH: pattern }),
        ...(from === undefined ? {} : { FAULT_FROM: from }),
        ...(lasting === true ? { FAULT_STICKY: "1" } : {}),
      };
    },
    /** How many calls were counted, and the first one that failed: `fsync /home/me/or.db`. */
    outcome(): { readonly count: number; readonly hit: string | undefined } {
      const bytes = readFileSync(state);
      const hit = bytes.toString("utf8", 16, bytes.indexOf(0, 16));
      return { count: Number(bytes.readBigInt64LE(0)), hit: hit === "" ? undefined : hit };
    },
    /** The calls that were counted where none was to fail. */
    calls(): readonly SystemCall[] {
      const bytes = readFileSync(state);
      const end = headBytes + 8 + Number(bytes.readBigInt64LE(headBytes));
      if (end > bytes.length) throw new Error("more calls than can be written down");
      return bytes
        .toString("utf8", headBytes + 8, end)
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => ({ call: line.slice(0, line.indexOf(" ")), path: line.slice(line.indexOf(" ") + 1) }));
    },
  };
}
