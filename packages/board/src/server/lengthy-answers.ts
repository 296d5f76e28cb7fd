/** Answers that take seconds where there are very many runs: a thread gives them, so that pages are told what is new meanwhile. */
import { Worker } from "node:worker_threads";
import type { Refusal } from "../wire/answers.ts";
import { Refused } from "./refused.ts";

export interface ThreadQuestion {
  readonly number: number;
  /** Of an entry of `answers`. */
  readonly name: string;
  readonly query: string;
}

export type ThreadAnswer =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly refusal: { readonly status: number; readonly problem: Refusal["problem"] } };

interface Waiting {
  readonly resolve: (text: string) => void;
  readonly reject: (error: Error) => void;
}

/** Of one state of the database. */
const mostKept = 16;

export class LengthyAnswers {
  readonly #path: string;
  #thread: Worker | undefined;
  #number = 0;
  readonly #waiting = new Map<number, Waiting>();
  /** Questions are asked by several views, and again by pages that come back. */
  readonly #kept = new Map<string, Promise<string>>();
  #state = -1;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param state another number after each change of the runs
   * @returns JSON
   * @throws Refused where there is nothing to say
   */
  ask(name: string, query: string, state: number): Promise<string> {
    if (state !== this.#state || this.#kept.size >= mostKept) this.#kept.clear();
    this.#state = state;
    const key = `${name}?${query}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const answer = this.#asked(name, query);
    this.#kept.set(key, answer);
    // What has failed is no answer: it is tried again.
    answer.catch((error: unknown) => {
      const isFailure = !(error instanceof Refused) || error.status >= 500;
      if (isFailure && this.#kept.get(key) === answer) this.#kept.delete(key);
    });
    return answer;
  }

  #asked(name: string, query: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const question: ThreadQuestion = { number: ++this.#number, name, query };
    this.#waiting.set(question.number, { resolve, reject });
    this.#thread ??= this.#start();
    this.#thread.postMessage(question);
    return promise;
  }

  #start(): Worker {
    const ending = import.meta.filename.endsWith(".ts") ? ".ts" : ".js";
    const thread = new Worker(new URL(`./answering-thread${ending}`, import.meta.url), { workerData: this.#path });
    thread.on("message", (answer: ThreadAnswer) => {
      const waiting = this.#waiting.get(answer.number);
      this.#waiting.delete(answer.number);
      if ("text" in answer) waiting?.resolve(answer.text);
      else waiting?.reject(new Refused(answer.refusal.status, answer.refusal.problem));
    });
    thread.on("error", (error) => process.stderr.write(`${error.stack}\n`));
    thread.on("exit", () => {
      this.#thread = undefined;
      for (const { reject } of this.#waiting.values())
        reject(new Refused(503, { message: "the thread that computes this has ended; ask again" }));
      this.#waiting.clear();
      this.#kept.clear();
    });
    return thread;
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }
}
