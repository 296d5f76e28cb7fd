/** A pilot as its supervisor sees it: places where workers are started, until it leaves or is gone. */
import { livenessOf, messageOf } from "@ml-mosaic/base";
import type { WorkerPlace } from "../supervisor/place.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import type { WorkerEvents, WorkerProcess, WorkerProgram } from "../supervisor/worker-process.ts";
import type { Connect, Link } from "./link.ts";
import { type FromPilot, isFromPilot, type ToPilot } from "./messages.ts";

export interface RemotePilotOptions {
  readonly name: string;
  readonly version: string;
  /** What it must see as it is seen here. */
  readonly folders: readonly string[];
  /** So long nothing may be heard of it. */
  readonly silentSeconds: number;
  readonly lateSeconds: number;
  join(place: WorkerPlace): void;
  /** Told when it is there, and when it no longer is. */
  changed(pilot: RemotePilot, what: string): void;
}

/** Runs that take no longer have the next order behind them. */
const aheadSeconds = 5;
const farewellMilliseconds = 5000;
/** What it has said before it died may still come. */
const lastWordsSeconds = 3;

type Hello = Extract<FromPilot, { readonly kind: "hello" }>;

interface RemoteWorker {
  readonly events: WorkerEvents;
  readonly process: { hasEnded: boolean };
}

export class RemotePilot {
  readonly #options: RemotePilotOptions;
  readonly #link: Link;
  readonly #workers = new Map<number, RemoteWorker>();
  #count = 0;
  #state: "unknown" | "open" | "leaving" | "gone" = "unknown";
  /** Whether no worker can be started there. */
  #isUseless = false;
  #hello: Hello | undefined;
  #silentSeconds = 0;
  #deadSeconds = 0;

  constructor(connect: Connect, options: RemotePilotOptions) {
    this.#options = options;
    this.#link = connect({
      message: (value) => (isFromPilot(value) ? this.#take(value) : this.#broken()),
      broken: () => this.#broken(),
      closed: () => this.lose("the connection is lost"),
    });
    this.#send({ kind: "welcome", version: options.version, folders: options.folders });
  }

  get name(): string {
    return this.#options.name;
  }

  /** Whether it was ever there, and no longer is. */
  get isGone(): boolean {
    return this.#state === "gone";
  }

  /** As far as is known. What was never heard of is not. */
  get isAlive(): boolean {
    return this.#hello !== undefined && livenessOf(this.#hello.process) !== "dead";
  }

  get isLeaving(): boolean {
    return this.#state === "leaving";
  }

  get job(): string | undefined {
    return this.#hello?.job;
  }

  /** To be called every second, or when the machine wakes. */
  look(seconds: number): void {
    if (this.#state === "gone") return;
    this.#silentSeconds += seconds;
    this.#deadSeconds = this.#hello !== undefined && !this.isAlive ? this.#deadSeconds + seconds : 0;
    if (this.#deadSeconds >= lastWordsSeconds) this.lose("its process has died");
    else if (this.#silentSeconds > this.#options.silentSeconds)
      this.lose(`nothing was heard of it for ${Math.round(this.#silentSeconds)} s`);
  }

  /** It is not there any more: what it had is given back, and what it may still say is not heard. */
  lose(why: string): void {
    if (this.#state === "gone") return;
    const isNews = this.#state === "open";
    this.#state = "gone";
    for (const { events, process } of this.#workers.values()) {
      process.hasEnded = true;
      events.exit({ how: `${this.#told} is gone: ${why}`, lastWords: "", begun: undefined });
    }
    this.#workers.clear();
    // Should it live, it ends.
    this.#send({ kind: "leave" });
    void this.#link.close(farewellMilliseconds).catch(() => undefined);
    this.#options.changed(this, isNews ? `${this.#told} is gone: ${why}` : "");
  }

  /** @param isOver whether no run is left */
  async close(isOver: boolean): Promise<void> {
    if (this.#state === "gone") return;
    this.#state = "gone";
    if (isOver) this.#send({ kind: "leave" });
    await this.#link.close(farewellMilliseconds);
  }

  get #told(): string {
    const { host, job } = this.#hello ?? {};
    return `worker ${this.name}${host === undefined ? "" : ` on ${host}`}${job === undefined ? "" : ` (job ${job})`}`;
  }

  #send(message: ToPilot): void {
    this.#link.send(message);
  }

  #broken(): void {
    this.lose("it has said what nobody says");
  }

  #take(message: FromPilot): void {
    if (this.#state === "gone") return;
    this.#silentSeconds = 0;
    switch (message.kind) {
      case "hello":
        this.#welcome(message);
        return;
      case "refused":
        this.#options.changed(this, `worker ${this.name} cannot take runs: ${message.why}`);
        this.lose(message.why);
        return;
      case "said":
        this.#workers.get(message.worker)?.events.message(message.message);
        return;
      case "nonsense":
        this.#workers.get(message.worker)?.events.nonsense(message.why);
        return;
      case "progress":
        this.#workers.get(message.worker)?.events.progress(message.callSeconds);
        return;
      case "ended": {
        const worker = this.#workers.get(message.worker);
        this.#workers.delete(message.worker);
        if (worker === undefined) return;
        worker.process.hasEnded = true;
        worker.events.exit(message.end);
        return;
      }
      case "leaving":
        this.#state = "leaving";
        this.#options.changed(this, `${this.#told} leaves: ${message.why}`);
        return;
      case "gone":
        this.lose(message.why);
        return;
      case "beat":
        return;
      default:
        message satisfies never;
    }
  }

  #welcome(hello: Hello): void {
    if (this.#hello !== undefined) return;
    this.#hello = hello;
    this.#state = "open";
    this.#options.changed(this, `${this.#told} takes runs`);
    for (let index = 0; index < hello.runs; index++) this.#options.join(this.#place(hello.device));
  }

  #place(device: string): WorkerPlace {
    const isOpen = () => this.#state === "open" && !this.#isUseless;
    return {
      name: this.#told,
      device,
      aheadSeconds,
      lateSeconds: this.#options.lateSeconds,
      get isOpen() {
        return isOpen();
      },
      start: (program, events) => this.#start(program, events),
      giveUp: (error) => {
        this.#isUseless = true;
        this.#options.changed(this, `${this.#told} gets no further runs: ${messageOf(error)}`);
      },
    };
  }

  #start(program: WorkerProgram, events: WorkerEvents): WorkerProcess {
    const number = ++this.#count;
    const state = { hasEnded: false };
    this.#workers.set(number, { events, process: state });
    this.#send({ kind: "start", worker: number, program: program === typescriptWorker ? null : program });
    if (this.#state === "gone") {
      this.#workers.delete(number);
      state.hasEnded = true;
      queueMicrotask(() => events.exit({ how: `${this.#told} is gone`, lastWords: "", begun: undefined }));
    }
    return {
      get hasEnded() {
        return state.hasEnded;
      },
      send: (message) => {
        if (!state.hasEnded) this.#send({ kind: "tell", worker: number, message });
      },
      kill: () => {
        if (state.hasEnded) return;
        state.hasEnded = true;
        this.#workers.delete(number);
        this.#send({ kind: "kill", worker: number });
        // Whatever it still says is not heard: nobody has to wait for its end.
        queueMicrotask(() => events.exit({ how: "ended by its supervisor", lastWords: "", begun: undefined }));
      },
      // Ctrl-Z stops what is on this machine.
      signal: () => undefined,
    };
  }
}
