/**
 * A worker of a pilot as its supervisor sees it. What it says takes effect in its order, and where files belong to it, when they
 * are in their places.
 */
import { join } from "node:path";
import { messageOf } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { raiseFence } from "../run/fence.ts";
import type { RunOrder } from "../run/order.ts";
import type { WorkerEnd, WorkerEvents } from "../supervisor/worker-process.ts";
import type { FromWorker, ToWorker } from "../worker/messages.ts";
import { troubleOf } from "../worker/trouble.ts";
import type { RunFile } from "./carried.ts";
import type { FileExchange } from "./file-exchange.ts";
import { lastKinds } from "./left-run.ts";
import { filesToGoOnFrom } from "./offer.ts";
import { receiveFiles } from "./receive-files.ts";

/** Its pilot. */
export interface WorkerLink {
  readonly exchange: FileExchange;
  /** Whether it sees the folders of the supervisor itself. */
  readonly seesFolders: boolean;
  tell(message: ToWorker, files: readonly RunFile[]): void;
  /** Has a file here found by its digest. */
  offer(digest: string, path: string): void;
  /** Of the worker nothing is to be heard any more. */
  kill(): void;
  lose(why: string): void;
}

interface WaitingSnapshot {
  readonly token: number;
  /** Of its files. */
  readonly names: ReadonlySet<string>;
  /** Whether a later one of the run, or its end, has them all. */
  isReplaced: boolean;
}

export class RemoteWorker {
  readonly events: WorkerEvents;
  #hasEnded = false;
  /** Of what it was at when it ended. */
  #settled: unknown;
  readonly #link: WorkerLink;
  /** Of which files may come, by their tokens. */
  readonly #orders = new Map<number, RunOrder>();
  /** Undefined where all that it has said has had its effect. */
  #coming: Promise<unknown> | undefined;
  /** The last snapshot, as long as its files have not begun to come. */
  #snapshot: WaitingSnapshot | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(events: WorkerEvents, link: WorkerLink) {
    this.events = events;
    this.#link = link;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isReceiving(): boolean {
    return this.#coming !== undefined;
  }

  /**
   * Nothing is heard of it any more.
   *
   * @param settle what it returns is awaited by whoever waits for the effect of what is not heard
   */
  cutOff(settle: () => unknown): unknown {
    this.#hasEnded = true;
    this.#settled = settle();
    return this.#settled;
  }

  send(message: ToWorker): void {
    if (this.hasEnded) return;
    if (this.#link.seesFolders) {
      this.#link.tell(message, []);
      return;
    }
    if (message.kind === "run") {
      this.#orders.set(message.token, message.order);
      // As who carries it out would, where its machine sees the folder.
      raiseFence(message.order);
    }
    this.#telling = this.#telling
      .then(() => this.#tell(message))
      .catch((error: unknown) => this.#notTold(message, error));
  }

  /** @returns what is awaited by whoever wants to know when it has had its effect */
  hear(message: FromWorker, files: readonly RunFile[] | undefined): unknown {
    const order = this.#orders.get(message.token);
    if (lastKinds.has(message.kind) || message.kind === "withdrawn") this.#orders.delete(message.token);
    if (files === undefined || order === undefined) return this.#after(undefined, () => this.events.message(message));
    let heard: FromWorker | undefined = message;
    const snapshot = this.#replaceSnapshot(message, files);
    const receive = async () => {
      if (this.#snapshot === snapshot) this.#snapshot = undefined;
      if (snapshot?.isReplaced === true) {
        heard = undefined;
        return;
      }
      try {
        await this.#receive(order, files);
      } catch (error) {
        const trouble = troubleOf(error);
        const code = error instanceof MosaicError ? error.code : undefined;
        if (code === "BAD_TRANSFER" && !this.hasEnded) {
          heard = undefined;
          return this.#endFor(message.token, messageOf(error));
        }
        if (trouble === null && code !== "RUN_GIVEN_AWAY") throw error;
        heard = { kind: "failed", token: message.token, error: messageOf(error), trouble, codeChanged: false };
      }
    };
    return this.#after(receive, () => (heard === undefined ? undefined : this.events.message(heard)));
  }

  nonsense(why: string): void {
    void this.#after(undefined, () => this.events.nonsense(why));
  }

  /** @param over called before it is told on */
  end(end: WorkerEnd, files: readonly RunFile[] | undefined, over: () => void): void {
    const order = this.#orders.get(end.begun ?? Number.NaN);
    // The log says more of its end, and is not worth more than that.
    const receive =
      files === undefined || order === undefined ? undefined : () => this.#receive(order, files).catch(() => undefined);
    void this.#after(receive, () => {
      over();
      return this.cutOff(() => this.events.exit(end));
    });
  }

  /** As if it had died of the run: whoever has its files wrong again and again comes to an end. */
  #endFor(token: number, why: string): void {
    this.#link.kill();
    const how = `ended: its files have not come as it had said: ${why}`;
    this.cutOff(() => this.events.exit({ how, lastWords: "", begun: token }));
  }

  async #tell(message: ToWorker): Promise<void> {
    // Without them it begins anew, and says so.
    const files = message.kind === "run" ? await filesToGoOnFrom(message.order).catch(() => []) : [];
    if (this.hasEnded) return;
    const { filesFolder = "" } = message.kind === "run" ? message.order : {};
    for (const { name, digest } of files) this.#link.offer(digest, join(filesFolder, name));
    this.#link.tell(message, files);
  }

  /** Such as an order whose history is longer than any message. */
  #notTold({ token }: ToWorker, error: unknown): void {
    this.#orders.delete(token);
    const failed: FromWorker = { kind: "failed", token, error: messageOf(error), trouble: null, codeChanged: false };
    void this.#after(undefined, () => this.events.message(failed));
  }

  /** Where a link is slower than snapshots are made, only the latest is worth its files. */
  #replaceSnapshot({ kind, token }: FromWorker, files: readonly RunFile[]): WaitingSnapshot | undefined {
    const earlier = this.#snapshot;
    const names = new Set(files.map(({ name }) => name));
    if (earlier?.token === token && earlier.names.isSubsetOf(names)) earlier.isReplaced = true;
    this.#snapshot = kind === "snapshot" ? { token, names, isReplaced: false } : undefined;
    return this.#snapshot;
  }

  async #receive(order: RunOrder, files: readonly RunFile[]): Promise<void> {
    await receiveFiles(this.#link.exchange, order, files, () => !this.hasEnded);
  }

  /** What is not heard any more has no effect. */
  #after(first: (() => Promise<void>) | undefined, then: () => unknown): unknown {
    if (this.hasEnded) return undefined;
    if (this.#coming === undefined && first === undefined) return then();
    const before = this.#coming;
    const effect = (async () => {
      await before;
      try {
        if (!this.hasEnded) await first?.();
      } catch (error) {
        if (!this.hasEnded) this.#link.lose(messageOf(error));
      }
      return this.hasEnded ? this.#settled : then();
    })();
    const coming = effect.then(() => {
      if (this.#coming === coming) this.#coming = undefined;
    });
    this.#coming = coming;
    return effect;
  }
}
