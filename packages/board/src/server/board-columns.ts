/** The columns of a table of runs: what they are called, and what all runs have in them, read once for each state of the store. */
import {
  type ColumnSource,
  type ColumnValues,
  type Figure,
  isPlainNumber,
  type RunRecord,
  readFigures,
  type StoreReader,
} from "ml-mosaic/reading";
import type { Change, ChangedValue } from "../wire/changes.ts";
import type { ColumnData } from "../wire/columns.ts";
import type { ColumnInfo } from "../wire/experiment.ts";
import { RunTable } from "../wire/run-table.ts";

interface Column {
  readonly info: Omit<ColumnInfo, "varies">;
  readonly data: ColumnData;
  /** The same value as `data` has for this run, as events carry it. */
  readonly valueIn: (run: RunRecord) => ChangedValue;
  /** Whether a value of a later run still fits a column of numbers. */
  readonly fits: (run: RunRecord) => boolean;
}

/** Names of options and figures that there are; one more makes another table. */
interface KnownNames {
  readonly options: ReadonlySet<string>;
  readonly figures: ReadonlySet<string>;
}

/** Kept as pages keep it: what has changed is put into the columns, and the store is not read again. */
export class BoardColumns {
  readonly #table = new RunTable();
  readonly #columns: ReadonlyMap<string, Omit<Column, "data">>;
  readonly #known: KnownNames;

  constructor(rows: number, columns: readonly Column[], known: KnownNames) {
    this.#columns = new Map(columns.map(({ data: _, ...column }) => [column.info.name, column]));
    this.#known = known;
    this.#table.add({ cursor: "", rows, columns: columns.map(({ data }) => data) });
  }

  get names(): readonly string[] {
    return [...this.#columns.keys()];
  }

  get rows(): number {
    return this.#table.rows;
  }

  /** Ascending. */
  get runIds(): Float64Array<ArrayBuffer> {
    const ids = this.column("id");
    return ids?.kind === "number" ? ids.values : new Float64Array();
  }

  column(name: string): ColumnData | undefined {
    return this.#table.filled(name);
  }

  infos(): readonly ColumnInfo[] {
    return Array.from(this.#columns.values(), ({ info }) => {
      const column = this.column(info.name);
      return { ...info, varies: column !== undefined && doesVary(column) };
    });
  }

  /** Takes in what these runs have now; undefined where that makes another table. */
  take(runs: readonly RunRecord[]): Extract<Change, { kind: "rows" }> | undefined {
    const { options, figures } = this.#known;
    const isOther = ({ params, result }: RunRecord) =>
      params.some(([name]) => !options.has(name) && name !== "pipeline") ||
      Object.keys(result ?? {}).some((name) => !figures.has(name));
    const columns = [...this.#columns];
    if (runs.some((run) => isOther(run) || columns.some(([, { fits }]) => !fits(run)))) return undefined;
    const ids = runs.map(({ runId }) => runId);
    const values = Object.fromEntries(columns.map(([name, { valueIn }]) => [name, runs.map(valueIn)]));
    return this.#table.change(ids, values) ? { kind: "rows", ids, values } : undefined;
  }
}

interface OwnColumn {
  readonly source: Extract<ColumnSource, { readonly of: "run" }>["name"];
  readonly name: string;
  readonly title: string;
  readonly role: ColumnInfo["role"];
  readonly unit?: string;
  readonly whole?: boolean;
  readonly valueIn: (run: RunRecord) => ChangedValue;
}

/** In the names of conditions. */
const ownColumns: readonly OwnColumn[] = [
  { source: "status", name: "status", title: "status", role: "run", valueIn: ({ status }) => status },
  { source: "pipeline", name: "pipeline", title: "pipeline", role: "run", valueIn: ({ description }) => description },
  {
    source: "experiment",
    name: "experiment",
    title: "experiment",
    role: "run",
    whole: true,
    valueIn: ({ details }) => details?.experimentId ?? null,
  },
  {
    source: "repetition",
    name: "repetition",
    title: "repetition",
    role: "run",
    whole: true,
    valueIn: ({ details }) => details?.repetition ?? null,
  },
  {
    source: "seed",
    name: "seed",
    title: "seed",
    role: "run",
    whole: true,
    valueIn: ({ details }) => details?.seed ?? null,
  },
  {
    source: "executor",
    name: "executor",
    title: "executor",
    role: "run",
    valueIn: ({ details }) => details?.executor ?? null,
  },
  {
    source: "data_digest",
    name: "data_digest",
    title: "digest of the data",
    role: "run",
    valueIn: ({ details }) => details?.dataDigest ?? null,
  },
  {
    source: "started",
    name: "started",
    title: "started",
    role: "run",
    unit: "ms since 1970",
    whole: true,
    valueIn: ({ details }) => details?.startedAt?.getTime() ?? null,
  },
  {
    source: "finished",
    name: "finished",
    title: "finished",
    role: "run",
    unit: "ms since 1970",
    whole: true,
    valueIn: ({ details }) => details?.finishedAt?.getTime() ?? null,
  },
  { source: "tags", name: "tag", title: "tags", role: "label", valueIn: ({ tags }) => tags.join(", ") || null },
  { source: "note", name: "note", title: "note", role: "label", valueIn: ({ note }) => note ?? null },
];

export async function readBoardColumns(reader: StoreReader): Promise<BoardColumns> {
  const [options, figures] = [await reader.optionNames(), await readFigures(reader)];
  const sources: readonly ColumnSource[] = [
    ...ownColumns.map(({ source }) => ({ of: "run", name: source }) as const),
    ...options.map((name) => ({ of: "option", name }) as const),
    ...figures.map(({ name }) => ({ of: "figure", name }) as const),
  ];
  const { runIds, columns: values } = await reader.columns(sources);
  const next = values.values();
  const take = (): ColumnValues => {
    const { value } = next.next();
    if (value === undefined) throw new RangeError("the store gave fewer columns than were asked for");
    return value;
  };
  const own = ownColumns.map((column) => ownColumn(column, take()));
  const taken = new Set(["id", ...ownColumns.map(({ name }) => name), ...figures.map(({ name }) => name)]);
  const ofOptions = options.map((name) => optionColumn(name, taken.has(name) ? `PROCESS.${name}` : name, take()));
  const ofFigures = figures.map((figure) => figureColumn(figure, take()));
  const [run, labels] = [
    own.filter(({ info }) => info.role === "run"),
    own.filter(({ info }) => info.role === "label"),
  ];
  const all = [idColumn(runIds), ...run, ...ofOptions, ...ofFigures, ...labels];
  const known = { options: new Set(options), figures: new Set(figures.map(({ name }) => name)) };
  return new BoardColumns(runIds.length, all, known);
}

function idColumn(runIds: Float64Array<ArrayBuffer>): Column {
  return {
    info: { name: "id", title: "run", role: "run", type: "number", whole: true },
    data: { name: "id", kind: "number", values: runIds, missing: null },
    valueIn: ({ runId }) => runId,
    fits: () => true,
  };
}

function ownColumn({ source: _, valueIn, ...stated }: OwnColumn, values: ColumnValues): Column {
  const info = { ...stated, type: values.kind };
  return { info, data: { name: stated.name, ...values }, valueIn, fits: () => true };
}

function optionColumn(option: string, name: string, values: ColumnValues): Column {
  const info = { name, title: name, role: "option" } as const;
  const textOf = ({ params }: RunRecord) => params.find(([each]) => each === option)?.[1];
  if (values.kind !== "text" || !values.texts.every(isNumberText)) {
    return {
      info: { ...info, type: values.kind },
      data: { name, ...values },
      valueIn: (run) => textOf(run) ?? null,
      fits: () => true,
    };
  }
  const numberOf = (text: string | undefined) => (text === undefined || text === "" ? null : Number(text));
  const numbers = values.texts.map(numberOf);
  return {
    info: { ...info, type: "number" },
    data: { name, ...numbersOf(values.codes, numbers) },
    valueIn: (run) => numberOf(textOf(run)),
    fits: (run) => isNumberText(textOf(run) ?? ""),
  };
}

function isNumberText(text: string): boolean {
  return text === "" || isPlainNumber(text);
}

function figureColumn({ name, title, unit, direction, scale, whole }: Figure, values: ColumnValues): Column {
  const info: Column["info"] = {
    name,
    title,
    role: "result",
    type: "number",
    ...(unit === undefined ? {} : { unit }),
    ...(direction === undefined ? {} : { direction }),
    ...(scale === undefined ? {} : { scale }),
    ...(whole === undefined ? {} : { whole }),
  };
  const valueIn = ({ result }: RunRecord) => {
    const value = result?.[name] ?? null;
    return value === null || Number.isFinite(value) ? value : String(value);
  };
  return { info, data: { name, ...values }, valueIn, fits: () => true };
}

function numbersOf(codes: Uint32Array, numbers: readonly (number | null)[]) {
  const [missing, values] = [new Uint8Array(codes.length), new Float64Array(codes.length)];
  for (let row = 0; row < codes.length; row++) {
    const number = numbers[codes[row] ?? -1] ?? null;
    if (number === null) missing[row] = 1;
    values[row] = number ?? Number.NaN;
  }
  return { kind: "number", values, missing: missing.includes(1) ? missing : null } as const;
}

/** Whether more than one value occurs; that a run has none counts as one. */
function doesVary(column: ColumnData): boolean {
  if (column.kind === "text") {
    const [first] = column.codes;
    return first !== undefined && !isEach(column.codes, first);
  }
  const { values, missing } = column;
  if (missing?.includes(1)) return missing.includes(0);
  const [first] = values;
  return first !== undefined && !isEach(values, first);
}

function isEach(values: Float64Array | Uint32Array, wanted: number): boolean {
  for (let index = 0; index < values.length; index++) if (!Object.is(values[index], wanted)) return false;
  return true;
}
