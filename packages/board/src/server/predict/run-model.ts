/** Runs a model in a process of its own, which is killed when it takes too long or too much memory. */
import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { messageOf, nodeOptions } from "@ml-mosaic/base";
import { nothingToSay, Refused } from "../refused.ts";
import type { PredictionOrder, PredictionReport } from "./messages.ts";

export interface Limits {
  readonly seconds: number;
  readonly bytes: number;
}

export const usualLimits: Limits = { seconds: 20, bytes: 2 * 2 ** 30 };

const lookMilliseconds = 50;

const program = join(import.meta.dirname, `predict-main${extname(import.meta.filename)}`);

/** @throws Refused where there is no answer, with the reason */
export async function runModel(
  order: PredictionOrder,
  limits: Limits = usualLimits,
): Promise<Extract<PredictionReport, { readonly kind: "said" }>> {
  const report = await reportOf(order, limits);
  if (report.kind === "failed") throw new Refused(nothingToSay, { message: report.message });
  return report;
}

function reportOf(order: PredictionOrder, { seconds, bytes }: Limits): Promise<PredictionReport> {
  return new Promise((resolve) => {
    let failure = "the process that runs the model has ended without an answer";
    let child: ChildProcess | undefined;
    const give = (reason: string) => {
      failure = reason;
      killGroup(child);
    };
    const timer = setTimeout(give, seconds * 1000, `it took longer than ${seconds} seconds and was stopped`);
    const watch = setInterval(() => {
      if (residentBytes(child?.pid) > bytes)
        give(`it took more than ${Math.round(bytes / 2 ** 20)} MiB and was stopped`);
    }, lookMilliseconds);
    // It is in a group of its own, which a terminal's Ctrl-C does not reach.
    const endWithBoard = () => killGroup(child);
    process.once("exit", endWithBoard);
    let isSettled = false;
    const settle = (report: PredictionReport) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      clearInterval(watch);
      process.off("exit", endWithBoard);
      killGroup(child);
      resolve(report);
    };
    const fail = (error: unknown) => settle({ kind: "failed", message: messageOf(error) });
    try {
      child = fork(program, [], {
        execArgv: [...nodeOptions],
        // What users' modules print is nobody's.
        stdio: ["ignore", "ignore", "ignore", "ipc"],
        // What users' modules start ends with it.
        detached: true,
      });
      child.once("message", (report: PredictionReport) => settle(report));
      child.on("error", fail);
      child.once("exit", () => settle({ kind: "failed", message: failure }));
      // What could not be started, as where too many files are open, has no channel, and says why as an error.
      if (child.pid !== undefined) child.send(order);
    } catch (error) {
      fail(error);
    }
  });
}

/** With all that it has started. */
function killGroup(child: ChildProcess | undefined): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended with all, or the system has no groups of processes.
    child.kill("SIGKILL");
  }
}

/** 0 where nobody says it. */
function residentBytes(pid: number | undefined): number {
  try {
    const [, kibibytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    // It has just ended, or the system is not Linux: then time alone is bounded.
    return 0;
  }
}
