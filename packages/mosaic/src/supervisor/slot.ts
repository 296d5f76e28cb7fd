import { MosaicError } from "../errors.ts";
import { type Lease, type LeaseBeat, StoreError } from "../store/index.ts";
import type { FromWorker } from "../worker/messages.ts";
import { pausePatience } from "./patience.ts";
import type { WorkerPlace } from "./place.ts";
import type { SuperviseOptions } from "./supervise.ts";
import type { Work, WorkerEnd, WorkerProcess, WorkerProgram } from "./worker-process.ts";

/** So many workers in a row that die before they take their run: then it is not the runs that kill them. */
const mostDeadStarts = 3;

/** A run that a slot has. */
interface Assignment extends Work {
  readonly lease: Lease;
  /** Who was sent the order. */
  worker?: WorkerProcess;
  /** Whether the worker was asked for the order back. */
  isAskedBack?: boolean;
  /** Whether it goes on from a snapshot, should its worker die. */
  hasSnapshot?: boolean;
  /** Undefined until the run before it has ended. */
  times?: RunTimes;
}

/** One worker after the other, the run that it carries out, and the one that waits for it. */
export class Slot {
  readonly #slot: number;
  readonly #place: WorkerPlace;
  readonly #options: SuperviseOptions;
  readonly #share: () => number;
  #worker: WorkerProcess | undefined;
  /** What the worker is one of. */
  #program: WorkerProgram | undefined;
  #current: Assignment | undefined;
  /** Those that come after it, whose orders the worker may have. */
  #waiting: readonly Assignment[] = [];
  /** How long the last run took. */
  #lastSeconds = Number.POSITIVE_INFINITY;
  #deadStarts = 0;
  #ended: PromiseWithResolvers<void> | undefined;
  /** Messages are stored in the order in which they came. */
  #queue: Promise<void> = Promise.resolve();

  /** @param share how many runs may wait here, so that all have some */
  constructor(slot: number, place: WorkerPlace, options: SuperviseOptions, share: () => number) {
    this.#slot = slot;
    this.#place = place;
    this.#options = options;
    this.#share = share;
  }

  /** What the store is to know about the runs at hand. */
  get beats(): readonly LeaseBeat[] {
    return [this.#current, ...this.#waiting]
      .filter((run) => run !== undefined)
      .map(({ lease, times }) => {
        const silentFor = times === undefined ? 0 : performance.now() - times.progress;
        return { ...lease, progressAt: new Date(Date.now() - silentFor) };
      });
  }

  /** Takes run after run until none is left. Returns whether there was one. */
  async work(): Promise<boolean> {
    for (let hasWorked = false; ; hasWorked = true) {
      const ended = Promise.withResolvers<void>();
      // It may fail while the next run is being leased.
      ended.promise.catch(() => undefined);
      this.#ended = ended;
      if (this.#current === undefined) {
        const run = await this.#assign();
        if (run === undefined) {
          this.#discard();
          return hasWorked;
        }
        this.#begin(run);
      }
      while (this.#waiting.length < this.#wanted) {
        const run = await this.#assign();
        if (run === undefined) break;
        this.#add(run);
      }
      await ended.promise;
    }
  }

  kill(): void {
    this.#worker?.kill();
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#worker?.signal(signal);
  }

  /** Asks the worker to leave its run in the middle. Without files there is nothing to go on from: it starts anew. */
  pause(): void {
    this.withdraw();
    const run = this.#current;
    if (run === undefined) return;
    if (run.order.filesFolder === undefined) this.kill();
    else {
      if (run.times !== undefined) run.times.pauseAsked ??= performance.now();
      this.#worker?.send({ kind: "pause", token: run.lease.token });
    }
  }

  /** Asks the worker for orders back that wait with it, the last ones first. */
  withdraw(most = Number.POSITIVE_INFINITY): void {
    for (const run of this.#waiting.slice(Number.isFinite(most) ? -most : 0)) {
      if (run.isAskedBack) continue;
      run.isAskedBack = true;
      if (this.#hasNoWorker(run)) void this.#enqueue(() => this.#giveBackUnsent(run));
      else run.worker?.send({ kind: "withdraw", token: run.lease.token });
    }
  }

  /** Such as a run of Python's behind one of TypeScript's: nobody would answer for it. */
  #hasNoWorker({ worker }: Assignment): boolean {
    return worker === undefined || worker !== this.#worker;
  }

  /** Begun or sent meanwhile it stays. */
  async #giveBackUnsent(run: Assignment): Promise<void> {
    if (!this.#waiting.includes(run) || !this.#hasNoWorker(run)) return;
    this.#waiting = this.#waiting.filter((each) => each !== run);
    await this.#giveBack(run);
  }

  get takesAhead(): boolean {
    return this.#place.mostAhead > 1;
  }

  /** Whether runs were asked back of which the worker has not answered yet. */
  get isAsked(): boolean {
    return this.#waiting.some(({ isAskedBack }) => isAskedBack);
  }

  /** How many runs wait here that another slot could have. */
  get spare(): number {
    return this.takesAhead ? this.#waiting.filter(({ isAskedBack }) => !isAskedBack).length : 0;
  }

  /** Ends the run at hand where it has taken too long, or does not come to rest. */
  look(): void {
    if (this.#current === undefined || this.#current.times === undefined) return;
    const { lease, times } = this.#current;
    const { runSeconds, epochSeconds } = this.#options.limits;
    const now = performance.now();
    const secondsSince = (moment: number | undefined) => (moment === undefined ? 0 : (now - moment) / 1000);
    const silent = secondsSince(Math.max(times.progress, times.pauseAsked ?? 0));
    if (secondsSince(times.begun) > this.#place.aheadSeconds) this.withdraw();
    if (secondsSince(times.begun) > runSeconds)
      void this.#enqueue(() => this.#takeFault(lease, overdue("timeout", "the run", runSeconds, times, now)));
    else if (secondsSince(times.epochBegun) > epochSeconds)
      void this.#enqueue(() => this.#takeFault(lease, overdue("epoch_timeout", "an epoch", epochSeconds, times, now)));
    else if (times.pauseAsked !== undefined && silent > pausePatience(times.callSeconds) + this.#place.lateSeconds)
      void this.#enqueue(() => this.#takeRestless(lease, silent));
  }

  get #isAskedToLeave(): boolean {
    const { finish, pause, stop } = this.#options;
    return finish.aborted || pause.aborted || stop.aborted;
  }

  /** Whether runs are here that an earlier supervisor has left. */
  get #hasLeft(): boolean {
    return (this.#place.left?.runIds.length ?? 0) > 0;
  }

  /** How many orders are to wait behind the one at hand. */
  get #wanted(): number {
    if (this.#hasLeft) return this.#waiting.length + 1;
    const { aheadSeconds, mostAhead } = this.#place;
    if (this.#lastSeconds > aheadSeconds || this.#isAskedToLeave) return 0;
    return Math.min(mostAhead, Math.max(1, Math.floor(aheadSeconds / this.#lastSeconds)), this.#share());
  }

  /** Leases the next run that waits; undefined where there is none, or none is to start any more. */
  async #assign(): Promise<Assignment | undefined> {
    if (this.#isAskedToLeave || !this.#place.isOpen) return undefined;
    const { store, experimentId, workOf } = this.#options;
    const { name, device, wishes } = this.#place;
    // One that has said all that it knows of runs that are over takes no others.
    const next = () => (this.#place.isOpen ? store.leaseNextRun(experimentId, name, wishes) : undefined);
    const lease = (await this.#leaseLeft()) ?? (await next());
    return lease && { lease, ...(await workOf(lease, device)) };
  }

  async #leaseLeft(): Promise<Lease | undefined> {
    const { store, experimentId } = this.#options;
    const { left, name } = this.#place;
    for (let runId = left?.next(); runId !== undefined; runId = left?.next()) {
      const lease = await store.leaseRun(experimentId, runId, name);
      if (lease !== undefined) return lease;
      left?.refuse(runId);
    }
    return undefined;
  }

  /** Has a run carried out, now or as soon as the one at hand has ended. */
  #add(run: Assignment): void {
    if (this.#current === undefined) this.#begin(run);
    else {
      this.#waiting = [...this.#waiting, run];
      if (this.#worker?.hasEnded === false && this.#program === run.program) this.#send(run, this.#worker);
      if (this.#isAskedToLeave) this.withdraw();
    }
  }

  #begin(run: Assignment): void {
    const { onEvent, pause, stop } = this.#options;
    const now = performance.now();
    this.#current = run;
    run.times = { begun: now, progress: now, callSeconds: 0 };
    onEvent({ kind: "started", lease: run.lease, slot: this.#slot });
    // What was sent to a worker that has ended is settled when its last messages are stored.
    if (this.#worker !== undefined && this.#program !== run.program) this.#discard();
    if (this.#worker === undefined || (this.#worker.hasEnded && run.worker !== this.#worker))
      this.#worker = this.#start(run.program);
    for (const each of [run, ...this.#waiting]) if (each.program === run.program) this.#send(each, this.#worker);
    // Asked to stop or to pause since it was leased: nobody else will tell the worker.
    if (stop.aborted) this.kill();
    else if (pause.aborted) this.pause();
  }

  /** To a worker that has it already, nothing. */
  #send(run: Assignment, worker: WorkerProcess): void {
    if (run.worker === worker) return;
    const { limits, snapshotSeconds } = this.#options;
    const tellsPrepared = limits.epochSeconds < Number.POSITIVE_INFINITY;
    const { lease, order } = run;
    try {
      worker.send({ kind: "run", token: lease.token, order, tellsPrepared, snapshotSeconds });
      run.worker = worker;
      run.isAskedBack = false;
    } catch (error) {
      if (!(error instanceof MosaicError)) throw error;
      // Such as a history that is longer than any message.
      void this.#enqueue(() => this.#takeFault(lease, error.message));
    }
  }

  #start(program: WorkerProgram): WorkerProcess {
    // Of another one it is not known whether it can be started.
    if (this.#program !== program) this.#deadStarts = 0;
    this.#program = program;
    const worker = this.#place.start(program, {
      message: (message) => this.#worker === worker && this.#enqueue(() => this.#take(worker, message)),
      nonsense: (why) => this.#worker === worker && this.#enqueue(() => this.#takeNonsense(worker, why)),
      progress: (callSeconds) => {
        if (this.#worker !== worker || this.#current === undefined || this.#current.times === undefined) return;
        const { lease, times } = this.#current;
        times.callSeconds = callSeconds;
        times.progress = performance.now();
        this.#options.onEvent({ kind: "progress", lease, callSeconds });
      },
      exit: (end) => this.#worker === worker && this.#enqueue(() => this.#takeDeath(worker, end)),
    });
    return worker;
  }

  /** Ends the worker, which is of no more use. */
  #discard(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.kill();
  }

  /** What it returns resolves when the work has had its effect; never where the store fails, which ends all. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    const effect = this.#queue.then(work).catch((error: unknown) => {
      if (!(error instanceof StoreError && error.code === "STORE_LEASE_LOST")) throw error;
      // The run was given to another worker meanwhile: what this one is at is no longer wanted.
      this.#discard();
      return this.#end();
    });
    this.#queue = effect.catch((error: unknown) => this.#ended?.reject(error));
    return effect.catch(() => new Promise<never>(() => undefined));
  }

  /** Nothing more is to be said of the run at hand: the one that waits begins. */
  async #end(): Promise<void> {
    this.#current = undefined;
    const isLeaving = this.#isAskedToLeave || !this.#place.isOpen;
    // Asked to leave, what no worker has stays where it is; of any other its worker says whether it has begun.
    const left = isLeaving ? this.#waiting.filter(({ worker }) => worker !== this.#worker) : [];
    const [next, ...others] = this.#waiting.filter((run) => !left.includes(run));
    this.#waiting = others;
    for (const run of left) await this.#giveBack(run);
    if (next !== undefined) this.#begin(next);
    this.#ended?.resolve();
  }

  async #giveBack({ lease }: Assignment): Promise<void> {
    await this.#options.store.giveBackRun(lease, { kind: "stopped" });
  }

  async #take(worker: WorkerProcess, message: FromWorker): Promise<void> {
    // Given up since: a run that had waited with it may be another worker's by now.
    if (this.#worker !== worker) return;
    const { store, onEvent } = this.#options;
    if (message.kind === "withdrawn") return this.#takeBack(message.token);
    if (this.#current === undefined || message.token !== this.#current.lease.token) return;
    const { lease, times, hasSnapshot } = this.#current;
    const { isElsewhere, wishes } = this.#place;
    const { processor } = wishes;
    this.#deadStarts = 0;
    switch (message.kind) {
      case "prepared":
        if (times !== undefined) times.epochBegun = performance.now();
        return;
      case "epochs": {
        if (times !== undefined) times.epochBegun = performance.now();
        await store.appendHistory(lease, message.records);
        const last = message.records.at(-1);
        if (last !== undefined) onEvent({ kind: "epochs", lease, last, epochs: message.epochs });
        return;
      }
      case "snapshot":
        await store.recordSnapshot(lease, { ...message, processor });
        this.#current.hasSnapshot = true;
        return;
      case "done": {
        const { result, directions, records, artifacts, executor, dataDigest } = message;
        // Of a run that this machine alone has computed its experiment says it.
        const isTold = isElsewhere || hasSnapshot === true || lease.fromSnapshot;
        const observed = { executor, dataDigest, processor: isTold ? processor : undefined };
        await store.completeRun(lease, { result, directions, history: records, artifacts, ...observed });
        if (message.last) this.#discard();
        const seconds = times === undefined ? 0 : (performance.now() - times.begun) / 1000;
        // Elsewhere it was heard of late, and together with others.
        this.#lastSeconds = (this.takesAhead ? result["duration(s)"] : null) ?? seconds;
        onEvent({ kind: "done", lease, result });
        return this.#end();
      }
      case "paused": {
        const { records, artifacts, epochs, executor, dataDigest } = message;
        if (records.length > 0) await store.appendHistory(lease, records);
        await store.recordArtifacts(lease, artifacts);
        await store.pauseRun(lease, epochs, { executor, dataDigest, processor });
        // Its pilot leaves: it goes on elsewhere.
        if (!this.#options.pause.aborted)
          await store.requeueRuns(this.#options.experimentId, [lease.runId], this.#place.whyLeaving);
        if (message.last) this.#discard();
        onEvent({ kind: "paused", lease, epochs });
        return this.#end();
      }
      case "failed":
        // What it has left behind is unknown.
        this.#discard();
        // The run is given back with all others: it goes on when the cause is gone.
        if (message.trouble !== null) throw machineTrouble(lease.runId, message.trouble, message.error);
        if (message.codeChanged) throw codeChanged(message.error);
        await store.failRun(lease, message.error);
        onEvent({ kind: "failed", lease, error: message.error });
        return this.#end();
      case "disturbed":
        this.#discard();
        await store.giveBackRun(lease, { kind: "stopped" });
        onEvent({ kind: "disturbed", lease, from: message.from, error: message.error });
        return this.#end();
      default:
        message satisfies never;
    }
  }

  /** It cannot be told what else of this worker's words is its own. */
  async #takeNonsense(worker: WorkerProcess, why: string): Promise<void> {
    // Said twice, it has been heard: the run that is at hand now is another worker's.
    if (this.#worker !== worker) return;
    const lease = this.#current?.lease;
    this.#discard();
    if (lease === undefined) return;
    const { store, onEvent } = this.#options;
    const error = `${forged} (${why})`;
    await store.failRun(lease, error);
    onEvent({ kind: "failed", lease, error });
    await this.#end();
  }

  async #takeFault(lease: Lease, error: string): Promise<void> {
    if (lease !== this.#current?.lease) return;
    const { store, onEvent } = this.#options;
    this.#discard();
    await store.failRun(lease, error);
    onEvent({ kind: "failed", lease, error });
    await this.#end();
  }

  async #takeRestless(lease: Lease, silentSeconds: number): Promise<void> {
    if (lease !== this.#current?.lease) return;
    const { store, onEvent } = this.#options;
    this.#discard();
    await store.giveBackRun(lease, { kind: "stopped" });
    const why = `it did not come to rest in ${Math.round(silentSeconds)} s, so its worker was killed; it starts again where it started`;
    onEvent({ kind: "given-back", lease, why });
    await this.#end();
  }

  /** A worker has forgotten the order that waited with it. */
  async #takeBack(token: number): Promise<void> {
    const { store, onEvent } = this.#options;
    const waiting = this.#waiting.find((run) => run.lease.token === token);
    if (waiting !== undefined) {
      this.#waiting = this.#waiting.filter((run) => run !== waiting);
      return this.#giveBack(waiting);
    }
    // The run before it has ended meanwhile.
    const lease = this.#current?.lease;
    if (lease === undefined || lease.token !== token) return;
    await store.giveBackRun(lease, { kind: "stopped" });
    onEvent({ kind: "given-back", lease });
    await this.#end();
  }

  async #takeDeath(worker: WorkerProcess, { how, lastWords, begun, outOfMemory }: WorkerEnd): Promise<void> {
    const { store, onEvent, pause, stop } = this.#options;
    if (this.#worker === worker) this.#worker = undefined;
    if (this.#current === undefined || this.#current.worker !== worker) return;
    const { lease, hasSnapshot: goesOn = lease.fromSnapshot } = this.#current;
    const goesWhereMoreIs = outOfMemory === true && this.#place.outOfMemory?.(lease.runId) === true;
    if (goesWhereMoreIs || !this.#place.isOpen) {
      await store.giveBackRun(lease, { kind: "stopped", detail: how });
      onEvent({ kind: "given-back", lease, why: goesWhereMoreIs ? `${how}; it goes on with twice the memory` : how });
    } else if (stop.aborted || pause.aborted || begun !== lease.token) {
      await store.giveBackRun(lease, { kind: "stopped" });
      onEvent({ kind: "given-back", lease });
      if (!stop.aborted && !pause.aborted && ++this.#deadStarts === mostDeadStarts)
        this.#place.giveUp(cannotStart(how, lastWords));
    } else {
      this.#deadStarts = 0;
      const { status } = await store.giveBackRun(lease, { kind: "worker-died", detail: how + quoted(lastWords) });
      onEvent({ kind: "worker-died", lease, how, status, goesOn });
    }
    await this.#end();
  }
}

/** Moments of a run by the clock of `performance.now()`. */
interface RunTimes {
  readonly begun: number;
  /** When it came forward last. */
  progress: number;
  /** When the present epoch began; undefined while the modules are prepared. */
  epochBegun?: number;
  pauseAsked?: number;
  callSeconds: number;
}

function overdue(option: string, what: string, limit: number, { progress }: RunTimes, now: number): string {
  return `${what} took longer than ${limit} s, the ${option} of [MONITOR]; the last sign of progress was ${Math.round((now - progress) / 1000)} s ago`;
}

const forged =
  "a module has sent a message of its own to the supervisor, or changed what its objects are made of; console.log writes to the run's log";

function machineTrouble(runId: number, trouble: string, error: string): MosaicError {
  const [first = ""] = error.split("\n");
  const whole = first.includes(trouble) ? "" : ` (${first})`;
  return new MosaicError("MACHINE_TROUBLE", `run ${runId} cannot go on: ${trouble}${whole}`);
}

/** The runs wait for the text that their identities stand for. */
function codeChanged(error: string): MosaicError {
  const [first = error] = error.split("\n");
  return new MosaicError(
    "CODE_CHANGED",
    `${first.replace(/^\w*Error: /, "")}. Put the text back; or go on with the new one, whose runs are trained anew`,
  );
}

/** What a dead worker has printed, below what is said of its death. */
function quoted(lastWords: string): string {
  return lastWords === "" ? "" : `; its last words:\n${lastWords}\n`;
}

function cannotStart(how: string, lastWords: string): MosaicError {
  return new MosaicError(
    "WORKER_CANNOT_START",
    `no worker process can be started: ${mostDeadStarts} in a row died before they took a run (the last one ${how})${quoted(lastWords)}`,
  );
}
