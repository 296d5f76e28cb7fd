/** Runs a model in a process of its own, which is killed when it takes too long or too much memory. */
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { nothingToSay, Refused } from "../refused.ts";
import type { PredictionOrder, PredictionReport } from "./messages.ts";

export interface Limits {
  readonly seconds: number;
  readonly bytes: number;
}

export const usualLimits: Limits = { seconds: 20, bytes: 2 * 2 ** 30 };

/** More at a time wait for nothing: a page asks once, and then again. */
const mostAtOnce = 2;
const lookMilliseconds = 50;
const pageBytes = 4096;

const program = join(import.meta.dirname, `predict-main${extname(import.meta.filename)}`);
let running = 0;

/** @throws Refused where there is no answer, with the reason */
export async function runModel(
  order: PredictionOrder,
  limits: Limits = usualLimits,
): Promise<Extract<PredictionReport, { readonly kind: "said" }>> {
  if (running >= mostAtOnce)
    throw new Refused(503, { message: `${mostAtOnce} models are being run already`, remedy: "Ask again in a moment." });
  running++;
  try {
    const report = await reportOf(order, limits);
    if (report.kind === "failed") throw new Refused(nothingToSay, { message: report.message });
    return report;
  } finally {
    running--;
  }
}

function reportOf(order: PredictionOrder, { seconds, bytes }: Limits): Promise<PredictionReport> {
  const child = fork(program, [], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    // What users' modules print is nobody's.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  return new Promise((resolve) => {
    let failure = "the process that runs the model has ended without an answer";
    const give = (reason: string) => {
      failure = reason;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(give, seconds * 1000, `it took longer than ${seconds} seconds and was stopped`);
    const watch = setInterval(() => {
      if (residentBytes(child.pid) > bytes)
        give(`it took more than ${Math.round(bytes / 2 ** 20)} MiB and was stopped`);
    }, lookMilliseconds);
    const settle = (report: PredictionReport) => {
      clearTimeout(timer);
      clearInterval(watch);
      resolve(report);
    };
    child.once("message", (report: PredictionReport) => settle(report));
    child.once("error", (error) => settle({ kind: "failed", message: error.message }));
    child.once("exit", () => settle({ kind: "failed", message: failure }));
    child.send(order);
  });
}

/** 0 where nobody says it. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * pageBytes;
  } catch {
    // It has just ended, or the system is not Linux: then time alone is bounded.
    return 0;
  }
}
