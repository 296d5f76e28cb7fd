/** One database that a board shows: a reader, what was read with it last, and who follows it. */
import { basename } from "node:path";
import {
  defaultCriterion,
  type Figure,
  openSqliteReader,
  type RunCurves,
  readFigures,
  type StoreReader,
} from "ml-mosaic/reading";
import type { ColumnData, Columns } from "../wire/columns.ts";
import { firstSeries, mostLines } from "../wire/curves.ts";
import type { ExperimentInfo, SeriesInfo } from "../wire/experiment.ts";
import { type BoardColumns, readBoardColumns } from "./board-columns.ts";
import type { ReadCurves } from "./curves.ts";
import { countsOf, Follower } from "./follower.ts";
import { KeptCurves } from "./kept-curves.ts";
import { LengthyAnswers } from "./lengthy-answers.ts";
import { Refused } from "./refused.ts";

export interface BoardFacts {
  readonly databases: readonly string[];
  readonly mayControl: boolean;
}

/** Verdicts on so many take about a tenth of a second. */
const fewRuns = 2000;

export class BoardDatabase {
  readonly reader: StoreReader;
  readonly follower: Follower;
  readonly lengthy: LengthyAnswers;
  #columns: Promise<BoardColumns> | undefined;
  #series: Promise<readonly string[]> | undefined;
  readonly #curves: KeptCurves;

  private constructor(reader: StoreReader) {
    this.reader = reader;
    this.lengthy = new LengthyAnswers(reader.location);
    this.#curves = new KeptCurves(reader);
    const forget = () => {
      this.#columns = undefined;
      this.#series = undefined;
      this.#curves.forget();
    };
    this.follower = new Follower({
      reader,
      columns: () => this.#lastColumns(),
      forget,
      forgetCurves: (runIds) => this.#curves.forget(runIds),
      series: () => this.series(),
    });
  }

  static async open(path: string): Promise<BoardDatabase> {
    return new BoardDatabase(await openSqliteReader(path, { follows: true }));
  }

  get location(): string {
    return this.reader.location;
  }

  async columns(): Promise<BoardColumns> {
    await this.follower.catchUp();
    return this.#lastColumns();
  }

  /** More than can be compared with each other while pages wait. */
  async hasMany(): Promise<boolean> {
    return (await this.columns()).runIds.length > fewRuns;
  }

  /** Of the last state that was looked at. */
  #lastColumns(): Promise<BoardColumns> {
    this.#columns ??= this.#once(readBoardColumns(this.reader), () => {
      this.#columns = undefined;
    });
    return this.#columns;
  }

  series(): Promise<readonly string[]> {
    this.#series ??= this.#once(this.reader.series(), () => {
      this.#series = undefined;
    });
    return this.#series;
  }

  /** What has failed is tried again. */
  async #once<T>(reading: Promise<T>, forget: () => void): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      forget();
      throw error;
    }
  }

  async someColumns(names: readonly string[]): Promise<Columns> {
    await this.follower.catchUp();
    // Before what it is of is read: what changes meanwhile is told again, and nothing is missed.
    const { cursor } = this.follower;
    const columns = await this.#lastColumns();
    const all = names.length === 0 ? columns.names : names;
    return { cursor, rows: columns.runIds.length, columns: all.map((name) => columnOf(columns, name)) };
  }

  /** @param columns of the state that the question is about */
  curves(
    columns: BoardColumns,
    ...[runIds, series, times]: Parameters<ReadCurves>
  ): AsyncGenerator<RunCurves, void, void> {
    return this.#curves.read({ runIds, series, times, running: runningRuns(columns) });
  }

  /** Reads what pages ask for first, while the browser is still on its way. */
  async readAhead(): Promise<void> {
    const columns = await this.columns();
    const series = firstSeries(await this.series());
    const runIds = Array.from(columns.runIds.subarray(0, mostLines));
    const question = { runIds, series, times: { seconds: false }, running: runningRuns(columns) };
    if (series.length > 0) await this.#curves.readAhead(question);
  }

  async info({ databases, mayControl }: BoardFacts): Promise<ExperimentInfo> {
    await this.follower.catchUp();
    // Before what it is of is read: what changes meanwhile is told again, and nothing is missed.
    const { cursor } = this.follower;
    const columns = await this.#lastColumns();
    const figures = await readFigures(this.reader);
    const { counts, standing, secondsLeft } = await countsOf(this.reader);
    return {
      title: basename(this.location),
      databases,
      notices: this.reader.notices,
      counts,
      runs: columns.runIds.length,
      standing,
      columns: columns.infos(),
      series: (await this.series()).map((name) => seriesInfo(name, figures)),
      criterion: defaultCriterion,
      mayControl,
      isLive: true,
      secondsLeft,
      exportNote: null,
      shows: ["runs"],
      cursor,
    };
  }

  async close(): Promise<void> {
    this.follower.close();
    await this.lengthy.close();
    await this.reader.close();
  }
}

/** @throws Refused for a name that is no column's */
export function columnOf(columns: BoardColumns, name: string): ColumnData {
  const found = columns.column(name);
  if (found === undefined) throw new Refused(404, { message: `there is no column "${name.slice(0, 100)}"` });
  return found;
}

function runningRuns(columns: BoardColumns): ReadonlySet<number> {
  const [status, { runIds }] = [columns.column("status"), columns];
  const code = status?.kind === "text" ? status.texts.indexOf("running") : -1;
  const running = new Set<number>();
  if (status?.kind !== "text" || code < 0) return running;
  for (let row = 0; row < status.codes.length; row++) if (status.codes[row] === code) running.add(runIds[row] ?? 0);
  return running;
}

function seriesInfo(name: string, figures: readonly Figure[]): SeriesInfo {
  const figure = figures.find((each) => each.name === name);
  if (figure === undefined) return { name, title: name === "lr" ? "learning rate" : name };
  const { title, unit, direction, scale } = figure;
  return {
    name,
    title,
    ...(unit === undefined ? {} : { unit }),
    ...(direction === undefined ? {} : { direction }),
    ...(scale === undefined ? {} : { scale }),
  };
}
