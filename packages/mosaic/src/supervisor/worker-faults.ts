/** What is said of runs and workers that come to no good end. */
import { MosaicError } from "../errors.ts";
import type { RunTimes } from "./assignment.ts";
import type { TimeLimits } from "./supervise.ts";
import type { WorkerEnd } from "./worker-process.ts";

/**
 * Undefined where a run has taken no longer than it may.
 *
 * @param lateSeconds how late what it has said may be heard
 */
export function overdue(
  { begun, epochBegun, progress }: RunTimes,
  { runSeconds, epochSeconds }: TimeLimits,
  now: number,
  lateSeconds: number,
): string | undefined {
  const text = (option: string, what: string, limit: number) =>
    `${what} took longer than ${limit} s, the ${option} of [MONITOR]; the last sign of progress was ${Math.round((now - progress) / 1000)} s ago`;
  if (now - begun > 1000 * (runSeconds + lateSeconds)) return text("timeout", "the run", runSeconds);
  if (epochBegun !== undefined && now - epochBegun > 1000 * (epochSeconds + lateSeconds))
    return text("epoch_timeout", "an epoch", epochSeconds);
  return undefined;
}

export const forged =
  "a module has sent a message of its own to the supervisor, or changed what its objects are made of; console.log writes to the run's log";

export function machineTrouble(runId: number, trouble: string, error: string): MosaicError {
  const [first = ""] = error.split("\n");
  const whole = first.includes(trouble) ? "" : ` (${first})`;
  return new MosaicError("MACHINE_TROUBLE", `run ${runId} cannot go on: ${trouble}${whole}`);
}

/** The runs wait for the text that their identities stand for. */
export function codeChanged(error: string): MosaicError {
  const [first = error] = error.split("\n");
  return new MosaicError(
    "CODE_CHANGED",
    `${first.replace(/^\w*Error: /, "")}. Put the text back; or go on with the new one, whose runs are trained anew`,
  );
}

/** What a dead worker has printed, below what is said of its death. */
export function quoted(lastWords: string): string {
  return lastWords === "" ? "" : `; its last words:\n${lastWords}\n`;
}

export function cannotStart(deadStarts: number, { how, lastWords }: WorkerEnd): MosaicError {
  return new MosaicError(
    "WORKER_CANNOT_START",
    `no worker process can be started: ${deadStarts} in a row died before they took a run (the last one ${how})${quoted(lastWords)}`,
  );
}
