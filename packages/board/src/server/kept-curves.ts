/**
 * Curves that were read, kept for the next question: SQLite takes half a second for a million epochs, whatever is asked about them.
 * Those of running runs are read anew each time; those of all others stay as they are until a change of the run is told.
 */
import { setImmediate as otherWork } from "node:timers/promises";
import type { CurveTimes, RunCurves, StoreReader } from "ml-mosaic/reading";

export interface CurveQuestion {
  readonly runIds: readonly number[];
  readonly series: readonly string[];
  readonly times: CurveTimes;
  /** Those whose epochs come one by one. */
  readonly running: ReadonlySet<number>;
}

type Numbers = RunCurves["epochs"];

interface Kept {
  readonly epochs: Numbers;
  /** undefined where they were not asked for. */
  readonly seconds: Numbers | undefined;
  readonly series: ReadonlyMap<string, Numbers>;
  /** No more than these: most have no epochs of their own. */
  readonly bytes: number;
}

/** Runs that are read in one go: other questions are answered in between. */
const portion = 10;

/** What objects take in memory beside their numbers: of short runs, or of those without epochs, it is most of it. */
const objectBytes = { run: 400, numbers: 300 };

/** Which runs were forgotten since a question was asked: what it reads of them may be of before, and they may be running by now. */
class Forgotten {
  readonly #runIds = new Set<number>();
  #isAll = false;

  add(runIds: readonly number[] | undefined): void {
    this.#isAll ||= runIds === undefined;
    for (const runId of runIds ?? []) this.#runIds.add(runId);
  }

  has(runId: number): boolean {
    return this.#isAll || this.#runIds.has(runId);
  }
}

export class KeptCurves {
  readonly #reader: Pick<StoreReader, "curves">;
  readonly #mostBytes: number;
  /** Those that were asked for last are last. */
  readonly #kept = new Map<number, Kept>();
  #bytes = 0;
  /** Of each question that is being answered. */
  readonly #forgotten = new Set<Forgotten>();
  /** Most runs have the same epochs, which are kept once. */
  #epochs: Numbers = new Float64Array();

  constructor(reader: Pick<StoreReader, "curves">, mostBytes = 64 * 2 ** 20) {
    this.#reader = reader;
    this.#mostBytes = mostBytes;
  }

  /** In the order of the ids. */
  async *read(question: CurveQuestion): AsyncGenerator<RunCurves, void, void> {
    const forgotten = new Forgotten();
    this.#forgotten.add(forgotten);
    try {
      yield* this.#readInPortions(question, forgotten);
    } finally {
      this.#forgotten.delete(forgotten);
    }
  }

  async *#readInPortions(question: CurveQuestion, forgotten: Forgotten): AsyncGenerator<RunCurves, void, void> {
    const { runIds, series, times } = question;
    for (let start = 0; start < runIds.length; start += portion) {
      const ids = runIds.slice(start, start + portion);
      const found = new Map(ids.map((runId) => [runId, this.#find(runId, series, times)]));
      const missing = ids.filter((runId) => found.get(runId) === undefined);
      for await (const run of this.#readAndKeep(missing, question, forgotten)) found.set(run.runId, run);
      for (const runId of ids) {
        const run = found.get(runId);
        if (run !== undefined) yield run;
      }
      if (missing.length > 0) await otherWork();
    }
  }

  /** Keeps what will be asked for, as long as there is room. */
  async readAhead(question: CurveQuestion): Promise<void> {
    for await (const _ of this.read(question)) if (this.#bytes > this.#mostBytes / 2) return;
  }

  /** What was read of these runs is no longer so; without any, of all. */
  forget(runIds?: readonly number[]): void {
    for (const each of this.#forgotten) each.add(runIds);
    for (const runId of runIds ?? [...this.#kept.keys()]) this.#drop(runId);
  }

  async *#readAndKeep(
    runIds: readonly number[],
    { series, times, running }: CurveQuestion,
    forgotten: Forgotten,
  ): AsyncGenerator<RunCurves, void, void> {
    if (runIds.length === 0) return;
    for await (const read of this.#reader.curves(runIds, series, 0, times)) {
      if (!isSame(read.epochs, this.#epochs)) this.#epochs = read.epochs;
      const run = { ...read, epochs: this.#epochs };
      if (!running.has(run.runId) && !forgotten.has(run.runId)) this.#keep(run, series, times);
      yield run;
    }
  }

  #find(runId: number, names: readonly string[], times: CurveTimes): RunCurves | undefined {
    const kept = this.#kept.get(runId);
    if (kept === undefined || (times.seconds && kept.seconds === undefined)) return undefined;
    const series = names.flatMap((name) => kept.series.get(name) ?? []);
    if (series.length < names.length) return undefined;
    this.#kept.delete(runId);
    this.#kept.set(runId, kept);
    const seconds = times.seconds ? kept.seconds : undefined;
    return { runId, epochs: kept.epochs, seconds: seconds ?? new Float64Array(), series };
  }

  #keep({ runId, epochs, seconds, series }: RunCurves, names: readonly string[], times: CurveTimes): void {
    const before = this.#kept.get(runId);
    const isOfBefore = before !== undefined && isSame(before.epochs, epochs);
    const values = new Map([
      ...(isOfBefore ? before.series : []),
      ...names.map((name, index) => [name, series[index] ?? new Float64Array()] as const),
    ]);
    const known = times.seconds ? seconds : isOfBefore ? before.seconds : undefined;
    const arrays = values.size + (known === undefined ? 1 : 2);
    const bytes = objectBytes.run + arrays * (objectBytes.numbers + epochs.byteLength);
    this.#drop(runId);
    this.#kept.set(runId, { epochs, seconds: known, series: values, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#mostBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(runId: number): void {
    this.#bytes -= this.#kept.get(runId)?.bytes ?? 0;
    this.#kept.delete(runId);
  }
}

function isSame(one: Numbers, other: Numbers): boolean {
  if (one.length !== other.length) return false;
  for (let place = 0; place < one.length; place++) if (one[place] !== other[place]) return false;
  return true;
}
