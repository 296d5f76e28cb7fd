/** An axis of a column of the table: numbers by their size, texts at a place each. */

import { type ColumnData, noText } from "../../wire/columns.ts";
import type { ColumnInfo } from "../../wire/experiment.ts";
import type { RunTable } from "../../wire/run-table.ts";
import { numberText } from "../parts/number-text.ts";
import { pipelineLabels } from "../state/pipeline-labels.ts";
import { bandScale } from "./axes.ts";
import { extentOf, roomyScale, type Scale, scaleOf } from "./scales.ts";

export interface ColumnAxis {
  readonly name: string;
  readonly title: string;
  readonly scale: Scale;
  /** Of an axis of texts, in the order of the axis. */
  readonly texts: readonly string[] | undefined;
  /** The same for people. */
  readonly labels: readonly string[] | undefined;
  /** Where a row lies, as the scale takes it; NaN where it has no value. */
  numberAt(row: number): number;
}

/** Positive numbers that differ by more than this are on a logarithmic axis, as learning rates are. */
const mostLinear = 50;

export function columnAxis(
  table: RunTable,
  info: ColumnInfo,
  rows: Uint32Array,
  isRoomy: boolean,
): ColumnAxis | undefined {
  const column = table.column(info.name);
  if (column === undefined) return undefined;
  const title = info.unit === undefined ? info.title : `${info.title} (${info.unit})`;
  if (column.kind === "text") return { name: info.name, title, ...textAxis(column, rows, info.name === "pipeline") };
  const { values, missing } = column;
  const numberAt = (row: number) => (missing?.[row] === 1 ? Number.NaN : (values[row] ?? Number.NaN));
  const [low, high] = extentOf(rowValues(rows, numberAt));
  const isLogarithmic = low > 0 && (high / low > mostLinear || (info.scale === "log" && high / low > 5));
  return {
    name: info.name,
    title,
    scale: isRoomy
      ? roomyScale(low, high, isLogarithmic)
      : info.role === "result"
        ? scaleOf(low, high, isLogarithmic)
        : tickedScale(scaleOf(low, high, isLogarithmic), rowValues(rows, numberAt)),
    texts: undefined,
    labels: undefined,
    numberAt,
  };
}

const mostValues = 8;

/** Few values that were given have a tick each: between them is nothing. */
function tickedScale(scale: Scale, values: Iterable<number>): Scale {
  const occurring = new Set<number>();
  for (const value of values) {
    if (Number.isFinite(value)) occurring.add(value);
    if (occurring.size > mostValues) return scale;
  }
  const ticks = [...occurring].map((value) => ({ value, text: numberText(value) }));
  return { ...scale, ticks: (most) => (occurring.size > 0 ? ticks : scale.ticks(most)) };
}

function* rowValues(rows: Uint32Array, numberAt: (row: number) => number): Generator<number> {
  for (const row of rows) yield numberAt(row);
}

function textAxis({ codes, texts }: Extract<ColumnData, { kind: "text" }>, rows: Uint32Array, isPipeline: boolean) {
  const used = new Uint8Array(texts.length);
  for (const row of rows) {
    const code = codes[row] ?? noText;
    if (code !== noText) used[code] = 1;
  }
  const words = new Intl.Collator("en", { numeric: true });
  const shown = texts.filter((_, code) => used[code] === 1).sort(words.compare);
  const labels = isPipeline ? shown.map((text) => pipelineLabels(texts).get(text) ?? text) : shown;
  const places = new Map(shown.map((text, place) => [text, place]));
  const placeOf = Float64Array.from(texts, (text) => places.get(text) ?? Number.NaN);
  return {
    scale: bandScale(labels),
    texts: shown,
    labels,
    numberAt: (row: number) => placeOf[codes[row] ?? noText] ?? Number.NaN,
  };
}
