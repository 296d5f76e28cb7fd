/** Colours of lines: a colour each for few runs, else the best ones in colour and the others behind them in grey. */
import type { Curve, Curves } from "../../../wire/curves.ts";
import { seriesColor, type Theme } from "../../marks/theme.ts";
import { cellText } from "../../parts/number-text.ts";
import type { Board } from "../../state/board.ts";

/** So many can be told apart. */
const mostColoured = 7;

export interface LineLegend {
  /** Places of colours by run, or by group's text. */
  readonly places: ReadonlyMap<string, number>;
  readonly names: readonly { readonly key: string; readonly name: string }[];
  readonly note: string;
}

export function legendOf(board: Board, curves: Curves): LineLegend {
  if (curves.bands.length > 0) {
    const keys = [...new Set(curves.bands.map(({ group }) => groupText(group)))];
    const shown = keys.slice(0, 2 * mostColoured);
    return {
      places: new Map(shown.map((key, place) => [key, place])),
      names: shown.map((key) => ({ key, name: key })),
      note: keys.length > shown.length ? `The first ${shown.length} of ${keys.length} groups in colour.` : "",
    };
  }
  const runs = [...new Set(curves.lines.map(({ run }) => run))];
  const shown = runs.length <= mostColoured ? runs : bestRuns(board, runs);
  const title = board.title(board.result.value);
  return {
    places: new Map(shown.map((run, place) => [String(run), place])),
    names: shown.map((run) => ({ key: String(run), name: runName(board, run) })),
    note:
      runs.length > shown.length
        ? `The ${shown.length} best in ${title} in colour, ${runs.length - shown.length} others in grey.`
        : "",
  };
}

export function groupText(group: readonly (string | number | null)[]): string {
  return group.map((value) => (value === null ? "none" : cellText(value))).join(" · ");
}

export function runName(board: Board, run: number): string {
  const label = board.label(run);
  return label === "" ? `run ${run}` : `run ${run}: ${label}`;
}

function bestRuns(board: Board, runs: readonly number[]): readonly number[] {
  const name = board.result.value;
  board.need([name]);
  const sign = board.columns.value.get(name)?.direction === "higher" ? -1 : 1;
  const rankedBy = (run: number) => {
    const value = sign * board.table.number(name, board.table.rowOf(run));
    return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
  };
  return [...runs].sort((one, other) => rankedBy(one) - rankedBy(other)).slice(0, mostColoured);
}

export function colorOf(legend: LineLegend, key: string, theme: Theme): string | undefined {
  const place = legend.places.get(key);
  return place === undefined ? undefined : seriesColor(theme, place);
}

/** What is measured on the train set is dashed. */
export function dashOf(series: Curve["series"], all: readonly string[]): readonly number[] {
  if (series.startsWith("train_")) return [5, 4];
  const others = all.filter((each) => !each.startsWith("train_"));
  return [[], [2, 3], [9, 3, 2, 3]][others.indexOf(series) % 3] ?? [];
}
