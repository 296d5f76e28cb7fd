/**
 * What a process of `mosaic worker` is: it has runs carried out by workers of its own, for one supervisor after the other. A run outlives
 * the supervisor that it was ordered by: the next one hears what the last one can no longer tell.
 */
import { messageOf } from "@ml-mosaic/base";
import type { RunOrder } from "../run/order.ts";
import { pausePatience } from "../supervisor/patience.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import type { WorkerEnd } from "../supervisor/worker-process.ts";
import type { FromWorker } from "../worker/messages.ts";
import type { RunFile } from "./carried.ts";
import type { CarriedPlace, PlaceOptions } from "./carried-place.ts";
import { FileExchange } from "./file-exchange.ts";
import {
  type CarriedRun,
  isStillWanted,
  leavesNothing,
  noteMessage,
  type PilotRun,
  takesNoFurther,
} from "./left-run.ts";
import type { Connect, Link } from "./link.ts";
import { type FromPilot, isAnswered, isToPilot, type LeftRuns, type ToPilot } from "./messages.ts";
import { PilotRuns } from "./pilot-runs.ts";
import { type PilotWorker, startPilotWorker } from "./pilot-worker.ts";
import { helloOf, placeFor } from "./presentation.ts";

export interface PilotOptions {
  readonly version: string;
  /** Runs at a time. */
  readonly runs: number;
  readonly device: string;
  readonly say: (line: string) => void;
  /** Aborted: leave the runs where they are. The reason is said. */
  readonly leave: AbortSignal;
  /** How long the runs may take to come to rest. */
  readonly restMilliseconds: () => number;
  /** What it has where it sees nothing of the supervisor's folders. */
  readonly place?: PlaceOptions;
}

const beatMilliseconds = 10_000;
const farewellMilliseconds = 10_000;
/** Workers tell of their epochs ten times a second, which is a lot for a supervisor of hundreds. */
const gatherMilliseconds = 500;
/** Orders that a worker has. */
const mostSent = 2;

interface AskedWorker extends PilotWorker {
  /** What was asked for, to tell one language's from another's. */
  readonly words: string;
  /** Of the supervisor who has asked for it: to no other its end is said. */
  service: Service | undefined;
}

type How = "done" | "alone" | "left" | "refused" | "given up";

/** With one supervisor. */
interface Service {
  readonly link: Link;
  readonly over: PromiseWithResolvers<How>;
  readonly beating: NodeJS.Timeout;
  readonly exchange: FileExchange;
  /** Where runs are carried out that see nothing of the supervisor's folders; undefined where they see them. */
  place: CarriedPlace | undefined;
  /** Messages of workers. */
  said: number;
}

export class Pilot {
  readonly #options: PilotOptions;
  readonly #workers = new Map<number, AskedWorker>();
  readonly #runs = new PilotRuns();
  /** Id of the database that they are of. */
  #database = "";
  #service: Service | undefined;
  readonly #left = () => this.#leave();
  #isLeaving = false;

  constructor(options: PilotOptions) {
    this.#options = options;
    options.leave.addEventListener("abort", this.#left);
  }

  get isAtWork(): boolean {
    return this.#runs.areAtWork;
  }

  /** Until that supervisor is gone, or this pilot is to end. */
  serve(connect: Connect): Promise<How> {
    const over = Promise.withResolvers<How>();
    const link = connect({
      message: (value) => (isToPilot(value) ? this.#take(value) : void this.#end("alone")),
      broken: () => void this.#end("alone"),
      closed: () => void this.#end("alone"),
    });
    const beating = setInterval(() => this.#send({ kind: "beat" }), beatMilliseconds);
    const exchange = new FileExchange({
      send: (message) => link.send(message, isAnswered(message)),
      find: (digest) => this.#runs.pathOf(digest),
    });
    this.#service = { link, over, beating, exchange, place: undefined, said: 0 };
    return over.promise;
  }

  /** Ends what is still at work. */
  async end(): Promise<void> {
    this.#options.leave.removeEventListener("abort", this.#left);
    for (const { process } of this.#workers.values()) process.kill();
    this.#workers.clear();
    await this.#runs.remove();
  }

  #send(message: FromPilot): void {
    this.#service?.link.send(message, isAnswered(message));
  }

  #take(message: ToPilot): void {
    switch (message.kind) {
      case "welcome":
        void this.#present(message);
        return;
      case "start":
        if (!this.#isLeaving) this.#orGiveUp(message.worker, () => this.#start(message));
        return;
      case "tell":
        this.#orGiveUp(message.worker, () => this.#tell(message));
        return;
      case "kill":
        this.#kill(message.worker);
        return;
      case "forget":
        this.#forgetRun(message.worker, message.runId);
        return;
      case "published":
        this.#runs.settle(message.said);
        this.#look();
        return;
      case "received":
        this.#runs.receive(message.said);
        this.#look();
        return;
      case "fetch":
      case "piece":
        try {
          this.#service?.exchange.take(message);
        } catch {
          void this.#end("alone");
        }
        return;
      case "leave":
        if (message.why !== undefined) this.#options.say(`the supervisor gives it no runs any more: ${message.why}`);
        void this.#end(message.why === undefined ? "done" : "given up");
        return;
      default:
        message satisfies never;
    }
  }

  async #present(welcome: Extract<ToPilot, { readonly kind: "welcome" }>): Promise<void> {
    const service = this.#service;
    if (service === undefined) return;
    const { version, place, say, leave } = this.#options;
    const { carried } = this.#runs;
    try {
      service.place = await placeFor(welcome, service.exchange, { version, carried, place });
    } catch (error) {
      // It is gone meanwhile.
      if (this.#service !== service) return;
      const why = messageOf(error);
      say(why);
      this.#send({ kind: "refused", why });
      return void this.#end("refused");
    }
    if (this.#service !== service) return;
    this.#send(helloOf(this.#options, this.#leftOf(welcome.database), service.place !== undefined));
    if (leave.aborted) this.#leave();
  }

  /** What the last supervisor has left, where the new one has the same runs. */
  #leftOf(database: string): readonly LeftRuns[] {
    if (database !== this.#database) for (const number of [...this.#workers.keys()]) this.#kill(number);
    if (database !== this.#database) this.#runs.keep(() => false);
    this.#database = database;
    return this.#runs.handOn((run) => this.#release(run));
  }

  #start({ worker: number, program }: Extract<ToPilot, { readonly kind: "start" }>): void {
    // It has been there since another supervisor.
    const there = this.#workers.get(number);
    const words = JSON.stringify([program?.command, program?.args]);
    if (there?.words === words) there.service = this.#service;
    if (there === undefined ? this.#runs.find(({ worker }) => worker === number) !== undefined : there.words === words)
      return;
    // One of TypeScript's, where Python's is wanted, has nothing left to do.
    this.#kill(number);
    const asked = this.#service?.place?.program(program) ?? program ?? typescriptWorker;
    // One that was killed may still speak when another has its number.
    const isThere = () => this.#workers.get(number) === worker;
    const started = startPilotWorker(asked, {
      message: (message) => isThere() && this.#hear(number, message),
      nonsense: (why) => isThere() && this.#send({ kind: "nonsense", worker: number, why }),
      progress: (callSeconds) => isThere() && this.#send({ kind: "progress", worker: number, callSeconds }),
      exit: (end) => (isThere() ? this.#takeEnd(number, worker, end) : this.#look()),
    });
    const worker: AskedWorker = Object.assign(started, { words, service: this.#service });
    this.#workers.set(number, worker);
  }

  #takeEnd(number: number, { service }: AskedWorker, end: WorkerEnd): void {
    const last = this.#runs.find(({ worker, asked }) => worker === number && asked.token === end.begun);
    const folder = last?.carried?.folder;
    const kept = folder && last && this.#runs.carried.keepLastWords(folder, last.asked.order.runId);
    const files = kept === undefined ? {} : { files: kept.files };
    this.#runs.dropWaitingAt(number);
    this.#workers.delete(number);
    if (service === this.#service)
      this.#send({ kind: "ended", worker: number, end: { ...end, begun: last?.told }, ...files });
    this.#look();
  }

  #hear(number: number, said: FromWorker): void {
    // One that is being ended may still speak.
    const run = this.#runs.find(
      ({ worker, asked, isOver }) => worker === number && asked.token === said.token && !isOver,
    );
    if (run === undefined) return;
    const { carried } = run;
    const message =
      said.kind === "failed" && carried !== undefined ? { ...said, error: carried.place.told(said.error) } : said;
    if (message.kind === "epochs" && !run.asked.tellsPrepared) {
      if (run.gathered === undefined) setTimeout(() => this.#release(run), gatherMilliseconds);
      run.gathered = { ...message, records: [...(run.gathered?.records ?? []), ...message.records] };
      return;
    }
    // Of what ends the job the run's own processes have heard too: that is not its fault.
    if (this.#isLeaving && message.kind === "failed") {
      this.#giveUp(number, "ended with its job");
      return;
    }
    this.#release(run);
    const kept = noteMessage(run, message);
    if (kept === undefined) return;
    if (leavesNothing(orderHere(run), kept.message)) this.#runs.drop(run);
    if (run.told !== undefined) this.#say(run, run.told, kept);
    // What waits with it would wait for ever; a supervisor may not be there to end it.
    if (takesNoFurther(kept.message)) this.#workers.get(number)?.process.kill();
    else {
      if (run.isOver) this.#endForgotten(number);
      this.#feed(number);
    }
    this.#look();
  }

  /** Its worker has the order at hand, and one behind it. */
  #feed(number: number): void {
    if (this.#isLeaving) return;
    for (const run of this.#runs.waitingAt(number).slice(0, mostSent)) {
      if (run.isSent) continue;
      const { carried, asked } = run;
      // What comes after it waits with it.
      if (carried?.isReady === false) return;
      run.isSent = true;
      const order = carried?.place.order(asked.order, carried.folder?.files) ?? asked.order;
      this.#orGiveUp(number, () => this.#workers.get(number)?.process.send({ ...asked, order }));
    }
  }

  /** A run that sees nothing of its supervisor's folders. */
  #carry(service: Service, number: number, order: RunOrder, files: readonly RunFile[]): CarriedRun | undefined {
    const { place, exchange } = service;
    if (place === undefined) return undefined;
    const folder = order.filesFolder === undefined ? undefined : this.#runs.carried.runFolder();
    const run: CarriedRun = { place, folder, isReady: files.length === 0 || folder === undefined };
    if (folder !== undefined && files.length > 0)
      folder.fill(files, exchange).then(
        () => {
          run.isReady = true;
          this.#feed(number);
        },
        (error: unknown) => {
          if (this.#runs.find((each) => each.carried === run) === undefined) return;
          // Without its supervisor nobody wants it any more.
          if (this.#service !== service) return this.#runs.keep((each) => each.carried !== run);
          this.#kill(number);
          const how = `ended: what run ${order.runId} goes on from has not come: ${messageOf(error)}`;
          this.#send({ kind: "ended", worker: number, end: { how, lastWords: "", begun: undefined } });
        },
      );
    return run;
  }

  #release(run: PilotRun): void {
    if (run.gathered === undefined) return;
    const kept = noteMessage(run, run.gathered);
    run.gathered = undefined;
    if (kept !== undefined && run.told !== undefined) this.#say(run, run.told, kept);
  }

  #say({ worker }: PilotRun, token: number, kept: PilotRun["kept"][number]): void {
    if (this.#service === undefined) return;
    kept.said = ++this.#service.said;
    const files = kept.files === undefined ? {} : { files: kept.files.files };
    this.#send({ kind: "said", worker, message: { ...kept.message, token }, ...files });
  }

  #tell({ worker: number, message, files = [] }: Extract<ToPilot, { readonly kind: "tell" }>): void {
    const service = this.#service;
    if (service === undefined) return;
    const worker = this.#workers.get(number);
    if (message.kind !== "run") {
      const run = this.#runs.find(({ worker, told }) => worker === number && told === message.token);
      if (run !== undefined && message.kind === "withdraw" && !run.isSent)
        this.#hear(number, { ...message, kind: "withdrawn", token: run.asked.token });
      else if (run !== undefined) worker?.process.send({ ...message, token: run.asked.token });
      return;
    }
    const { order, token } = message;
    const left = this.#runs.find(
      (run) => run.worker === number && run.told === undefined && run.asked.order.runId === order.runId,
    );
    if (left !== undefined && isStillWanted(orderHere(left), order)) {
      left.told = token;
      left.isForgotten = false;
      for (const kept of left.kept) this.#say(left, token, kept);
    } else if (left !== undefined || worker === undefined) {
      this.#giveUp(number, "ended: another order");
      return;
    } else {
      const carried = this.#carry(service, number, order, files);
      this.#runs.add({ asked: message, told: token, worker: number, isOver: false, kept: [], isSent: false, carried });
      this.#feed(number);
    }
    if (this.#isLeaving && worker !== undefined) this.#leaveWorker(number, worker);
  }

  #kill(number: number): void {
    const worker = this.#workers.get(number);
    this.#workers.delete(number);
    worker?.process.kill();
    this.#runs.dropWaitingAt(number);
  }

  /** What fails on this machine is not to end the workers of all other runs. */
  #orGiveUp(number: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#giveUp(number, `failed: ${messageOf(error)}`);
    }
  }

  /** No run of that worker has begun as far as its supervisor is concerned. */
  #giveUp(number: number, how: string): void {
    this.#kill(number);
    this.#send({ kind: "ended", worker: number, end: { how, lastWords: "", begun: undefined } });
    this.#look();
  }

  #forgetRun(number: number, runId: number): void {
    const run = this.#runs.find(
      ({ worker, told, asked }) => worker === number && told === undefined && asked.order.runId === runId,
    );
    if (run === undefined) return;
    run.isForgotten = true;
    if (run.isOver || !run.isSent) this.#runs.drop(run);
    else if (run === this.#runs.atHand(number)) this.#endForgotten(number);
    // Begun meanwhile it is at hand as soon as the one before it is over.
    else this.#workers.get(number)?.process.send({ kind: "withdraw", token: run.asked.token });
  }

  /** Ends a worker that is at a run that nobody wants to hear of. */
  #endForgotten(number: number): void {
    const run = this.#runs.atHand(number);
    if (run?.isForgotten !== true) return;
    const isAskedFor = this.#workers.get(number)?.service === this.#service;
    this.#kill(number);
    const how = `ended: run ${run.asked.order.runId} was another worker's`;
    if (isAskedFor) this.#send({ kind: "ended", worker: number, end: { how, lastWords: "", begun: undefined } });
  }

  #leave(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#send({ kind: "leaving", why: String(this.#options.leave.reason) });
    for (const [number, worker] of this.#workers) this.#leaveWorker(number, worker);
    const calls = Array.from(this.#workers.values(), ({ callSeconds }) => pausePatience(callSeconds));
    // What does not come to rest is given back, and starts again where it started.
    const most = this.#options.restMilliseconds();
    const patience = Math.min(most, 1000 * Math.max(0, ...calls));
    const end = () => void this.#end("left");
    // Files that are on their way may take longer.
    setTimeout(() => (this.isAtWork ? end() : setTimeout(end, most - patience).unref()), patience).unref();
    this.#look();
  }

  /** What waits is given back, what runs is left in the middle; without files there is nothing to go on from. */
  #leaveWorker(number: number, { process }: AskedWorker): void {
    const runs = this.#runs.waitingAt(number);
    const [current, ...others] = runs.filter(({ isSent }) => isSent);
    for (const { asked } of others) process.send({ kind: "withdraw", token: asked.token });
    for (const { isSent, asked } of runs) if (!isSent) this.#hear(number, { kind: "withdrawn", token: asked.token });
    if (current === undefined) return;
    if (current.asked.order.filesFolder !== undefined) process.send({ kind: "pause", token: current.asked.token });
    else process.kill();
  }

  /** Ends when all has come to rest that was to. */
  #look(): void {
    if (this.#isLeaving && !this.isAtWork && !this.#runs.areSending) void this.#end("left");
  }

  async #end(how: How): Promise<void> {
    const service = this.#service;
    if (service === undefined) return;
    if (how === "left") this.#send({ kind: "gone", why: String(this.#options.leave.reason) });
    this.#service = undefined;
    clearInterval(service.beating);
    service.exchange.close();
    // One that has nothing to do is of no use to the next supervisor.
    for (const number of [...this.#workers.keys()])
      if (how !== "alone" || this.#runs.waitingAt(number).length === 0) this.#kill(number);
    await service.link.close(farewellMilliseconds).catch(() => undefined);
    service.over.resolve(how);
  }
}

/** Of notes of orders where the supervisor is, nothing is known here unless its folders are seen. */
function orderHere({ asked: { order }, carried }: PilotRun): RunOrder {
  return carried === undefined ? order : { ...order, fence: undefined };
}
