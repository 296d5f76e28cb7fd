/** Follows a database while somebody looks at it, and tells all who listen what is new. */
import { messageOf } from "@ml-mosaic/base";
import {
  type ChangeCursor,
  type RunChanges,
  readStatus,
  type StatusReport,
  type StoreReader,
  stateWords,
} from "ml-mosaic/reading";
import type { Change, ChangedValue } from "../wire/changes.ts";
import type { Standing } from "../wire/experiment.ts";
import type { BoardColumns } from "./board-columns.ts";

export interface NumberedChange {
  readonly cursor: string;
  readonly change: Change;
}

type Listener = (change: NumberedChange) => void;

/** Whether anything was committed costs next to nothing to ask. */
const lookMilliseconds = 100;
/** What was written is read at most so often, and less often where reading takes long: then it has a twentieth of the time. */
const readMilliseconds = { least: 250, most: 1000 };
const readShare = 20;
const countMilliseconds = 1000;
const seriesMilliseconds = 2000;
/** Who was killed has written nothing: it is looked after so often. */
const livenessMilliseconds = 1000;
/** With more changed rows all of them are cheaper. */
const mostRows = 2000;
/** Changes that are kept for pages that come back. */
const mostKept = 2000;

export interface Followed {
  readonly reader: StoreReader;
  /** Those that pages have. */
  readonly columns: () => Promise<BoardColumns>;
  /** What was read is no longer so. */
  readonly forget: () => void;
  /** What was read of the epochs of these runs is no longer so. */
  readonly forgetCurves: (runIds: readonly number[]) => void;
  readonly series: () => Promise<readonly string[]>;
}

export class Follower {
  readonly #of: Followed;
  readonly #listeners = new Set<Listener>();
  readonly #kept: NumberedChange[] = [];
  /** Of this process, so that a page of an earlier one is not told nonsense. */
  readonly #name = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  #sequence = 0;
  #rowsTold = 0;
  #cursor: ChangeCursor | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  /** Why the last look could not be taken. */
  #failure: string | undefined;
  #lastRead = 0;
  #untilNext = readMilliseconds.least;
  #lastCount = 0;
  #counts = "";
  #isCounted = true;
  #isWriterAlive = false;
  #lastLiveness = 0;
  /** When it is worth looking again, while some are known. */
  #nextSeries = 0;
  /** Whether epochs have come that may have what no epoch had before. */
  #isSeriesOld = false;
  /** The last epoch that was told of each running run. */
  readonly #epochs = new Map<number, number>();

  constructor(of: Followed) {
    this.#of = of;
  }

  get cursor(): string {
    return `${this.#name}-${this.#sequence}`;
  }

  /** Another number after each change of the runs. */
  get rowsTold(): number {
    return this.#rowsTold;
  }

  /** Reads what is new now, so that what is read after belongs to `cursor`. */
  catchUp(): Promise<void> {
    return this.#inTurn(true);
  }

  /** One look after the other: two at once would tell the same twice. */
  async #inTurn(isAsked: boolean): Promise<void> {
    const before = this.#looking;
    const looking = (async () => {
      await before?.catch(() => undefined);
      await this.#look(isAsked);
    })();
    this.#looking = looking;
    try {
      await looking;
    } finally {
      if (this.#looking === looking) this.#looking = undefined;
    }
  }

  /** @param since a cursor of this follower; of any other one all is to be asked for again */
  listen(since: string | undefined, listener: Listener): () => void {
    const [name, number] = since?.split("-") ?? [];
    const from = Number(number);
    if (since !== undefined) {
      const first = this.#sequence - this.#kept.length;
      if (name !== this.#name || !(from >= first && from <= this.#sequence))
        listener({ cursor: this.cursor, change: { kind: "everything" } });
      else for (const change of this.#kept.slice(from - first)) listener(change);
    }
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => void this.#tick(), lookMilliseconds);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
  }

  async #tick(): Promise<void> {
    if (this.#looking !== undefined) return;
    try {
      await this.#inTurn(false);
      this.#failure = undefined;
    } catch (error) {
      // The database may be locked for a moment, or gone. Pages ask, are told why, and ask until it is there again.
      const failure = messageOf(error);
      if (failure === this.#failure) return;
      this.#failure = failure;
      this.#of.forget();
      this.#tell({ kind: "everything" });
    }
  }

  #tell(change: Change): void {
    this.#sequence++;
    if (change.kind === "rows" || change.kind === "everything") this.#rowsTold++;
    const numbered = { cursor: this.cursor, change };
    this.#kept.push(numbered);
    if (this.#kept.length > mostKept) this.#kept.splice(0, this.#kept.length - mostKept);
    for (const listener of this.#listeners) listener(numbered);
  }

  async #look(isAsked: boolean): Promise<void> {
    const now = performance.now();
    if (!isAsked && now - this.#lastRead < this.#untilNext) return;
    const { reader } = this.#of;
    const used = process.threadCpuUsage();
    const first = this.#cursor === undefined;
    const { cursor, changed, removed, isWritten } = await reader.changes(this.#cursor);
    if (first) {
      await this.#beginEpochs();
      this.#isWriterAlive = (await reader.writer())?.alive === true;
      this.#cursor = cursor;
      return;
    }
    this.#cursor = cursor;
    try {
      await this.#tellWritten({ changed, removed, isWritten }, now);
      if (isWritten) this.#untilNext = pauseAfter(process.threadCpuUsage(used));
    } catch (error) {
      // The cursor is past what could not be read.
      this.#of.forget();
      this.#tell({ kind: "everything" });
      throw error;
    }
  }

  async #tellWritten({ changed, removed, isWritten }: Omit<RunChanges, "cursor">, now: number): Promise<void> {
    if (isWritten) {
      this.#lastRead = now;
      this.#isCounted = false;
      if (removed.length > 0 || changed.length > mostRows) {
        this.#of.forget();
        this.#tell({ kind: "everything" });
      } else if (changed.length > 0) {
        this.#of.forgetCurves(changed);
        await this.#tellRows(changed);
      }
      // A brief one begins and ends between two looks: its epochs are not seen to come.
      this.#isSeriesOld ||= changed.length > 0;
      await this.#tellEpochs();
    }
    await this.#tellSeries();
    await this.#lookAfterWriter(now);
    if (!this.#isCounted && now - this.#lastCount > (changed.length > 0 ? 0 : countMilliseconds)) {
      this.#lastCount = now;
      this.#isCounted = true;
      await this.#tellCounts();
    }
  }

  async #tellRows(ids: readonly number[]): Promise<void> {
    const columns = await this.#of.columns();
    const told = columns.take(await Array.fromAsync(this.#of.reader.runs({ runIds: ids })));
    if (told !== undefined) return this.#tell(told);
    this.#of.forget();
    this.#tell({ kind: "everything" });
  }

  /** What is there at the beginning is no news. */
  async #beginEpochs(): Promise<void> {
    for (const runId of await this.#of.reader.runIds({ status: "running" })) {
      const last = await this.#of.reader.lastEpoch(runId);
      this.#epochs.set(runId, last?.epoch ?? 0);
    }
  }

  async #tellEpochs(): Promise<void> {
    const { reader, series } = this.#of;
    const running = new Set(await reader.runIds({ status: "running" }));
    // A run that has just ended may have epochs that nobody was told of.
    const names = running.size + this.#epochs.size > 0 ? await series() : [];
    for (const runId of new Set([...this.#epochs.keys(), ...running])) {
      const after = this.#epochs.get(runId) ?? 0;
      for await (const { epochs, seconds, series: values } of reader.curves([runId], names, after)) {
        const last = epochs.at(-1);
        if (last === undefined) continue;
        this.#isSeriesOld ||= after === 0;
        this.#epochs.set(runId, last);
        this.#tell({
          kind: "epochs",
          run: runId,
          epochs: Array.from(epochs),
          seconds: Array.from(seconds, finite),
          series: Object.fromEntries(names.map((name, index) => [name, Array.from(values[index] ?? [], changed)])),
        });
      }
      if (!running.has(runId)) this.#epochs.delete(runId);
    }
  }

  /** The first epochs of runs may be the first ones that have a metric, or the first ones of all. */
  async #tellSeries(): Promise<void> {
    if (!this.#isSeriesOld) return;
    const known = await this.#of.series();
    const now = performance.now();
    if (known.length > 0 && now < this.#nextSeries) return;
    this.#isSeriesOld = false;
    const series = await this.#of.reader.series();
    this.#nextSeries = now + Math.max(seriesMilliseconds, 50 * (performance.now() - now));
    if (series.join("\n") === known.join("\n")) return;
    this.#of.forget();
    this.#tell({ kind: "everything" });
  }

  async #lookAfterWriter(now: number): Promise<void> {
    if (now - this.#lastLiveness < livenessMilliseconds) return;
    this.#lastLiveness = now;
    const isAlive = (await this.#of.reader.writer())?.alive === true;
    if (isAlive !== this.#isWriterAlive) this.#isCounted = false;
    this.#isWriterAlive = isAlive;
  }

  async #tellCounts(): Promise<void> {
    const change = await countsOf(this.#of.reader);
    const text = JSON.stringify(change);
    if (text === this.#counts) return;
    this.#counts = text;
    this.#tell(change);
  }
}

/** In milliseconds, of what the processor did in microseconds: other programs have no part in it. */
function pauseAfter({ user, system }: NodeJS.CpuUsage): number {
  const { least, most } = readMilliseconds;
  return Math.min(most, Math.max(least, (readShare * (user + system)) / 1000));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function changed(value: number): ChangedValue {
  return Number.isFinite(value) ? value : String(value);
}

/** The last runs say how long the next ones take. */
const lookedAt = 20;

export async function countsOf(reader: StoreReader): Promise<Extract<Change, { readonly kind: "counts" }>> {
  const report = await readStatus(reader, lookedAt);
  const counts = Object.fromEntries(report.counts);
  return {
    kind: "counts",
    counts,
    runs: Object.values(counts).reduce((sum, count) => sum + count, 0),
    standing: standingOf(report),
    secondsLeft: secondsLeft(report),
  };
}

function standingOf(report: StatusReport): Standing {
  const { text, goOn } = stateWords(report);
  return { state: report.state, text, goOn: goOn ?? null };
}

/** null where nobody works on it, or nothing has ended yet. */
function secondsLeft({ state, counts, done, running }: StatusReport): number | null {
  if (state !== "running") return null;
  const durations = done.flatMap(({ durationSeconds }) => (durationSeconds === null ? [] : [durationSeconds]));
  const [waiting, working] = [counts.get("pending") ?? 0, Math.max(1, running.length)];
  const ofRunning = running.map((run) => run.secondsLeft ?? Number.NaN).filter(Number.isFinite);
  if (durations.length === 0 && (waiting > 0 || ofRunning.length < running.length)) return null;
  const each = durations.length === 0 ? 0 : durations.reduce((sum, value) => sum + value, 0) / durations.length;
  const unknown = (running.length - ofRunning.length) * each;
  return (waiting * each + unknown + ofRunning.reduce((sum, value) => sum + value, 0)) / working;
}
