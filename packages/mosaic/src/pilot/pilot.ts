/**
 * What `mosaic worker` does: it has runs carried out by workers of its own, for one supervisor after the other. A run outlives
 * the supervisor that it was ordered by: the next one hears what the last one can no longer tell.
 */
import { hostname } from "node:os";
import { currentProcess, messageOf, pathExists } from "@ml-mosaic/base";
import { machineFacts } from "../experiment/environment.ts";
import type { RunOrder } from "../run/order.ts";
import { memoryFactorVariable } from "../slurm/memory.ts";
import { pausePatience } from "../supervisor/patience.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import { startWorker, type WorkerProcess } from "../supervisor/worker-process.ts";
import type { FromWorker } from "../worker/messages.ts";
import { pilotVariable } from "../worker/started-processes.ts";
import type { RunFile } from "./carried.ts";
import { CarriedFolder } from "./carried-folder.ts";
import type { CarriedPlace, PlaceOptions } from "./carried-place.ts";
import { FileExchange } from "./file-exchange.ts";
import {
  type CarriedRun,
  isSettled,
  isStillWanted,
  type KeptMessage,
  leavesNothing,
  noteMessage,
  type PilotRun,
  takesNoFurther,
} from "./left-run.ts";
import type { Connect, Link, Meeting } from "./link.ts";
import { memoryKills } from "./memory-kills.ts";
import { type FromPilot, isAnswered, isToPilot, type LeftRuns, type ToPilot } from "./messages.ts";

export interface PilotOptions {
  readonly version: string;
  /** Runs at a time. */
  readonly runs: number;
  readonly device: string;
  /** For how long it waits for a supervisor. */
  readonly lingerMilliseconds: number;
  readonly say: (line: string) => void;
  /** Aborted: leave the runs where they are. The reason is said. */
  readonly leave: AbortSignal;
  /** How long the runs may take to come to rest. */
  readonly restMilliseconds: () => number;
  /** What it has where it sees nothing of the supervisor's folders. */
  readonly place?: PlaceOptions;
}

const beatMilliseconds = 10_000;
const progressMilliseconds = 5000;
const farewellMilliseconds = 10_000;
/** Workers tell of their epochs ten times a second, which is a lot for a supervisor of hundreds. */
const gatherMilliseconds = 500;
/** Orders that a worker has. */
const mostSent = 2;

/** @returns why it has ended: `done` where no run is left */
export async function beginPilot(
  meeting: Meeting,
  options: PilotOptions,
): Promise<"done" | "nobody" | "left" | "refused"> {
  const pilot = new Pilot(options);
  try {
    for (;;) {
      const found = await meeting.next(options.lingerMilliseconds, options.leave);
      if (options.leave.aborted && typeof found === "string") {
        await meeting.forget();
        return "left";
      }
      if (found === "nobody" || found === "ended") {
        await meeting.forget();
        return found === "nobody" ? "nobody" : "done";
      }
      options.say("a supervisor is there");
      const how = await pilot.serve(found);
      if (how === "done") await meeting.forget();
      if (how !== "alone") return how;
      options.say(`the supervisor is gone${pilot.isAtWork ? "; its runs go on" : ""}; waiting for another one`);
    }
  } finally {
    await pilot.end();
  }
}

interface PilotWorker {
  readonly process: WorkerProcess;
  /** What was asked for, to tell one language's from another's. */
  readonly words: string;
  /** Of the supervisor who has asked for it: to no other its end is said. */
  service: Service | undefined;
  progressTold: number;
  callSeconds: number;
}

type How = "done" | "alone" | "left" | "refused";

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

/** Numbers of workers that are none: what they had to say is said again. */
let lastSpoken = 1_000_000;

class Pilot {
  readonly #options: PilotOptions;
  readonly #workers = new Map<number, PilotWorker>();
  /** In the order in which they came. */
  #runs: readonly PilotRun[] = [];
  /** Id of the database that they are of. */
  #database = "";
  #service: Service | undefined;
  readonly #left = () => this.#leave();
  #isLeaving = false;
  readonly #carried = new CarriedFolder();

  constructor(options: PilotOptions) {
    this.#options = options;
    options.leave.addEventListener("abort", this.#left);
  }

  get isAtWork(): boolean {
    return this.#runs.some(({ isOver }) => !isOver);
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
      find: (digest) => this.#find(digest),
    });
    this.#service = { link, over, beating, exchange, place: undefined, said: 0 };
    return over.promise;
  }

  /** Ends what is still at work. */
  async end(): Promise<void> {
    this.#options.leave.removeEventListener("abort", this.#left);
    for (const { process } of this.#workers.values()) process.kill();
    this.#workers.clear();
    this.#runs = [];
    await this.#carried.remove();
  }

  /** The file of a run that was named in a message. */
  #find(digest: string): string | undefined {
    for (const { kept } of this.#runs)
      for (const { files } of kept) {
        const path = files?.pathOf(digest);
        if (path !== undefined) return path;
      }
    return this.#carried.lastWords(digest);
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
        this.#settle(message.said);
        return;
      case "received":
        for (const { kept } of this.#runs) for (const each of kept) each.isReceived ||= each.said <= message.said;
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
        void this.#end(message.why === undefined ? "done" : "refused");
        return;
      default:
        message satisfies never;
    }
  }

  async #present(welcome: Extract<ToPilot, { readonly kind: "welcome" }>): Promise<void> {
    const { runs, device } = this.#options;
    const { database } = welcome;
    const service = this.#service;
    const why = await this.#prepare(welcome);
    // It is gone meanwhile.
    if (service === undefined || this.#service !== service) return;
    if (why !== undefined) {
      this.#options.say(why);
      this.#send({ kind: "refused", why });
      return void this.#end("refused");
    }
    const { SLURM_JOB_ID: job, [memoryFactorVariable]: memoryFactor } = process.env;
    const processor = String(machineFacts().processor);
    this.#send({
      kind: "hello",
      host: process.env.SLURMD_NODENAME ?? hostname(),
      process: currentProcess(),
      runs,
      device,
      processor,
      ...(job === undefined ? {} : { job }),
      left: this.#leftOf(database),
      ...(memoryFactor === undefined ? {} : { memoryFactor: Number(memoryFactor) }),
      ...(service.place === undefined ? {} : { isCarried: true }),
    });
    if (this.#options.leave.aborted) this.#leave();
  }

  /** Sees to it that the runs find here what they need. Returns why they do not. */
  async #prepare({ version, folders, carried }: Extract<ToPilot, { readonly kind: "welcome" }>) {
    if (version !== this.#options.version)
      return `it has ${this.#options.version}, and the supervisor ${version}: use one installation`;
    const service = this.#service;
    if (carried !== undefined && service !== undefined) {
      try {
        service.place = await this.#carried.placeOf(carried, service.exchange, this.#options.place);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    }
    const missing = folders.filter((folder) => !pathExists(folder));
    return missing.length === 0
      ? undefined
      : `${missing.join(", ")} cannot be seen from ${hostname()}: the project and its run files must be at the same paths everywhere`;
  }

  /** What the last supervisor has left, where the new one has the same runs. */
  #leftOf(database: string): readonly LeftRuns[] {
    if (database !== this.#database) for (const number of [...this.#workers.keys()]) this.#kill(number);
    if (database !== this.#database) this.#keepRuns(() => false);
    this.#database = database;
    for (const run of this.#runs) {
      this.#release(run);
      run.told = undefined;
      for (const kept of run.kept) {
        kept.said = Number.POSITIVE_INFINITY;
        kept.isReceived = false;
      }
      // Its worker may be at another one.
      if (run.isOver) run.worker = ++lastSpoken;
    }
    const left = Array.from(Map.groupBy(this.#runs, ({ worker }) => worker));
    return left.map(([worker, runs]) => ({
      worker,
      runIds: runs.map(({ asked }) => asked.order.runId),
      areOver: runs.every(({ isOver }) => isOver),
    }));
  }

  #start({ worker: number, program }: Extract<ToPilot, { readonly kind: "start" }>): void {
    // It has been there since another supervisor.
    const there = this.#workers.get(number);
    const words = JSON.stringify([program?.command, program?.args]);
    if (there?.words === words) there.service = this.#service;
    if (there === undefined ? this.#runs.some(({ worker }) => worker === number) : there.words === words) return;
    // One of TypeScript's, where Python's is wanted, has nothing left to do.
    this.#kill(number);
    const { environment, ...asked } = this.#service?.place?.program(program) ?? program ?? typescriptWorker;
    const kills = memoryKills();
    // One that was killed may still speak when another has its number.
    const isThere = () => this.#workers.get(number) === worker;
    const worker: PilotWorker = {
      words,
      service: this.#service,
      progressTold: 0,
      callSeconds: 0,
      process: startWorker(
        { ...asked, environment: { ...environment, [pilotVariable]: "1" } },
        {
          message: (message) => isThere() && this.#hear(number, message),
          nonsense: (why) => isThere() && this.#send({ kind: "nonsense", worker: number, why }),
          progress: (callSeconds) => {
            if (!isThere()) return;
            worker.callSeconds = callSeconds;
            const now = performance.now();
            if (now - worker.progressTold < progressMilliseconds) return;
            worker.progressTold = now;
            this.#send({ kind: "progress", worker: number, callSeconds });
          },
          exit: (end) => {
            if (!isThere()) return this.#look();
            const last = this.#runs.find(({ worker, asked }) => worker === number && asked.token === end.begun);
            const begun = last?.told;
            const folder = last?.carried?.folder;
            const kept = folder && last && this.#carried.keepLastWords(folder, last.asked.order.runId);
            const files = kept === undefined ? {} : { files: kept.files };
            this.#keepRuns((run) => run.worker !== number || run.isOver);
            const outOfMemory = (memoryKills() ?? 0) > (kills ?? 0);
            const told = outOfMemory
              ? { ...end, begun, how: `${end.how}, out of memory`, outOfMemory }
              : { ...end, begun };
            this.#workers.delete(number);
            if (worker.service === this.#service) this.#send({ kind: "ended", worker: number, end: told, ...files });
            this.#look();
          },
        },
      ),
    };
    this.#workers.set(number, worker);
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
    if (leavesNothing(orderHere(run), kept.message)) this.#drop(run);
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
    const runs = this.#runs.filter(({ worker, isOver }) => worker === number && !isOver);
    for (const run of runs.slice(0, mostSent)) {
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
    const folder = order.filesFolder === undefined ? undefined : this.#carried.runFolder();
    const run: CarriedRun = { place, folder, isReady: files.length === 0 || folder === undefined };
    if (folder !== undefined && files.length > 0)
      folder.fill(files, exchange).then(
        () => {
          run.isReady = true;
          this.#feed(number);
        },
        (error: unknown) => {
          if (!this.#runs.some((each) => each.carried === run)) return;
          // Without its supervisor nobody wants it any more.
          if (this.#service !== service) return this.#keepRuns((each) => each.carried !== run);
          this.#kill(number);
          const how = `ended: what run ${order.runId} goes on from has not come: ${messageOf(error)}`;
          this.#send({ kind: "ended", worker: number, end: { how, lastWords: "", begun: undefined } });
        },
      );
    return run;
  }

  /** Forgets the others, with their files. */
  #keepRuns(isKept: (run: PilotRun) => boolean): void {
    const [left, gone] = [this.#runs.filter(isKept), this.#runs.filter((run) => !isKept(run))];
    this.#runs = left;
    for (const { carried } of gone) if (carried?.folder !== undefined) this.#carried.drop(carried.folder);
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

  #settle(said: number): void {
    const isThere = (kept: KeptMessage) => kept.said > said;
    for (const run of this.#runs) {
      for (const each of run.kept) if (!isThere(each)) each.files?.remove();
      run.kept = run.kept.filter(isThere);
    }
    this.#keepRuns((run) => !isSettled(run));
    this.#look();
  }

  #drop(run: PilotRun): void {
    this.#keepRuns((each) => each !== run);
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
      this.#runs = [
        ...this.#runs,
        {
          asked: message,
          told: token,
          worker: number,
          isOver: false,
          kept: [],
          isSent: false,
          carried: this.#carry(service, number, order, files),
        },
      ];
      this.#feed(number);
    }
    if (this.#isLeaving && worker !== undefined) this.#leaveWorker(number, worker);
  }

  /** What it has said of runs that are over stays. */
  #kill(number: number): void {
    const worker = this.#workers.get(number);
    this.#workers.delete(number);
    worker?.process.kill();
    this.#keepRuns((run) => run.worker !== number || run.isOver);
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
    if (run.isOver || !run.isSent) this.#drop(run);
    else if (run === this.#atHand(number)) this.#endForgotten(number);
    // Begun meanwhile it is at hand as soon as the one before it is over.
    else this.#workers.get(number)?.process.send({ kind: "withdraw", token: run.asked.token });
  }

  /** What its worker is at. */
  #atHand(number: number): PilotRun | undefined {
    return this.#runs.find(({ worker, isOver, isSent }) => worker === number && !isOver && isSent);
  }

  /** Ends a worker that is at a run that nobody wants to hear of. */
  #endForgotten(number: number): void {
    const run = this.#atHand(number);
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
  #leaveWorker(number: number, { process }: PilotWorker): void {
    const runs = this.#runs.filter(({ worker, isOver }) => worker === number && !isOver);
    const [current, ...others] = runs.filter(({ isSent }) => isSent);
    for (const { asked } of others) process.send({ kind: "withdraw", token: asked.token });
    for (const { isSent, asked } of runs) if (!isSent) this.#hear(number, { kind: "withdrawn", token: asked.token });
    if (current === undefined) return;
    if (current.asked.order.filesFolder !== undefined) process.send({ kind: "pause", token: current.asked.token });
    else process.kill();
  }

  /** Ends when all has come to rest that was to. */
  #look(): void {
    const isOnItsWay = ({ said, files, isReceived }: KeptMessage) =>
      Number.isFinite(said) && files !== undefined && isReceived !== true;
    if (this.#isLeaving && !this.isAtWork && !this.#runs.some(({ kept }) => kept.some(isOnItsWay)))
      void this.#end("left");
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
      if (how !== "alone" || !this.#runs.some(({ worker, isOver }) => worker === number && !isOver)) this.#kill(number);
    await service.link.close(farewellMilliseconds).catch(() => undefined);
    service.over.resolve(how);
  }
}

/** Of notes of orders where the supervisor is, nothing is known here unless its folders are seen. */
function orderHere({ asked: { order }, carried }: PilotRun): RunOrder {
  return carried === undefined ? order : { ...order, fence: undefined };
}
