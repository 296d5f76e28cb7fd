/** An axis of a column of the table: numbers by their size, texts at a place each. */

import { type ColumnData, noText } from "../../wire/columns.ts";
import type { ColumnInfo } from "../../wire/experiment.ts";
import type { RunTable } from "../../wire/run-table.ts";
import { ranksOf } from "../columns/sort-rows.ts";
import { numberText } from "../parts/number-text.ts";
import { pipelineLabels } from "../state/pipeline-labels.ts";
import { bandScale } from "./axes.ts";
import { extentOf, roomyScale, type Scale, scaleOf, wholeTicks } from "./scales.ts";

export interface ColumnAxis {
  readonly name: string;
  readonly title: string;
  readonly scale: Scale;
  /** Of an axis of texts, in the order of the axis. */
  readonly texts: readonly string[] | undefined;
  /** The same for people. */
  readonly labels: readonly string[] | undefined;
  /** Where each of the rows lies, as the scale takes it; NaN for those without a value. */
  readonly numbers: Float64Array;
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
  const numbers = numbersOf(column, rows);
  const [low, high] = extentOf(numbers);
  const isLogarithmic = low > 0 && (high / low > mostLinear || (info.scale === "log" && high / low > 5));
  return {
    name: info.name,
    title,
    scale: tickedScale(
      isRoomy ? roomyScale(low, high, isLogarithmic) : scaleOf(low, high, isLogarithmic),
      info,
      numbers,
    ),
    texts: undefined,
    labels: undefined,
    numbers,
  };
}

const mostValues = 8;

/** Few values that were given have a tick each: between them is nothing. So has an axis without a number no tick. */
function tickedScale(scale: Scale, { role, whole }: ColumnInfo, values: Float64Array): Scale {
  const occurring = new Set<number>();
  let last = Number.NaN;
  for (let index = 0; index < values.length && occurring.size <= mostValues; index += 1) {
    const value = values[index] ?? Number.NaN;
    // Repetitions of a pipeline lie beside each other.
    if (value !== last && Number.isFinite(value)) occurring.add(value);
    last = value;
  }
  if (occurring.size === 0) return { ...scale, ticks: () => [] };
  const between = whole === true && !scale.isLogarithmic ? wholeTicks(scale, ...extentOf(values)) : scale;
  if (role === "result" || occurring.size > mostValues) return between;
  const ticks = Array.from(occurring, (value) => ({ value, text: numberText(value) })).sort(
    (one, other) => one.value - other.value,
  );
  return { ...scale, ticks: (most) => (ticks.length <= most ? ticks : between.ticks(most)) };
}

/** A plain loop: an iterator of a million rows takes ten times as long. */
function numbersOf({ values, missing }: Extract<ColumnData, { kind: "number" }>, rows: Uint32Array): Float64Array {
  const numbers = new Float64Array(rows.length);
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] ?? 0;
    numbers[index] = missing?.[row] === 1 ? Number.NaN : (values[row] ?? Number.NaN);
  }
  return numbers;
}

function textAxis({ codes, texts }: Extract<ColumnData, { kind: "text" }>, rows: Uint32Array, isPipeline: boolean) {
  const used = new Uint8Array(texts.length);
  for (let index = 0; index < rows.length; index += 1) {
    const code = codes[rows[index] ?? 0] ?? noText;
    if (code !== noText) used[code] = 1;
  }
  const ranks = ranksOf(texts);
  const codesShown = Array.from(texts.keys()).filter((code) => used[code] === 1);
  const shown = codesShown
    .sort((one, other) => (ranks[one] ?? 0) - (ranks[other] ?? 0))
    .map((code) => texts[code] ?? "");
  const labels = isPipeline ? shown.map((text) => pipelineLabels(texts).get(text) ?? text) : shown;
  const places = new Map(shown.map((text, place) => [text, place]));
  const placeOf = Float64Array.from(texts, (text) => places.get(text) ?? Number.NaN);
  const numbers = new Float64Array(rows.length);
  for (let index = 0; index < rows.length; index += 1)
    numbers[index] = placeOf[codes[rows[index] ?? 0] ?? noText] ?? Number.NaN;
  return { scale: bandScale(labels), texts: shown, labels, numbers };
}
