/** A pilot as its supervisor sees it: places where workers are started, until it leaves or is gone. */
import { livenessOf, messageOf } from "@ml-mosaic/base";
import type { LeftAtPlace, WorkerPlace } from "../supervisor/place.ts";
import type { WorkerProgram } from "../supervisor/spawned-worker.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import type { WorkerEvents, WorkerProcess } from "../supervisor/worker-process.ts";
import { FileExchange } from "./file-exchange.ts";
import type { Connect, Link } from "./link.ts";
import { type FromPilot, isAnswered, isFromPilot, type LeftRuns, type ToPilot } from "./messages.ts";
import type { Offer } from "./offer.ts";
import { RemoteWorker } from "./remote-worker.ts";

export interface RemotePilotOptions {
  readonly name: string;
  readonly version: string;
  /** What it must see as it is seen here. */
  readonly folders: readonly string[];
  /** Id of that of the runs. */
  readonly database: string;
  /** So long nothing may be heard of it. */
  readonly silentSeconds: number;
  readonly lateSeconds: number;
  /** Resolves when what is stored now is where another supervisor would find it. */
  published(): Promise<void>;
  readonly memory?: MemoryRules | undefined;
  /** Whether runs that another model of processor has left wait for that one. */
  readonly ownProcessorOnly?: boolean | undefined;
  join(place: WorkerPlace): void;
  /** For one that sees none of the folders. */
  readonly offer?: Offer | undefined;
  /** Told as soon as it is known who it is. Its places join when this resolves. */
  met(pilot: RemotePilot): Promise<void>;
  /** Told when it is there, and when it no longer is. */
  changed(pilot: RemotePilot, what: string): void;
}

/** Which runs need more memory than a place has, by how many times the usual one that is. */
export interface MemoryRules {
  leftOut(factor: number): ReadonlySet<number> | undefined;
  /** Returns whether another place has more. */
  outOfMemory(runId: number, factor: number): boolean;
}

/** Of work that waits there, so that a message that is late costs no time. */
const aheadSeconds = 120;
const mostAhead = 64;
const farewellMilliseconds = 5000;
/** What it has said before it died may still come. */
const lastWordsSeconds = 3;
/** One that has lost its connection may come again. */
const lostSeconds = 15;
const saysNonsense = "it has said what nobody says";

type Hello = Extract<FromPilot, { readonly kind: "hello" }>;

export class RemotePilot {
  readonly #options: RemotePilotOptions;
  readonly #link: Link;
  readonly #exchange: FileExchange;
  /** Of its runs that go on from them: paths here, by digest. */
  readonly #offered = new Map<string, string>();
  readonly #workers = new Map<number, RemoteWorker>();
  #count = 0;
  #state: "unknown" | "open" | "leaving" | "gone" = "unknown";
  /** Whether no worker can be started there. */
  #isUseless = false;
  #whyLeaving: string | undefined;
  #hello: Hello | undefined;
  #silentSeconds = 0;
  #deadSeconds = 0;
  /** Why its job is over, and for how long that is known; undefined while it is not. */
  #jobEnd: { readonly why: string; readonly outOfMemory: boolean; seconds: number } | undefined;
  /** Since the connection was lost; undefined while it stands. */
  #lostSeconds: number | undefined;
  /** Messages of its workers: all, and those before which all have had their effect. */
  #said = 0;
  #stored = 0;
  /** As far as it was told. */
  #published = 0;
  #storing: Promise<void> = Promise.resolve();

  constructor(connect: Connect, options: RemotePilotOptions) {
    this.#options = options;
    this.#link = connect({
      message: (value) => (isFromPilot(value) ? this.#take(value) : this.#giveUp(saysNonsense)),
      broken: () => this.#giveUp(saysNonsense),
      closed: () => {
        this.#lostSeconds = 0;
      },
    });
    const { version, folders, database, offer } = options;
    this.#exchange = new FileExchange({
      send: (message) => this.#send(message),
      find: (digest) => offer?.contents.get(digest) ?? this.#offered.get(digest),
    });
    const carried = offer === undefined ? {} : { carried: offer.project };
    this.#send({ kind: "welcome", version, folders, database, ...carried });
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

  /** Whether it takes no further run, though its job may run. */
  get isLeaving(): boolean {
    return this.#state === "leaving" && this.#jobEnd === undefined;
  }

  get isJobOver(): boolean {
    return this.#jobEnd !== undefined;
  }

  /** Empty where nothing is known of it. */
  get processor(): string {
    return this.#hello?.processor ?? "";
  }

  get job(): string | undefined {
    return this.#hello?.job;
  }

  /** Which process it is, whatever it has been called. */
  get process(): Hello["process"] | undefined {
    return this.#hello?.process;
  }

  /** So many messages of its workers have had their effect. */
  get stored(): number {
    return this.#stored;
  }

  /** Another supervisor would find the effect of so many messages of its workers. */
  tellPublished(said: number): void {
    if (said === this.#published || (this.#state !== "open" && this.#state !== "leaving")) return;
    this.#published = said;
    this.#send({ kind: "published", said });
  }

  /** To be called every second, or when the machine wakes. */
  look(seconds: number): void {
    if (this.#state === "gone") return;
    this.#silentSeconds += seconds;
    this.#deadSeconds = this.#hello !== undefined && !this.isAlive ? this.#deadSeconds + seconds : 0;
    if (this.#lostSeconds !== undefined) this.#lostSeconds += seconds;
    if (this.#jobEnd !== undefined) this.#jobEnd.seconds += seconds;
    if ((this.#jobEnd?.seconds ?? 0) >= lastWordsSeconds + this.#options.lateSeconds) void this.lose("its job is over");
    else if ((this.#lostSeconds ?? 0) > lostSeconds) void this.lose("the connection is lost", true);
    else if (this.#deadSeconds >= lastWordsSeconds) void this.lose("its process has died", true);
    else if (this.#silentSeconds > this.#options.silentSeconds)
      void this.lose(`nothing was heard of it for ${Math.round(this.#silentSeconds)} s`, true);
  }

  /** Nothing of its job runs any more: it takes no further run, and is gone as soon as its last words must have come. */
  endWithJob(why: string, outOfMemory = false): void {
    this.#jobEnd ??= { why, outOfMemory, seconds: 0 };
  }

  /**
   * It is not there any more: what it may still say is not heard. Resolves when what it had is given back.
   *
   * @param mayComeAgain whether, should it live, it may come again with what it has: else it ends
   */
  async lose(reason: string, mayComeAgain = false): Promise<void> {
    if (this.#state === "gone") return;
    const { why, outOfMemory } = this.#jobEnd ?? { why: reason, outOfMemory: false };
    const isNews = this.#state === "open";
    this.#state = "gone";
    const ends = Array.from(this.#workers.values(), (worker) => {
      const end = { how: `${this.#told} is gone: ${why}`, lastWords: "", begun: undefined, outOfMemory };
      return worker.cutOff(() => worker.events.exit(end));
    });
    this.#workers.clear();
    this.#exchange.close();
    if (!mayComeAgain) this.#send({ kind: "leave", why });
    void this.#link.close(farewellMilliseconds).catch(() => undefined);
    this.#options.changed(this, isNews ? `${this.#told} is gone: ${why}` : "");
    await Promise.all(ends);
  }

  /** @param isOver whether no run is left */
  async close(isOver: boolean): Promise<void> {
    if (this.#state === "gone") return;
    this.#state = "gone";
    this.#exchange.close();
    if (isOver) this.#send({ kind: "leave" });
    await this.#link.close(farewellMilliseconds);
  }

  get #told(): string {
    const { host, job } = this.#hello ?? {};
    return `worker ${this.name}${host === undefined ? "" : ` on ${host}`}${job === undefined ? "" : ` (job ${job})`}`;
  }

  #send(message: ToPilot): void {
    this.#link.send(message, isAnswered(message));
  }

  /** It breaks the rules. */
  #giveUp(why: string): void {
    if (this.#state === "unknown") this.#options.changed(this, `${this.#told} is given up: ${why}`);
    void this.lose(why);
  }

  #take(message: FromPilot): void {
    if (this.#state === "gone") return;
    this.#silentSeconds = 0;
    switch (message.kind) {
      case "hello":
        void this.#welcome(message);
        return;
      case "refused":
        this.#options.changed(this, `worker ${this.name} cannot take runs: ${message.why}`);
        void this.lose(message.why);
        return;
      case "said":
        this.#store(
          this.#workers.get(message.worker)?.hear(message.message, message.files),
          message.files !== undefined,
        );
        return;
      case "nonsense":
        this.#workers.get(message.worker)?.nonsense(message.why);
        return;
      case "progress":
        this.#workers.get(message.worker)?.events.progress(message.callSeconds);
        return;
      case "ended": {
        const { worker: number, end, files } = message;
        this.#workers.get(number)?.end(end, files, () => this.#workers.delete(number));
        return;
      }
      case "fetch":
      case "piece":
        try {
          this.#exchange.take(message);
        } catch (error) {
          this.#giveUp(messageOf(error));
        }
        return;
      case "leaving":
        this.#state = "leaving";
        this.#whyLeaving = `${this.#told} has left: ${message.why}`;
        this.#options.changed(this, `${this.#told} leaves: ${message.why}`);
        return;
      case "gone":
        void this.lose(message.why);
        return;
      case "beat":
        return;
      default:
        message satisfies never;
    }
  }

  #store(effect: unknown, hasFiles: boolean): void {
    const said = ++this.#said;
    this.#storing = this.#storing
      .then(() => effect)
      .then(() => {
        this.#stored = said;
        if (hasFiles && this.#state !== "gone") this.#send({ kind: "received", said });
      });
    // Whoever could not store it says so: from here on nothing counts as stored.
    this.#storing.catch(() => undefined);
  }

  async #welcome(hello: Hello): Promise<void> {
    if (this.#hello !== undefined) return;
    this.#hello = hello;
    const { runs, device, left } = hello;
    const atWork = left.filter(({ areOver }) => !areOver);
    this.#count = Math.max(0, ...atWork.map(({ worker }) => worker));
    await this.#options.met(this);
    if (this.#state !== "unknown") return;
    this.#state = "open";
    this.#options.changed(this, `${this.#told} takes runs`);
    for (const each of left) this.#options.join(this.#place(device, each));
    for (let index = atWork.length; index < runs; index++) this.#options.join(this.#place(device));
  }

  /** What asks for the runs of an earlier supervisor; a place where no worker is any more closes behind them. */
  #leftAt({ worker, runIds, areOver }: LeftRuns): LeftAtPlace {
    let waiting = runIds;
    const forget = (runId: number) => {
      if (this.#state !== "gone") this.#send({ kind: "forget", worker, runId });
    };
    return {
      get runIds() {
        return waiting;
      },
      next: () => {
        const [runId, ...others] = waiting;
        waiting = others;
        return runId;
      },
      refuse: (runId) => {
        if (!areOver) return forget(runId);
        // Its result may be stored already, and yet be in no copy. What cannot be published the pilot keeps.
        void this.#options.published().then(
          () => forget(runId),
          () => undefined,
        );
      },
    };
  }

  #place(device: string, runs?: LeftRuns): WorkerPlace {
    const { memory, ownProcessorOnly } = this.#options;
    const { processor, memoryFactor: factor = 1 } = this.#hello ?? {};
    const whyLeaving = () => this.#whyLeaving;
    const left = runs === undefined ? undefined : this.#leftAt(runs);
    const isLasting = runs?.areOver !== true;
    const isOpen = () =>
      this.#state === "open" &&
      !this.isJobOver &&
      !this.#isUseless &&
      (isLasting || (left !== undefined && left.runIds.length > 0));
    let worker = runs?.worker;
    return {
      left,
      name: this.#told,
      device,
      aheadSeconds,
      mostAhead,
      lateSeconds: this.#options.lateSeconds,
      isElsewhere: true,
      get whyLeaving() {
        return whyLeaving();
      },
      get wishes() {
        return { leftOut: memory?.leftOut(factor), processor, ownProcessorOnly };
      },
      outOfMemory: (runId) => memory?.outOfMemory(runId, factor) === true,
      get isOpen() {
        return isOpen();
      },
      start: (program, events) => {
        const number = worker ?? ++this.#count;
        worker = undefined;
        return this.#start(number, program, events);
      },
      giveUp: (error) => {
        this.#isUseless = true;
        this.#options.changed(this, `${this.#told} gets no further runs: ${messageOf(error)}`);
      },
    };
  }

  #kill(number: number): void {
    this.#workers.delete(number);
    this.#send({ kind: "kill", worker: number });
  }

  #start(number: number, program: WorkerProgram, events: WorkerEvents): WorkerProcess {
    const worker = new RemoteWorker(events, {
      exchange: this.#exchange,
      seesFolders: this.#hello?.isCarried !== true,
      tell: (message, files) =>
        this.#send({ kind: "tell", worker: number, message, ...(files.length === 0 ? {} : { files }) }),
      offer: (digest, path) => this.#offered.set(digest, path),
      kill: () => this.#kill(number),
      lose: (why) => void this.lose(why),
    });
    this.#workers.set(number, worker);
    this.#send({ kind: "start", worker: number, program: program === typescriptWorker ? null : program });
    if (this.#state === "gone") {
      this.#workers.delete(number);
      const end = { how: `${this.#told} is gone`, lastWords: "", begun: undefined };
      worker.cutOff(() => Promise.resolve().then(() => events.exit(end)));
    }
    return {
      get hasEnded() {
        return worker.hasEnded;
      },
      get isReceiving() {
        return worker.isReceiving;
      },
      send: (message) => worker.send(message),
      kill: () => {
        if (worker.hasEnded) return;
        this.#kill(number);
        // Whatever it still says is not heard: nobody has to wait for its end.
        const end = { how: "ended by its supervisor", lastWords: "", begun: undefined };
        worker.cutOff(() => Promise.resolve().then(() => events.exit(end)));
      },
      // Ctrl-Z stops what is on this machine.
      signal: () => undefined,
    };
  }
}
