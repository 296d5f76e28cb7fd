/** All that a page shows, as its address has it: whoever opens the address sees the same. */
import { type Brush, brushOfText, brushText } from "./brush.ts";

export const viewNames = [
  "overview",
  "runs",
  "curves",
  "verdicts",
  "space",
  "scatter",
  "failures",
  "run",
  "maps",
] as const;
export type ViewName = (typeof viewNames)[number];

export interface Sorting {
  readonly name: string;
  readonly isDescending: boolean;
}

export interface PageState {
  readonly view: ViewName;
  /** The run that the view `run` shows. */
  readonly run: number | null;
  /** The condition as typed. */
  readonly where: string;
  /** Parts of axes that are chosen, which narrow the condition down. */
  readonly brushes: readonly Brush[];
  /** Columns by whose values runs are grouped. */
  readonly by: readonly string[];
  /** Columns of the table in their order; null for those that say something. */
  readonly columns: readonly string[] | null;
  readonly sort: Sorting | null;
  /** Ids of selected runs, as `1-5,9`. */
  readonly selection: string;
  /** The run from which differences are shown. */
  readonly baseline: number | null;
  /** The result that verdicts, Space and Overview are about. */
  readonly result: string | null;
  /** The data set of the verdicts; null for the first. */
  readonly data: string | null;
  readonly x: string | null;
  readonly y: string | null;
  readonly color: string | null;
  /** The option of a slice. */
  readonly option: string | null;
  /** Axes of parallel coordinates; null for the options that differ and the result. */
  readonly axes: readonly string[] | null;
  /** Of curves; null for train and test loss. */
  readonly series: readonly string[] | null;
  readonly axis: "epoch" | "seconds";
  /** Of the axis of values; null where the values decide. */
  readonly isLogarithmic: boolean | null;
  /** Weight of the past in smoothed curves, from 0 to 0.99. */
  readonly smoothing: number;
  /** The pair of models that Verdicts explains. */
  readonly pair: readonly [string, string] | null;
  /** The map of another program that is shown; null for the first. */
  readonly map: string | null;
  /** The figure whose scores are drawn; null for the first that is none of loss. */
  readonly figure: string | null;
}

export const initialState: PageState = {
  view: "overview",
  run: null,
  where: "",
  brushes: [],
  by: [],
  columns: null,
  sort: null,
  selection: "",
  baseline: null,
  result: null,
  data: null,
  x: null,
  y: null,
  color: null,
  option: null,
  axes: null,
  series: null,
  axis: "epoch",
  isLogarithmic: null,
  smoothing: 0,
  pair: null,
  map: null,
  figure: null,
};

/** The part of an address behind `#`: the view, then what differs from the beginning. */
export function fragmentOf(state: PageState): string {
  const parts = new URLSearchParams();
  const put = (name: string, value: string | number | null) => {
    if (value !== null && value !== "") parts.append(name, String(value));
  };
  put("where", state.where);
  for (const brush of state.brushes) put("brush", brushText(brush));
  for (const name of state.by) put("by", name);
  for (const name of state.columns ?? []) put("column", name);
  if (state.sort !== null) put("sort", `${state.sort.isDescending ? "-" : "+"}${state.sort.name}`);
  put("selection", state.selection);
  put("baseline", state.baseline);
  put("result", state.result);
  put("data", state.data);
  put("x", state.x);
  put("y", state.y);
  put("color", state.color);
  put("option", state.option);
  for (const name of state.axes ?? []) put("axes", name);
  for (const name of state.series ?? []) put("series", name);
  if (state.axis !== "epoch") put("axis", state.axis);
  if (state.isLogarithmic !== null) put("log", state.isLogarithmic ? 1 : 0);
  if (state.smoothing > 0) put("smoothing", state.smoothing);
  for (const name of state.pair ?? []) put("pair", name);
  put("map", state.map);
  put("figure", state.figure);
  const place = state.view === "run" ? `run/${state.run ?? ""}` : state.view;
  const text = parts.toString();
  return `#/${place}${text === "" ? "" : `?${text}`}`;
}

/** What it cannot read is as at the beginning: addresses are shortened and typed by people. */
export function stateOf(fragment: string): PageState {
  const [, place = "", text = ""] = /^#?\/?([^?]*)\??(.*)$/s.exec(fragment) ?? [];
  const [written, run] = place.split("/");
  const parts = new URLSearchParams(text);
  const textOf = (name: string) => parts.get(name) || null;
  const listOf = (name: string) => (parts.has(name) ? parts.getAll(name) : null);
  const view = viewNames.find((name) => name === written) ?? initialState.view;
  const sort = parts.get("sort") ?? "";
  const smoothing = Number(parts.get("smoothing") ?? 0);
  const [one, other] = parts.getAll("pair");
  return {
    view: view === "run" && wholeOf(run) === null ? initialState.view : view,
    run: view === "run" ? wholeOf(run) : null,
    where: parts.get("where") ?? "",
    brushes: parts.getAll("brush").flatMap((each) => brushOfText(each) ?? []),
    by: parts.getAll("by"),
    columns: listOf("column"),
    sort: sort.length < 2 ? null : { name: sort.slice(1), isDescending: sort.startsWith("-") },
    selection: parts.get("selection") ?? "",
    baseline: wholeOf(parts.get("baseline")),
    result: textOf("result"),
    data: textOf("data"),
    x: textOf("x"),
    y: textOf("y"),
    color: textOf("color"),
    option: textOf("option"),
    axes: listOf("axes"),
    series: listOf("series"),
    axis: parts.get("axis") === "seconds" ? "seconds" : "epoch",
    isLogarithmic: parts.get("log") === "1" ? true : parts.get("log") === "0" ? false : null,
    smoothing: smoothing > 0 && smoothing <= 0.99 ? smoothing : 0,
    pair: one !== undefined && other !== undefined ? [one, other] : null,
    map: textOf("map"),
    figure: textOf("figure"),
  };
}

function wholeOf(text: string | null | undefined): number | null {
  return text !== null && text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
