/** What run, rerun and resume have in common: they queue runs of a database, carry them out and tell of the outcome. */

import {
  CodedError,
  countText,
  errorCode,
  isSystemError,
  machineTrouble,
  messageOf,
  stopSignals,
} from "@ml-mosaic/base";
import { type ExitCode, shellText, type Terminal } from "@ml-mosaic/command-line";
import { boolean, schema } from "@ml-mosaic/configurable";
import { type Crews, carryOut, type Outcome } from "../experiment/carry-out.ts";
import type { Queued } from "../experiment/queued.ts";
import type { Requeued } from "../experiment/requeue.ts";
import { idRanges } from "../selection/id-ranges.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { endEarlyWorkers } from "../supervisor/early-workers.ts";
import { type RunSummary, summarizeModels } from "./run-summary.ts";
import { summaryText, writeSummaryJson } from "./run-summary-text.ts";
import { openRunView } from "./run-view.ts";

export const jsonOption = {
  json: schema(boolean, { help: "write the final table as JSON for programs" }),
};

export const acceptCodeOption = {
  "accept-code": schema(boolean, { help: "go on with modules that have changed since the runs began" }),
};

export interface TrainingCommand<Work extends Queued> {
  readonly database: string;
  /** Whether the database may be a new one. */
  readonly create: boolean;
  /** Whether the final table is wanted for programs. */
  readonly json: boolean;
  /** Who carries them out; this machine alone by default. */
  readonly crews?: Crews;
  /** Queues the runs and says what they are; undefined where there is nothing to do. */
  queue(store: Store): Promise<Work | undefined>;
  /** The command that goes on where this one was broken off while runs were queued; the same one by default. */
  readonly goOnQueueing?: string;
  /**
   * The command that goes on where this one was broken off later.
   *
   * @param left runs that have not ended; undefined where the database does not say
   */
  goOn(work: Work, left: readonly number[] | undefined): string | undefined;
  /** Lines that say how to train on. */
  next(outcome: Outcome, work: Work): readonly string[];
}

export async function trainAndTell<Work extends Queued>(
  command: TrainingCommand<Work>,
  terminal: Terminal,
): Promise<ExitCode> {
  // From before the database is opened until it is closed: a kill in between would leave it half-way.
  const interrupts = onInterrupts(terminal.err);
  try {
    const store = await openSqliteStore(command.database, { create: command.create, say: interrupts.say });
    const failures: unknown[] = [];
    let work: Work | undefined;
    let exitCode: ExitCode = 0;
    let left: readonly number[] | undefined;
    try {
      for (const notice of store.notices) terminal.err(`${notice}\n`);
      work = await command.queue(store);
      if (work !== undefined) exitCode = await carryOutAndTell(command, store, work, interrupts, terminal);
    } catch (error) {
      failures.push(error);
      work?.adding?.stop();
      await work?.adding?.done.catch(() => undefined);
    }
    if (work !== undefined) left = await leftOf(store, work).catch(() => undefined);
    // Where it cannot be closed nothing is lost: what was accepted stays, and the next writer takes the claim over.
    await store.close().catch((error: unknown) => failures.push(error));
    if (failures.length === 0) return exitCode;
    if (work !== undefined) return tellStopped(failures, command.goOn(work, left), terminal);
    if (command.goOnQueueing !== undefined && machineTrouble(failures[0]) !== undefined)
      return tellStopped(failures, command.goOnQueueing, terminal);
    for (const each of failures.slice(1)) terminal.err(`${messageOf(each)}\n`);
    throw failures[0];
  } finally {
    interrupts.release();
    endEarlyWorkers();
  }
}

/** Those that run are pending as soon as the database is opened again. */
async function leftOf(store: Store, { experimentId }: Queued): Promise<readonly number[]> {
  const idsWith = (status: string) => store.runIds({ experimentId, status });
  return [...(await idsWith("pending")), ...(await idsWith("paused")), ...(await idsWith("running"))].sort(
    (a, b) => a - b,
  );
}

/**
 * Says why the database or the machine has failed, not the runs, and how to go on.
 *
 * @throws the first failure where it is a fault of this program
 */
function tellStopped(failures: readonly unknown[], goOn: string | undefined, { err }: Terminal): ExitCode {
  const [first] = failures;
  const isExpected = first instanceof CodedError || isSystemError(first);
  for (const [index, each] of failures.entries()) {
    // What closing says of the same failure says more.
    const isSaidBetter = errorCode(each) !== undefined && errorCode(each) === errorCode(failures[index + 1]);
    if ((isExpected || index > 0) && !isSaidBetter) err(`${messageOf(each)}\n`);
  }
  if (!isExpected) throw first;
  const how = goOn === undefined ? " Nothing is left to do." : ` When the cause is gone, go on with:\n  ${goOn}`;
  const isLost = failures.some((each) => errorCode(each) === "STORE_CLAIM_LOST");
  err(`Stopped.${isLost ? "" : " All results so far are stored."}${how}\n`);
  return 3;
}

async function carryOutAndTell<Work extends Queued>(
  command: TrainingCommand<Work>,
  store: Store,
  work: Work,
  interrupts: Interrupts,
  terminal: Terminal,
): Promise<ExitCode> {
  const { out, err } = terminal;
  const outcome = await carryOutWatched(store, work, command.crews, interrupts, terminal);
  const summary = await summarizeModels(store, work.runIds);
  if (command.json) await writeSummaryJson(summary, store.location, out);
  else out(`${await summaryText(summary)}\n`);
  if (outcome.leftOut > 0)
    err(`Not in the database yet: ${countText(outcome.leftOut, "run")}, which carrying on adds\n`);
  const lines = [...command.next(outcome, work), ...waysToLook(summary, store.location)];
  if (lines.length > 0) err(`Next:\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
  if (outcome.left.length + outcome.leftOut > 0) return 3;
  return outcome.failed.length + work.failedBefore > 0 ? 1 : 0;
}

/** With a live view. */
async function carryOutWatched(
  store: Store,
  work: Queued,
  crews: Crews | undefined,
  interrupts: Interrupts,
  terminal: Terminal,
): Promise<Outcome> {
  const view = await openRunView(terminal, work.count);
  interrupts.sayWith(view.say);
  try {
    const { finish, stop } = interrupts;
    return await carryOut(store, work, { onEvent: view.event, say: view.say, finish, stop }, crews);
  } finally {
    view.close();
    interrupts.sayWith(undefined);
  }
}

type Interrupts = ReturnType<typeof onInterrupts>;

/** Ctrl-C once finishes the running runs, twice stops at once. */
function onInterrupts(err: Terminal["err"]) {
  const finish = new AbortController();
  const stop = new AbortController();
  const plainly = (line: string) => err(`${line}\n`);
  let say = plainly;
  const interrupt = () => {
    if (finish.signal.aborted) return stop.abort();
    finish.abort();
    say("Finishing the running runs; Ctrl-C again stops them now.");
  };
  const terminate = () => {
    finish.abort();
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  for (const name of stopSignals) process.on(name, terminate);
  const release = () => {
    process.off("SIGINT", interrupt);
    for (const name of stopSignals) process.off(name, terminate);
  };
  const sayWith = (view: ((line: string) => void) | undefined) => {
    say = view ?? plainly;
  };
  return { finish: finish.signal, stop: stop.signal, say: (line: string) => say(line), sayWith, release };
}

/** Says which modules are no longer as they were when the runs began. */
export function tellChanged({ changed }: Requeued, { err }: Terminal): void {
  for (const [path, runIds] of changed)
    err(
      `${path} has changed since ${runIds.length === 1 ? "run" : "runs"} ${idRanges(runIds)} began: they go on with the new text, and are comparable with no other run\n`,
    );
}

/** A line that says how to carry on with the runs that are left. */
export function carryOnLines(command: string, { left, leftOut }: Pick<Outcome, "left" | "leftOut">): readonly string[] {
  const count = left.length + leftOut;
  return count > 0 ? [`${command}   carries on: ${countText(count, "run")} left`] : [];
}

function waysToLook({ measured }: RunSummary, database: string): readonly string[] {
  const file = shellText(database);
  return [
    ...(measured > 1 ? [`mosaic compare ${file}   says which model is better, and how sure that is`] : []),
    ...(measured > 0 ? [`mosaic plotloss ${file} losses.pdf --id all   draws the losses, epoch by epoch`] : []),
  ];
}
