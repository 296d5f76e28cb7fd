/** What all views share: the page's state, the table of runs, which of them match, and whether the server is there. */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Condition, parseCondition } from "ml-mosaic/conditions";
import type { Change } from "../../wire/changes.ts";
import type { ColumnData } from "../../wire/columns.ts";
import type { ColumnInfo, ExperimentInfo } from "../../wire/experiment.ts";
import { matchingRows, namesOf } from "../../wire/matching-rows.ts";
import { RunTable } from "../../wire/run-table.ts";
import { idsOfRanges } from "../columns/id-ranges.ts";
import type { Chosen, Source } from "../data/source.ts";
import { whereOf } from "./brush.ts";
import { fragmentOf, initialState, type PageState, stateOf, type ViewName } from "./page-state.ts";
import { pipelineLabels } from "./pipeline-labels.ts";

export interface Connection {
  readonly isConnected: boolean;
  /** Why waiting will not help. */
  readonly reason?: string | undefined;
}

export interface Fault {
  readonly message: string;
  readonly remedy: string;
}

/** New epochs of a running run. */
export type Epochs = Extract<Change, { kind: "epochs" }>;

/** Of more rows the first ones are asked for beforehand: all of them take so long that one would wait for what is in view. */
const manyRows = 5000;
const firstRows = 100;

/** So often at most is asked what there is besides rows. */
const infoMilliseconds = 1500;

export class Board {
  readonly source: Source;
  readonly state = signal<PageState>(initialState);
  readonly experiment = signal<ExperimentInfo | undefined>(undefined);
  readonly connection = signal<Connection>({ isConnected: true });
  /** Why nothing can be shown. */
  readonly failure = signal<string | undefined>(undefined);
  table = new RunTable();
  /** Changes with everything that the table has; read it before the table. */
  readonly version = signal(0);
  /** The same, but at most four times a second: for what has to be asked of the server again. */
  readonly slowVersion = signal(0);
  readonly #epochListeners = new Set<(epochs: Epochs) => void>();
  readonly #asked = new Set<string>();
  #wanted: string[] = [];
  #slowTimer: ReturnType<typeof setTimeout> | undefined;
  #infoTimer: ReturnType<typeof setTimeout> | undefined;
  #stopFollowing: (() => void) | undefined;

  constructor(source: Source) {
    this.source = source;
  }

  readonly columns: ReadonlySignal<ReadonlyMap<string, ColumnInfo>> = computed(
    () => new Map(this.experiment.value?.columns.map((column) => [column.name, column])),
  );

  /** The view of the address, where the page has it. */
  readonly view = computed((): ViewName => {
    const { view } = this.state.value;
    const shows = this.experiment.value?.shows ?? ["runs", "maps"];
    if (shows.includes(view === "maps" ? "maps" : "runs")) return view;
    return shows.includes("runs") ? initialState.view : "maps";
  });

  /** The condition as typed, and what is wrong with it. */
  readonly condition = computed((): { condition?: Condition; fault?: Fault } =>
    read(this.state.value.where, this.columns.value),
  );

  /** The condition with the brushes, as text: what the server is asked with. A faulty one chooses all runs. */
  readonly where = computed((): string => {
    const { where, brushes } = this.state.value;
    return whereOf(this.condition.value.fault === undefined ? where : "", brushes);
  });

  readonly matching = computed((): Uint32Array<ArrayBuffer> => {
    this.version.value;
    const where = this.where.value;
    const condition = where === "" ? undefined : read(where, this.columns.value).condition;
    const names = condition === undefined ? [] : namesOf(condition);
    this.need(names);
    if (names.some((name) => !this.table.has(name))) return new Uint32Array();
    return matchingRows(this.table, condition);
  });

  readonly selection = computed(() => idsOfRanges(this.state.value.selection));

  /** Rows that match, and of these the selected ones where some are selected. */
  readonly chosenRows = computed((): Uint32Array<ArrayBuffer> => {
    const selection = this.selection.value;
    if (selection.size === 0) return this.matching.value;
    return this.matching.value.filter((row) => selection.has(this.table.id(row)));
  });

  readonly chosen = computed((): Chosen => ({ where: this.where.value, ids: this.state.value.selection }));

  /** The result that views are about where none is asked for. */
  readonly result = computed(() => this.state.value.result ?? this.experiment.value?.criterion ?? "test_loss");

  /** The given columns will be in the table soon. */
  need(names: Iterable<string>): void {
    for (const name of names) {
      if (this.#asked.has(name) || !this.columns.peek().has(name)) continue;
      this.#asked.add(name);
      if (this.#wanted.push(name) === 1) queueMicrotask(() => void this.#fetchWanted());
    }
  }

  async #fetchWanted(): Promise<void> {
    const names = this.#wanted;
    this.#wanted = [];
    if (this.table.rows > manyRows) void this.#fetchFirst(names);
    try {
      const columns = await this.source.columns(names);
      if (this.table.add(columns)) this.#bump();
      // Runs have come in the meantime: they are in no column that was there before.
      else await this.reload();
    } catch (error) {
      for (const name of names) this.#asked.delete(name);
      if (this.table.rows === 0) this.failure.value = messageOf(error);
    }
  }

  async #fetchFirst(names: readonly string[]): Promise<void> {
    const { table } = this;
    const { changes } = table;
    try {
      const columns = await this.source.columns(names, firstRows);
      if (table === this.table && table.changes === changes && table.addFirst(columns)) this.#bump();
    } catch {
      // What is wrong is said of the whole columns.
    }
  }

  async start(): Promise<void> {
    this.state.value = stateOf(location.hash);
    addEventListener("popstate", () => {
      this.state.value = stateOf(location.hash);
    });
    addEventListener("hashchange", () => {
      if (location.hash !== fragmentOf(this.state.peek())) this.state.value = stateOf(location.hash);
    });
    await this.reload();
  }

  /** All from the beginning, for what has changed too much. */
  async reload(): Promise<void> {
    try {
      const experiment = await this.source.experiment();
      const names = experiment.columns.map(({ name }) => name);
      const known = names.filter((name) => name === "id" || name === "status" || this.#asked.has(name));
      const table = new RunTable();
      for (const name of known) this.#asked.add(name);
      const hasRuns = experiment.shows.includes("runs");
      const columns = hasRuns ? await this.source.columns(known) : undefined;
      if (columns !== undefined) table.add(columns);
      batch(() => {
        this.failure.value = undefined;
        this.experiment.value = experiment;
        this.table = table;
        this.#bump();
      });
      if (hasRuns) this.#needAgain(names.filter((name) => this.#asked.has(name) && !table.has(name)));
      this.#stopFollowing?.();
      this.#stopFollowing = undefined;
      if (experiment.isLive) this.#follow(columns?.cursor ?? experiment.cursor);
    } catch (error) {
      this.failure.value = messageOf(error);
      setTimeout(() => void this.reload(), 3000);
    }
  }

  /** What was asked for while all was read again has come into the table before, which is gone. */
  #needAgain(names: readonly string[]): void {
    for (const name of names) this.#asked.delete(name);
    this.need(names);
  }

  /** Which columns vary and which curves there are changes as runs end. */
  async #refreshInfo(): Promise<void> {
    this.#infoTimer = undefined;
    try {
      const { columns, series, notices } = await this.source.experiment();
      const experiment = this.experiment.peek();
      if (experiment !== undefined) this.experiment.value = { ...experiment, columns, series, notices };
    } catch {
      // The server has gone, as the page says; all is read anew when it is back.
    }
  }

  #follow(cursor: string): void {
    this.#stopFollowing = this.source.follow(cursor, {
      changed: (change) => this.#changed(change),
      connected: (isConnected, reason) => {
        this.connection.value = { isConnected, reason };
      },
    });
  }

  #changed(change: Change): void {
    switch (change.kind) {
      case "rows":
        this.#infoTimer ??= setTimeout(() => void this.#refreshInfo(), infoMilliseconds);
        if (this.table.change(change.ids, change.values)) this.#bump();
        else void this.reload();
        return;
      case "epochs":
        for (const listener of this.#epochListeners) listener(change);
        return;
      case "counts": {
        const experiment = this.experiment.peek();
        const { counts, runs, standing, secondsLeft } = change;
        if (experiment !== undefined) this.experiment.value = { ...experiment, counts, runs, standing, secondsLeft };
        return;
      }
      case "everything":
        void this.reload();
        return;
      default:
        change satisfies never;
    }
  }

  /** Ends with the function that it gives back. */
  onEpochs(listener: (epochs: Epochs) => void): () => void {
    this.#epochListeners.add(listener);
    return () => this.#epochListeners.delete(listener);
  }

  #bump(): void {
    this.version.value += 1;
    this.#slowTimer ??= setTimeout(() => {
      this.#slowTimer = undefined;
      this.slowVersion.value += 1;
    }, 250);
  }

  /** `push` for what the back button is to undo. */
  update(patch: Partial<PageState>, how: "push" | "replace" = "replace"): void {
    const state = { ...this.state.peek(), ...patch };
    const fragment = fragmentOf(state);
    if (fragment === fragmentOf(this.state.peek())) return;
    this.state.value = state;
    if (how === "push") history.pushState(null, "", fragment);
    else history.replaceState(null, "", fragment);
  }

  /** For links: the address of this page with something else. */
  address(patch: Partial<PageState>): string {
    return fragmentOf({ ...this.state.value, ...patch });
  }

  /** Options with two values or more among the runs that have them, in their order; asks for their columns. */
  readonly options = computed((): readonly ColumnInfo[] => {
    this.slowVersion.value;
    const options = [...this.columns.value.values()].filter(({ role, varies }) => role === "option" && varies);
    this.need(options.map(({ name }) => name));
    return options.filter(({ name }) => hasTwoValues(this.table.column(name), this.table.rows));
  });

  /** What tells a run from others, in words. */
  label(run: number): string {
    this.need(["pipeline"]);
    const column = this.table.column("pipeline");
    const cell = this.table.cell("pipeline", this.table.rowOf(run));
    if (column?.kind !== "text" || typeof cell !== "string") return "";
    return pipelineLabels(column.texts).get(cell) ?? cell;
  }

  /** Whether runs that the store calls running are those of a process that has ended. */
  readonly isAbandoned = computed(() => {
    const state = this.experiment.value?.standing.state;
    return state === "crashed" || state === "stopped";
  });

  title(name: string): string {
    return this.columns.value.get(name)?.title ?? name;
  }
}

function hasTwoValues(column: ColumnData | undefined, rows: number): boolean {
  if (column === undefined) return false;
  if (column.kind === "text") return column.texts.length > 1;
  let first = Number.NaN;
  for (let row = 0; row < rows; row += 1) {
    const value = column.values[row] ?? Number.NaN;
    if (column.missing?.[row] === 1 || Number.isNaN(value)) continue;
    if (Number.isNaN(first)) first = value;
    else if (value !== first) return true;
  }
  return false;
}

function read(where: string, columns: ReadonlyMap<string, ColumnInfo>): { condition?: Condition; fault?: Fault } {
  if (where.trim() === "") return {};
  const parsed = parseCondition(where);
  if (!parsed.ok) return { fault: parsed.fault };
  const unknown = namesOf(parsed.condition).find((name) => !columns.has(name));
  if (unknown === undefined || columns.size === 0) return { condition: parsed.condition };
  const wanted = unknown.toLowerCase();
  const start = wanted.slice(0, Math.max(2, wanted.length - 3));
  const near = [...columns.keys()].filter((name) => name.toLowerCase().includes(start));
  const remedy =
    near.length === 0
      ? "The columns of the view Runs are the names there are."
      : `Did you mean ${near.slice(0, 3).join(", ")}?`;
  return { fault: { message: `"${unknown}" is not known.`, remedy } };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
