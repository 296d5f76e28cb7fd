/** A worker process: it carries out one run after the other, with ONNX Runtime and the users' modules loaded once. */
import { AsyncLocalStorage } from "node:async_hooks";
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { Socket } from "node:net";
import { join } from "node:path";
import { outliveOutput } from "@ml-mosaic/base";
import type { EpochRecord } from "@ml-mosaic/training";
import { MosaicError } from "../errors.ts";
import { forbidExit } from "../modules/forbid-exit.ts";
import { executeProgram } from "../program/execute-program.ts";
import { isProgram } from "../program/options.ts";
import { executeRun } from "../run/execute-run.ts";
import type { RunOrder } from "../run/order.ts";
import { RunLog } from "../run/run-files.ts";
import { Channel } from "../wire/channel.ts";
import { writeBegun } from "./begun-run.ts";
import { captureOutput } from "./capture-output.ts";
import { errorText } from "./error-text.ts";
import { InheritedOutput } from "./inherited-output.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { type FromWorker, faultToWorker, isToWorker, type ToWorker } from "./messages.ts";
import { startPulse } from "./pulse.ts";
import { watchSharedState } from "./shared-state.ts";
import { endMarked, markVariable, pilotSignals, pilotVariable } from "./started-processes.ts";
import { troubleOf } from "./trouble.ts";

/** Where `worker-process.ts` opens the channel. Nothing else that this process starts has it. */
const channelFile = 3;

/** Epochs are reported in batches: tiny models make thousands of them a second. */
const reportMilliseconds = 100;

/** Tells the code of one run from that of another, however late it is called. */
const runs = new AsyncLocalStorage<{ readonly token: number; readonly runId: number }>();

const exit = process.exit.bind(process);
forbidExit();
outliveOutput();
if (process.env[pilotVariable] !== undefined) for (const name of pilotSignals) process.on(name, () => undefined);
/** Modules may change the environment. */
const mark = process.env[markVariable] ?? "";
const pulse = startPulse(mark);
const inherited = new InheritedOutput();
const changedState = watchSharedState();
const memory = new MemoryWatch();

/** The run at hand; undefined as soon as all is said about it. */
let current: { readonly token: number; log: RunLog | undefined; readonly pause: AbortController } | undefined;

type RunMessage = Extract<ToWorker, { readonly kind: "run" }>;

/** What is to be carried out next, in this order. */
let waiting: readonly RunMessage[] = [];
/** This worker takes no further run. */
let isLast = false;

function tell(message: FromWorker, sent?: () => void): void {
  channel.send(message, sent);
}

async function carryOut(
  { token, order, tellsPrepared, snapshotSeconds }: RunMessage,
  run: NonNullable<typeof current>,
): Promise<void> {
  writeBegun(token);
  const log = openLog(order);
  run.log = log;
  inherited.begin();
  const release = captureOutput((text) => {
    log?.write(text);
    pulse.progress();
  });
  let records: EpochRecord[] = [];
  let reported = performance.now();
  const flushLog = () => {
    if (log !== undefined) inherited.moveTo(log);
    log?.flush();
  };
  const report = (epochs: number) => {
    reported = performance.now();
    flushLog();
    tell({ kind: "epochs", token, records, epochs });
    records = [];
  };
  try {
    const execute = order.pipeline.modules.some(isProgram) ? executeProgram : executeRun;
    const outcome = await execute(order, {
      pause: run.pause.signal,
      onPrepared() {
        pulse.progress();
        if (tellsPrepared) tell({ kind: "prepared", token });
      },
      onWork: (callSeconds) => (callSeconds === undefined ? pulse.progress() : pulse.called(callSeconds)),
      onEpoch(record, epochs) {
        records.push(record);
        const { epoch, trainLoss, validLoss } = record;
        log?.write(`epoch ${epoch}/${epochs} train_loss ${trainLoss} test_loss ${validLoss}\n`);
        if (performance.now() - reported >= reportMilliseconds) report(epochs);
      },
      snapshotSeconds,
      onSnapshot(snapshot) {
        flushLog();
        if (records.length > 0) report(Number(order.process.epochs));
        tell({ kind: "snapshot", token, ...snapshot });
      },
    });
    // An error that nobody awaited may have come first: then this run has failed already.
    if (current !== run) return;
    const changes = changedState();
    if (changes.length > 0)
      log?.write(`This run leaves ${changes.join(", ")} changed: the next one gets a new worker.\n`);
    const last = changes.length > 0 || memory.hasGrown();
    isLast = last;
    if (log !== undefined) inherited.moveTo(log);
    log?.close();
    const logFile = log === undefined ? [] : [{ kind: "log", path: `output_${order.runId}.log`, sizeBytes: log.size }];
    const artifacts = outcome.kind === "left" ? [] : [...outcome.artifacts, ...logFile];
    if (outcome.kind === "left") tell({ kind: "withdrawn", token });
    else tell({ ...outcome, token, records, artifacts, last });
  } catch (error) {
    if (current === run) fail(error);
  } finally {
    if (current === run) current = undefined;
    release();
    keepCompiledCode();
    beginNext();
  }
}

function openLog({ runId, filesFolder, earlierEpochs }: RunOrder): RunLog | undefined {
  if (filesFolder === undefined) return undefined;
  return new RunLog(join(filesFolder, `output_${runId}.log`), earlierEpochs !== undefined);
}

let isCompiledCodeKept = false;
/** A worker is ended by a signal, and Node keeps what it has compiled only of a process that ends by itself. */
function keepCompiledCode(): void {
  if (!isCompiledCodeKept) flushCompileCache();
  isCompiledCodeKept = true;
}

/** Says that the present run has failed, in its log too. */
function fail(error: unknown, sent: () => void = () => undefined): void {
  if (current === undefined) {
    sent();
    return;
  }
  const { token, log } = current;
  current = undefined;
  isLast = true;
  let text = errorText(error);
  let trouble = troubleOf(error);
  try {
    log?.write(`${text}\n`);
    if (log !== undefined) inherited.moveTo(log);
    log?.close();
  } catch (logError) {
    // The run's own error counts more, and both are told.
    trouble ??= troubleOf(logError);
    text += `\nits log could not be written: ${errorText(logError)}`;
  }
  const codeChanged = error instanceof MosaicError && error.code === "CODE_CHANGED";
  tell({ kind: "failed", token, error: text, trouble, codeChanged }, sent);
}

function beginNext(): void {
  const [message, ...others] = waiting;
  if (message === undefined || current !== undefined || isLast) return;
  waiting = others;
  const run = { token: message.token, log: undefined, pause: new AbortController() };
  current = run;
  // Later, so that messages come through between runs that wait for nothing.
  setImmediate(() =>
    runs.run({ token: message.token, runId: message.order.runId }, () => {
      // Its log could not be opened.
      carryOut(message, run).catch(fail);
    }),
  );
}

function take(message: ToWorker): void {
  switch (message.kind) {
    case "run":
      waiting = [...waiting, message];
      beginNext();
      return;
    case "withdraw":
      if (!waiting.some(({ token }) => token === message.token)) return;
      waiting = waiting.filter(({ token }) => token !== message.token);
      tell({ kind: "withdrawn", token: message.token });
      return;
    case "pause":
      if (current?.token === message.token) current.pause.abort();
      return;
    default:
      message satisfies never;
  }
}

/** One after the other, from when the pulse beats: a process that dies before has taken no run, which has no part in it. */
let taken = pulse.begun;
const channel = new Channel(new Socket({ fd: channelFile }), {
  message(value) {
    if (isToWorker(value)) taken = taken.then(() => take(value));
    else refuse(faultToWorker(value));
  },
  broken: refuse,
  // Without its supervisor a worker is an orphan: whatever it would compute, nobody would take.
  closed: endGroup,
});
// Ctrl-C reaches the whole group; only the supervisor decides what it means.
process.on("SIGINT", () => undefined);

/** The supervisor's last words to a worker that cannot understand it are in what it has printed. */
function refuse(why = "") {
  writeSync(2, `the supervisor has sent no message: ${why}\n`);
  endGroup();
}

/** Ends this worker and all that its modules have started. */
function endGroup(): void {
  if (mark !== "") endMarked(mark);
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    // The system knows no groups.
    exit(0);
  }
}

/** An error that nobody awaited is the fault of the run that it comes from; afterwards this process cannot be trusted. */
function giveUp(error: unknown): void {
  const from = runs.getStore();
  if (current === undefined || from === undefined || from.token === current.token) {
    fail(error, () => exit(1));
    return;
  }
  const { token } = current;
  current = undefined;
  isLast = true;
  tell({ kind: "disturbed", token, from: from.runId, error: errorText(error) }, () => exit(1));
}
process.on("uncaughtException", giveUp);
process.on("unhandledRejection", giveUp);
