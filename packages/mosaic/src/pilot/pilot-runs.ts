/** The runs that a pilot has, in the order in which they came, and the files of those that see nothing of a supervisor's folders. */
import { CarriedFolder } from "./carried-folder.ts";
import { isSettled, type KeptMessage, type PilotRun } from "./left-run.ts";
import type { LeftRuns } from "./messages.ts";

/** Numbers of workers that are none: what they had to say is said again. */
let lastSpoken = 1_000_000;

export class PilotRuns {
  readonly carried = new CarriedFolder();
  #runs: readonly PilotRun[] = [];

  /** Whether one is not over. */
  get areAtWork(): boolean {
    return this.#runs.some(({ isOver }) => !isOver);
  }

  /** Whether files of one that were named to the present supervisor are not in their places there. */
  get areSending(): boolean {
    const isOnItsWay = ({ said, files, isReceived }: KeptMessage) =>
      Number.isFinite(said) && files !== undefined && isReceived !== true;
    return this.#runs.some(({ kept }) => kept.some(isOnItsWay));
  }

  add(run: PilotRun): void {
    this.#runs = [...this.#runs, run];
  }

  find(isIt: (run: PilotRun) => boolean): PilotRun | undefined {
    return this.#runs.find(isIt);
  }

  /** Of this worker those that are not over. */
  waitingAt(worker: number): readonly PilotRun[] {
    return this.#runs.filter((run) => run.worker === worker && !run.isOver);
  }

  /** What its worker is at. */
  atHand(worker: number): PilotRun | undefined {
    return this.waitingAt(worker).find(({ isSent }) => isSent);
  }

  /** Forgets the others, with their files. */
  keep(isKept: (run: PilotRun) => boolean): void {
    const [left, gone] = [this.#runs.filter(isKept), this.#runs.filter((run) => !isKept(run))];
    this.#runs = left;
    for (const { carried } of gone) if (carried?.folder !== undefined) this.carried.drop(carried.folder);
  }

  drop(run: PilotRun): void {
    this.keep((each) => each !== run);
  }

  /** Of a worker that is gone: what it has said of runs that are over stays. */
  dropWaitingAt(worker: number): void {
    this.keep((run) => run.worker !== worker || run.isOver);
  }

  /** The file of a run that was named in a message. */
  pathOf(digest: string): string | undefined {
    for (const { kept } of this.#runs)
      for (const { files } of kept) {
        const path = files?.pathOf(digest);
        if (path !== undefined) return path;
      }
    return this.carried.lastWords(digest);
  }

  /** The files of so many messages are in their places. */
  receive(said: number): void {
    for (const { kept } of this.#runs) for (const each of kept) each.isReceived ||= each.said <= said;
  }

  /** So many messages are where another supervisor finds what they say. */
  settle(said: number): void {
    const isThere = (kept: KeptMessage) => kept.said > said;
    for (const run of this.#runs) {
      for (const each of run.kept) if (!isThere(each)) each.files?.remove();
      run.kept = run.kept.filter(isThere);
    }
    this.keep((run) => !isSettled(run));
  }

  /** Has them belong to another supervisor, to whom nothing of them was said. */
  handOn(release: (run: PilotRun) => void): readonly LeftRuns[] {
    for (const run of this.#runs) {
      release(run);
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

  async remove(): Promise<void> {
    this.#runs = [];
    await this.carried.remove();
  }
}
