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
  lose(why: string): void;
}

export class RemoteWorker {
  readonly events: WorkerEvents;
  /** Nothing is heard of it any more. */
  hasEnded = false;
  readonly #link: WorkerLink;
  /** Of which files may come, by their tokens. */
  readonly #orders = new Map<number, RunOrder>();
  /** Undefined where all that it has said has had its effect. */
  #coming: Promise<unknown> | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(events: WorkerEvents, link: WorkerLink) {
    this.events = events;
    this.#link = link;
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
    this.#telling = this.#telling.then(() => this.#tell(message));
  }

  /** @returns what is awaited by whoever wants to know when it has had its effect */
  hear(message: FromWorker, files: readonly RunFile[] | undefined): unknown {
    const order = this.#orders.get(message.token);
    if (lastKinds.has(message.kind) || message.kind === "withdrawn") this.#orders.delete(message.token);
    if (files === undefined || order === undefined) return this.#after(undefined, () => this.events.message(message));
    let heard: FromWorker = message;
    const receive = async () => {
      try {
        await this.#receive(order, files);
      } catch (error) {
        const trouble = troubleOf(error);
        const isGivenAway = error instanceof MosaicError && error.code === "RUN_GIVEN_AWAY";
        if (trouble === null && !isGivenAway) throw error;
        heard = { kind: "failed", token: message.token, error: messageOf(error), trouble, codeChanged: false };
      }
    };
    return this.#after(receive, () => this.events.message(heard));
  }

  /** @param over called before it is told on */
  end(end: WorkerEnd, files: readonly RunFile[] | undefined, over: () => void): void {
    const order = this.#orders.get(end.begun ?? Number.NaN);
    // The log says more of its end, and is not worth more than that.
    const receive =
      files === undefined || order === undefined ? undefined : () => this.#receive(order, files).catch(() => undefined);
    void this.#after(receive, () => {
      over();
      this.hasEnded = true;
      return this.events.exit(end);
    });
  }

  async #tell(message: ToWorker): Promise<void> {
    // Without them it begins anew, and says so.
    const files = message.kind === "run" ? await filesToGoOnFrom(message.order).catch(() => []) : [];
    if (this.hasEnded) return;
    const { filesFolder = "" } = message.kind === "run" ? message.order : {};
    for (const { name, digest } of files) this.#link.offer(digest, join(filesFolder, name));
    this.#link.tell(message, files);
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
      return this.hasEnded ? new Promise<never>(() => undefined) : then();
    })();
    const coming = effect.then(() => {
      if (this.#coming === coming) this.#coming = undefined;
    });
    this.#coming = coming;
    return effect;
  }
}
