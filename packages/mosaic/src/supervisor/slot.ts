import { MosaicError } from "../errors.ts";
import { type Lease, type LeaseBeat, StoreError } from "../store/index.ts";
import type { FromWorker } from "../worker/messages.ts";
import { type Assignment, assignRuns, type RunTimes } from "./assignment.ts";
import { Heard } from "./heard.ts";
import { pausePatience } from "./patience.ts";
import type { WorkerPlace } from "./place.ts";
import { completionOf, type Done, recordDeath, recordMessage } from "./record-message.ts";
import type { WorkerProgram } from "./spawned-worker.ts";
import type { SuperviseOptions } from "./supervise.ts";
import { cannotStart, forged, overdue } from "./worker-faults.ts";
import type { WorkerEnd, WorkerProcess } from "./worker-process.ts";

/** So many workers in a row that die before they take their run: then it is not the runs that kill them. */
const mostDeadStarts = 3;

/** One worker after the other, the run that it carries out, and those that wait for it. */
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
  /** Of the worker. */
  #heard: Heard<FromWorker> | undefined;

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
        const [run] = await this.#assign(1);
        if (run === undefined) {
          this.#discard();
          return hasWorked;
        }
        this.#begin(run);
      }
      for (let missing = this.#missing; missing > 0; missing = this.#missing) {
        const runs = await this.#assign(missing);
        if (runs.length === 0) break;
        for (const run of runs) this.#add(run);
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

  /** Whether runs were asked back of which the worker has not answered yet. One that takes none may never answer. */
  get isAsked(): boolean {
    return this.#place.isOpen && this.#waiting.some(({ isAskedBack }) => isAskedBack);
  }

  /** How many runs wait here that another slot could have. */
  get spare(): number {
    return this.takesAhead && this.#place.isOpen ? this.#waiting.filter(({ isAskedBack }) => !isAskedBack).length : 0;
  }

  /** Ends the run at hand where it has taken too long, or does not come to rest. */
  look(): void {
    if (this.#current === undefined || this.#current.times === undefined) return;
    const { lease, times } = this.#current;
    const now = performance.now();
    if ((now - times.begun) / 1000 > this.#place.aheadSeconds) this.withdraw();
    // It may have said long ago that it is done, or at rest.
    if (this.#worker?.isReceiving === true) {
      times.progress = now;
      return;
    }
    const isLate = overdue(times, this.#options.limits, now, this.#place.lateSeconds) !== undefined;
    if (isLate) void this.#enqueue(() => this.#takeLate(lease, times));
    if (isLate || times.pauseAsked === undefined) return;
    const silent = (now - Math.max(times.progress, times.pauseAsked)) / 1000;
    if (silent > pausePatience(times.callSeconds) + this.#place.lateSeconds)
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

  get #missing(): number {
    return this.#wanted - this.#waiting.length;
  }

  /** The next runs that wait; none where there is none, or none is to start any more. */
  async #assign(most: number): Promise<readonly Assignment[]> {
    return this.#isAskedToLeave || !this.#place.isOpen ? [] : assignRuns(most, this.#place, this.#options);
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
    const heard = new Heard<FromWorker>((messages) => this.#inTurn(() => this.#takeAll(worker, messages)));
    this.#heard = heard;
    const worker = this.#place.start(program, {
      message: (message) => this.#worker === worker && heard.add(message, this.#mayWait(message, heard.count)),
      nonsense: (why) => this.#worker === worker && this.#enqueue(() => this.#takeNonsense(worker, why)),
      progress: (callSeconds) => {
        if (this.#worker !== worker || this.#current === undefined || this.#current.times === undefined) return;
        const { lease, times } = this.#current;
        times.callSeconds = callSeconds;
        times.progress = performance.now();
        this.#options.onEvent({ kind: "progress", lease, callSeconds });
      },
      // What becomes of the run of one that was given up is decided already, and being stored.
      exit: (end) => (this.#worker === worker ? this.#enqueue(() => this.#takeDeath(worker, end)) : this.#queue),
    });
    return worker;
  }

  /** Ends the worker, which is of no more use. */
  #discard(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.kill();
  }

  /** Results of brief runs are stored together, as long as the worker has enough to do. */
  #mayWait(message: FromWorker, heard: number): boolean {
    return message.kind === "done" && !message.last && 2 * (heard + 1) <= this.#waiting.length;
  }

  /** After all that was heard before. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#heard?.pass();
    return this.#inTurn(work);
  }

  /** What it returns resolves when the work has had its effect; never where the store fails, which ends all. */
  #inTurn(work: () => Promise<void>): Promise<void> {
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
    await this.#advance();
    this.#ended?.resolve();
  }

  async #advance(): Promise<void> {
    this.#current = undefined;
    const isLeaving = this.#isAskedToLeave || !this.#place.isOpen;
    // Asked to leave, what no worker has stays where it is; of any other its worker says whether it has begun.
    const left = isLeaving ? this.#waiting.filter(({ worker }) => worker !== this.#worker) : [];
    const [next, ...others] = this.#waiting.filter((run) => !left.includes(run));
    this.#waiting = others;
    for (const run of left) await this.#giveBack(run);
    if (next !== undefined) this.#begin(next);
  }

  async #giveBack({ lease }: Assignment): Promise<void> {
    await this.#options.store.giveBackRun(lease, { kind: "stopped" });
  }

  async #takeAll(worker: WorkerProcess, messages: readonly FromWorker[]): Promise<void> {
    // Given up since: a run that had waited with it may be another worker's by now.
    for (let left = messages; left.length > 0 && this.#worker === worker; ) {
      const [first] = left;
      const done = this.#doneAmong(left);
      if (done.length > 0) await this.#complete(done);
      else if (first !== undefined) await this.#take(first);
      left = left.slice(Math.max(1, done.length));
    }
  }

  /** The results at the beginning of these messages, as far as they are of the runs at hand in their order. */
  #doneAmong(messages: readonly FromWorker[]): readonly Done[] {
    const done: Done[] = [];
    for (const [index, run] of [this.#current, ...this.#waiting].entries()) {
      const message = messages[index];
      if (message?.kind !== "done" || message.token !== run?.lease.token) break;
      done.push({ run, message });
      if (message.last) break;
    }
    return done;
  }

  async #complete(done: readonly Done[]): Promise<void> {
    const { store, onEvent } = this.#options;
    const lost = await store.completeRuns(done.map((each) => completionOf(each, this.#place)));
    this.#deadStarts = 0;
    for (const [index, { run, message }] of done.entries()) {
      const { lease, times } = run;
      // Of a lost one's worker what it is at is no longer wanted. Before the next run begins, which needs another one.
      if (message.last || (lost.length > 0 && index === done.length - 1)) this.#discard();
      const seconds = times === undefined ? 0 : (performance.now() - times.begun) / 1000;
      // It was heard of late, and together with others.
      this.#lastSeconds = (this.takesAhead ? message.result["duration(s)"] : null) ?? seconds;
      if (!lost.includes(lease.token)) onEvent({ kind: "done", lease, result: message.result });
      await this.#advance();
    }
    this.#ended?.resolve();
  }

  async #take(message: FromWorker): Promise<void> {
    if (message.kind === "withdrawn") return this.#takeBack(message.token);
    if (message.kind === "failed" && (await this.#takeUnsent(message))) return;
    if (message.kind === "done" || message.token !== this.#current?.lease.token) return;
    this.#deadStarts = 0;
    // What it has left behind is unknown.
    if (message.kind === "failed" || message.kind === "disturbed") this.#discard();
    const isOver = await recordMessage(this.#current, message, this.#place, this.#options);
    if (!isOver) return;
    if (message.kind === "paused" && message.last) this.#discard();
    await this.#end();
  }

  /** @returns whether it is of a run that waits: its order cannot be sent */
  async #takeUnsent(message: Extract<FromWorker, { readonly kind: "failed" }>): Promise<boolean> {
    const unsent = this.#waiting.find(({ lease }) => lease.token === message.token);
    if (unsent === undefined) return false;
    this.#waiting = this.#waiting.filter((run) => run !== unsent);
    await recordMessage(unsent, message, this.#place, this.#options);
    return true;
  }

  /** It cannot be told what else of this worker's words is its own. */
  async #takeNonsense(worker: WorkerProcess, why: string): Promise<void> {
    if (this.#worker !== worker) return;
    if (this.#current === undefined) this.#discard();
    else await this.#takeFault(this.#current.lease, `${forged} (${why})`);
  }

  /** What was said before may have had its effect only now. */
  async #takeLate(lease: Lease, times: RunTimes): Promise<void> {
    const fault = overdue(times, this.#options.limits, performance.now(), this.#place.lateSeconds);
    if (fault !== undefined && this.#worker?.isReceiving !== true) await this.#takeFault(lease, fault);
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

  async #takeDeath(worker: WorkerProcess, end: WorkerEnd): Promise<void> {
    if (this.#worker === worker) this.#worker = undefined;
    if (this.#current === undefined || this.#current.worker !== worker) return;
    const whose = await recordDeath(this.#current, end, this.#place, this.#options);
    if (whose === "the run's") this.#deadStarts = 0;
    if (whose === "its own" && ++this.#deadStarts === mostDeadStarts)
      this.#place.giveUp(cannotStart(mostDeadStarts, end));
    await this.#end();
  }
}
