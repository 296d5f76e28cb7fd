/**
 * What `mosaic worker` does: it has runs carried out by workers of its own, for one supervisor after the other. A run outlives
 * the supervisor that it was ordered by: the next one hears what the last one can no longer tell.
 */
import { hostname } from "node:os";
import { currentProcess, pathExists } from "@ml-mosaic/base";
import { machineFacts } from "../experiment/environment.ts";
import { memoryFactorVariable } from "../slurm/memory.ts";
import { pausePatience } from "../supervisor/patience.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import { startWorker, type WorkerProcess } from "../supervisor/worker-process.ts";
import type { FromWorker, ToWorker } from "../worker/messages.ts";
import { pilotVariable } from "../worker/started-processes.ts";
import { isSettled, isStillWanted, leavesNothing, noteMessage, type PilotRun, takesNoFurther } from "./left-run.ts";
import type { Connect, Link, Meeting } from "./link.ts";
import { memoryKills } from "./memory-kills.ts";
import { type FromPilot, isToPilot, type LeftRuns, type ToPilot } from "./messages.ts";

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
    pilot.end();
  }
}

interface PilotWorker {
  readonly process: WorkerProcess;
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
    this.#service = { link, over, beating, said: 0 };
    return over.promise;
  }

  /** Ends what is still at work. */
  end(): void {
    this.#options.leave.removeEventListener("abort", this.#left);
    for (const { process } of this.#workers.values()) process.kill();
    this.#workers.clear();
    this.#runs = [];
  }

  #send(message: FromPilot): void {
    this.#service?.link.send(message);
  }

  #take(message: ToPilot): void {
    switch (message.kind) {
      case "welcome":
        this.#present(message);
        return;
      case "start":
        if (!this.#isLeaving) this.#start(message);
        return;
      case "tell":
        this.#tell(message.worker, message.message);
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
      case "leave":
        void this.#end("done");
        return;
      default:
        message satisfies never;
    }
  }

  #present({ version, folders, database }: Extract<ToPilot, { readonly kind: "welcome" }>): void {
    const { runs, device } = this.#options;
    const missing = folders.filter((folder) => !pathExists(folder));
    const why =
      version !== this.#options.version
        ? `it has ${this.#options.version}, and the supervisor ${version}: use one installation`
        : missing.length > 0
          ? `${missing.join(", ")} cannot be seen from ${hostname()}: the project and its run files must be at the same paths everywhere`
          : undefined;
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
    });
    if (this.#options.leave.aborted) this.#leave();
  }

  /** What the last supervisor has left, where the new one has the same runs. */
  #leftOf(database: string): readonly LeftRuns[] {
    if (database !== this.#database) for (const number of [...this.#workers.keys()]) this.#kill(number);
    if (database !== this.#database) this.#runs = [];
    this.#database = database;
    for (const run of this.#runs) {
      this.#release(run);
      run.told = undefined;
      for (const kept of run.kept) kept.said = Number.POSITIVE_INFINITY;
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
    if (there !== undefined) there.service = this.#service;
    if (there !== undefined || this.#runs.some(({ worker }) => worker === number)) return;
    const { environment, ...asked } = program ?? typescriptWorker;
    const kills = memoryKills();
    // One that was killed may still speak when another has its number.
    const isThere = () => this.#workers.get(number) === worker;
    const worker: PilotWorker = {
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
            const begun = this.#runs.find(({ worker, asked }) => worker === number && asked.token === end.begun)?.told;
            this.#runs = this.#runs.filter((run) => run.worker !== number || run.isOver);
            const outOfMemory = (memoryKills() ?? 0) > (kills ?? 0);
            const told = outOfMemory
              ? { ...end, begun, how: `${end.how}, out of memory`, outOfMemory }
              : { ...end, begun };
            this.#workers.delete(number);
            if (worker.service === this.#service) this.#send({ kind: "ended", worker: number, end: told });
            this.#look();
          },
        },
      ),
    };
    this.#workers.set(number, worker);
  }

  #hear(number: number, message: FromWorker): void {
    const run = this.#runs.find(({ worker, asked }) => worker === number && asked.token === message.token);
    if (run === undefined) return;
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
    if (leavesNothing(run.asked.order, message)) this.#drop(run);
    if (run.told !== undefined) this.#say(run, run.told, kept);
    // What waits with it would wait for ever; a supervisor may not be there to end it.
    if (takesNoFurther(message)) this.#workers.get(number)?.process.kill();
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
      run.isSent = true;
      this.#workers.get(number)?.process.send(run.asked);
    }
  }

  #release(run: PilotRun): void {
    if (run.gathered === undefined) return;
    const kept = noteMessage(run, run.gathered);
    run.gathered = undefined;
    if (run.told !== undefined) this.#say(run, run.told, kept);
  }

  #say({ worker }: PilotRun, token: number, kept: PilotRun["kept"][number]): void {
    if (this.#service === undefined) return;
    kept.said = ++this.#service.said;
    this.#send({ kind: "said", worker, message: { ...kept.message, token } });
  }

  #settle(said: number): void {
    for (const run of this.#runs) run.kept = run.kept.filter((kept) => kept.said > said);
    this.#runs = this.#runs.filter((run) => !isSettled(run));
  }

  #drop(run: PilotRun): void {
    this.#runs = this.#runs.filter((each) => each !== run);
  }

  #tell(number: number, message: ToWorker): void {
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
    if (left !== undefined && isStillWanted(left.asked.order, order)) {
      left.told = token;
      left.isForgotten = false;
      for (const kept of left.kept) this.#say(left, token, kept);
    } else if (left !== undefined || worker === undefined) {
      this.#giveUp(number, "ended: another order");
      return;
    } else {
      this.#runs = [
        ...this.#runs,
        { asked: message, told: token, worker: number, isOver: false, kept: [], isSent: false },
      ];
      this.#feed(number);
    }
    if (this.#isLeaving && worker !== undefined) this.#leaveWorker(number, worker);
  }

  /** What it has said of runs that are over stays. */
  #kill(number: number): void {
    const worker = this.#workers.get(number);
    this.#workers.delete(number);
    this.#runs = this.#runs.filter((run) => run.worker !== number || run.isOver);
    worker?.process.kill();
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
    const patience = Math.min(this.#options.restMilliseconds(), 1000 * Math.max(0, ...calls));
    setTimeout(() => void this.#end("left"), patience).unref();
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
    if (this.#isLeaving && !this.isAtWork) void this.#end("left");
  }

  async #end(how: How): Promise<void> {
    const service = this.#service;
    if (service === undefined) return;
    if (how === "left") this.#send({ kind: "gone", why: String(this.#options.leave.reason) });
    this.#service = undefined;
    clearInterval(service.beating);
    // One that has nothing to do is of no use to the next supervisor.
    for (const number of [...this.#workers.keys()])
      if (how !== "alone" || !this.#runs.some(({ worker, isOver }) => worker === number && !isOver)) this.#kill(number);
    await service.link.close(farewellMilliseconds).catch(() => undefined);
    service.over.resolve(how);
  }
}
