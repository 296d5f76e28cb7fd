/** What `mosaic worker` does: it has runs carried out by workers of its own, for one supervisor after the other. */
import { hostname } from "node:os";
import { currentProcess, pathExists } from "@ml-mosaic/base";
import { machineFacts } from "../experiment/environment.ts";
import { pausePatience } from "../supervisor/patience.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import { startWorker, type WorkerProcess } from "../supervisor/worker-process.ts";
import type { FromWorker, ToWorker } from "../worker/messages.ts";
import type { Connect, Link, Meeting } from "./link.ts";
import { type FromPilot, isToPilot, type ToPilot } from "./messages.ts";

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

/** @returns why it has ended: `done` where no run is left */
export async function beginPilot(
  meeting: Meeting,
  options: PilotOptions,
): Promise<"done" | "nobody" | "left" | "refused"> {
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
    const how = await new Pilot(found, options).over;
    if (how === "done") await meeting.forget();
    if (how !== "alone") return how;
    options.say("the supervisor is gone; waiting for another one");
  }
}

/** A worker, and the orders that it has, the one at hand first. */
interface PilotWorker {
  readonly process: WorkerProcess;
  orders: readonly { readonly token: number; readonly keepsFiles: boolean }[];
  progressTold: number;
  callSeconds: number;
}

/** For one supervisor. */
class Pilot {
  readonly #options: PilotOptions;
  readonly #link: Link;
  readonly #workers = new Map<number, PilotWorker>();
  readonly #over = Promise.withResolvers<"done" | "alone" | "left" | "refused">();
  readonly #beating: NodeJS.Timeout;
  readonly #left = () => this.#leave();
  #isLeaving = false;
  #isOver = false;

  constructor(connect: Connect, options: PilotOptions) {
    this.#options = options;
    this.#link = connect({
      message: (value) => (isToPilot(value) ? this.#take(value) : void this.#end("alone")),
      broken: () => void this.#end("alone"),
      closed: () => void this.#end("alone"),
    });
    this.#beating = setInterval(() => this.#send({ kind: "beat" }), beatMilliseconds);
    options.leave.addEventListener("abort", this.#left);
  }

  get over(): Promise<"done" | "alone" | "left" | "refused"> {
    return this.#over.promise;
  }

  #send(message: FromPilot): void {
    if (!this.#isOver) this.#link.send(message);
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
        this.#tell(this.#workers.get(message.worker), message.message);
        return;
      case "kill": {
        const worker = this.#workers.get(message.worker);
        this.#workers.delete(message.worker);
        worker?.process.kill();
        return;
      }
      case "leave":
        void this.#end("done");
        return;
      default:
        message satisfies never;
    }
  }

  #present({ version, folders }: Extract<ToPilot, { readonly kind: "welcome" }>): void {
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
    const job = process.env.SLURM_JOB_ID;
    const processor = String(machineFacts().processor);
    this.#send({
      kind: "hello",
      host: process.env.SLURMD_NODENAME ?? hostname(),
      process: currentProcess(),
      runs,
      device,
      processor,
      ...(job === undefined ? {} : { job }),
    });
    if (this.#options.leave.aborted) this.#leave();
  }

  #start({ worker: number, program }: Extract<ToPilot, { readonly kind: "start" }>): void {
    const worker: PilotWorker = {
      orders: [],
      progressTold: 0,
      callSeconds: 0,
      process: startWorker(program ?? typescriptWorker, {
        message: (message) => {
          this.#forget(worker, message);
          this.#send({ kind: "said", worker: number, message });
          this.#look();
        },
        nonsense: (why) => this.#send({ kind: "nonsense", worker: number, why }),
        progress: (callSeconds) => {
          worker.callSeconds = callSeconds;
          const now = performance.now();
          if (now - worker.progressTold < progressMilliseconds) return;
          worker.progressTold = now;
          this.#send({ kind: "progress", worker: number, callSeconds });
        },
        exit: (end) => {
          worker.orders = [];
          if (this.#workers.delete(number)) this.#send({ kind: "ended", worker: number, end });
          this.#look();
        },
      }),
    };
    this.#workers.set(number, worker);
  }

  #tell(worker: PilotWorker | undefined, message: ToWorker): void {
    if (worker === undefined) return;
    if (message.kind === "run") {
      const keepsFiles = message.order.filesFolder !== undefined;
      worker.orders = [...worker.orders, { token: message.token, keepsFiles }];
    }
    worker.process.send(message);
    if (this.#isLeaving) this.#leaveWorker(worker);
  }

  #forget(worker: PilotWorker, message: FromWorker): void {
    if (message.kind === "prepared" || message.kind === "epochs") return;
    worker.orders = worker.orders.filter(({ token }) => token !== message.token);
  }

  #leave(): void {
    if (this.#isLeaving || this.#isOver) return;
    this.#isLeaving = true;
    this.#send({ kind: "leaving", why: String(this.#options.leave.reason) });
    for (const worker of this.#workers.values()) this.#leaveWorker(worker);
    const calls = Array.from(this.#workers.values(), ({ callSeconds }) => pausePatience(callSeconds));
    // What does not come to rest is given back, and starts again where it started.
    const patience = Math.min(this.#options.restMilliseconds(), 1000 * Math.max(0, ...calls));
    setTimeout(() => void this.#end("left"), patience).unref();
    this.#look();
  }

  /** What waits is given back, what runs is left in the middle; without files there is nothing to go on from. */
  #leaveWorker({ orders, process }: PilotWorker): void {
    const [current, ...others] = orders;
    for (const { token } of others) process.send({ kind: "withdraw", token });
    if (current === undefined) return;
    if (current.keepsFiles) process.send({ kind: "pause", token: current.token });
    else process.kill();
  }

  /** Ends when all has come to rest that was to. */
  #look(): void {
    if (this.#isLeaving && this.#workers.values().every(({ orders }) => orders.length === 0)) void this.#end("left");
  }

  async #end(how: "done" | "alone" | "left" | "refused"): Promise<void> {
    if (this.#isOver) return;
    if (how === "left") this.#send({ kind: "gone", why: String(this.#options.leave.reason) });
    this.#isOver = true;
    clearInterval(this.#beating);
    this.#options.leave.removeEventListener("abort", this.#left);
    for (const { process } of this.#workers.values()) process.kill();
    this.#workers.clear();
    await this.#link.close(farewellMilliseconds).catch(() => undefined);
    this.#over.resolve(how);
  }
}
