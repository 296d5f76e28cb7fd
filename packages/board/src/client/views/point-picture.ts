/** Runs as points by two of their columns, coloured by a third: a scatter, or a slice through the space of options. */
import { html } from "htm/preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { drawAxes } from "../marks/axes.ts";
import { type ColumnAxis, columnAxis } from "../marks/column-axis.ts";
import { GridIndex } from "../marks/grid-index.ts";
import { Picture, type Pointer, type Surface, type Tip } from "../marks/picture.ts";
import { drawPoints } from "../marks/points.ts";
import { hexOf, rampColor, rampGradient, seriesColor, type Theme } from "../marks/theme.ts";
import { Message } from "../parts/answer.ts";
import { cellText, numberText, runsText } from "../parts/number-text.ts";
import type { Board } from "../state/board.ts";

interface PointProps {
  readonly board: Board;
  readonly x: string;
  readonly y: string;
  readonly color: string | null;
  readonly height: number;
  /** Those of the table that are drawn. */
  readonly rows: Uint32Array;
}

const reach = 14;
const indexMilliseconds = 100;

export function PointPicture({ board, x, y, color, height, rows }: PointProps) {
  const version = board.version.value;
  const names = color === null ? [x, y] : [x, y, color];
  board.need(names);
  const drawn = useRef<{ readonly x: Float32Array; readonly y: Float32Array; grid?: GridIndex } | undefined>(undefined);
  const axes = useMemo(() => {
    const axisOf = (name: string | null) => {
      const info = name === null ? undefined : board.columns.value.get(name);
      return info === undefined ? undefined : columnAxis(board.table, info, rows, true);
    };
    return { x: axisOf(x), y: axisOf(y), color: axisOf(color) };
  }, [rows, x, y, color, version]);
  const index = () => {
    const { current } = drawn;
    if (current !== undefined) current.grid ??= new GridIndex(current.x, current.y);
    return current?.grid;
  };
  useEffect(() => {
    // After it was drawn, before one points at it.
    const timer = setTimeout(index, indexMilliseconds);
    return () => clearTimeout(timer);
  }, [axes]);
  if (rows.length === 0) return html`<${Message}>No run meets the filter.<//>`;
  const { x: xAxis, y: yAxis } = axes;
  if (xAxis === undefined || yAxis === undefined) return html`<${Message} kind="waiting">Reading columns …<//>`;
  const draw = (surface: Surface) => {
    const frame = drawAxes(
      surface,
      { scale: xAxis.scale, title: xAxis.title },
      { scale: yAxis.scale, title: yAxis.title },
    );
    const places = {
      x: placesOf(xAxis, rows, [frame.left, frame.left + frame.width]),
      y: placesOf(yAxis, rows, [frame.top + frame.height, frame.top]),
    };
    const { colors, palette } = colorsOf(axes.color, rows.length, surface.theme);
    drawPoints(surface, { ...places, colors, palette });
    drawn.current = places;
  };
  const rowAt = (pointer: Pointer) => {
    const found = index()?.nearest(pointer.x, pointer.y, reach) ?? -1;
    return found < 0 ? undefined : { index: found, row: rows[found] ?? 0 };
  };
  const tipAt = (pointer: Pointer): Tip | undefined => {
    const hit = rowAt(pointer);
    if (hit === undefined || drawn.current === undefined) return undefined;
    const lines = names.map((name) => `${board.title(name)} ${cellText(board.table.cell(name, hit.row))}`);
    return {
      x: drawn.current.x[hit.index] ?? 0,
      y: drawn.current.y[hit.index] ?? 0,
      text: [`run ${board.table.id(hit.row)}`, ...lines].join("\n"),
    };
  };
  const press = (pointer: Pointer) => {
    const hit = rowAt(pointer);
    if (hit !== undefined) board.update({ view: "run", run: board.table.id(hit.row) }, "push");
  };
  const shown = countShown(xAxis, yAxis);
  if (shown === 0) return html`<${Message}>No run that is chosen has a number for both.<//>`;
  return html`<${Picture}
      height=${height}
      label=${`${runsText(shown)} by ${xAxis.title} and ${yAxis.title}`}
      drawn=${[axes, rows]}
      draw=${draw}
      tipAt=${tipAt}
      onPress=${press}
    />
    ${axes.color !== undefined && html`<${ColorLegend} axis=${axes.color} />`}
    ${shown < rows.length && html`<p class="note">${runsText(rows.length - shown)} without a number for both ${rows.length - shown === 1 ? "is" : "are"} not shown.</p>`}`;
}

/** No finite number where a point is nowhere. */
function placesOf(
  { scale, texts, numbers }: ColumnAxis,
  rows: Uint32Array,
  axis: readonly [from: number, to: number],
): Float32Array {
  const places = new Float64Array(rows.length);
  scale.put(texts === undefined ? numbers : spread(numbers, rows), axis, places);
  return new Float32Array(places);
}

/** Runs with the same text lie beside each other, always in the same places. */
function spread(numbers: Float64Array, rows: Uint32Array): Float64Array {
  const beside = new Float64Array(numbers.length);
  for (let index = 0; index < numbers.length; index += 1) {
    const share = (((rows[index] ?? 0) * 2654435761) >>> 16) / 65536 - 0.5;
    beside[index] = (numbers[index] ?? Number.NaN) + share * 0.5;
  }
  return beside;
}

function countShown({ numbers: x }: ColumnAxis, { numbers: y }: ColumnAxis): number {
  let count = 0;
  for (let index = 0; index < x.length; index += 1)
    if (Number.isFinite(x[index]) && Number.isFinite(y[index])) count += 1;
  return count;
}

const shades = 64;

function colorsOf(axis: ColumnAxis | undefined, points: number, theme: Theme) {
  const colors = new Uint16Array(points);
  if (axis === undefined) return { colors, palette: [seriesColor(theme, 0)] };
  const count = axis.texts?.length ?? shades;
  for (let index = 0; index < points; index += 1) {
    const value = axis.numbers[index] ?? Number.NaN;
    const at = axis.texts === undefined ? Math.round(axis.scale.at(value) * (shades - 1)) : value;
    // The last colour is for those without a value.
    colors[index] = Number.isFinite(at) ? Math.min(count - 1, Math.max(0, at)) : count;
  }
  const palette = Array.from({ length: count }, (_, index) =>
    axis.texts === undefined ? hexOf(rampColor(index / (shades - 1), theme)) : seriesColor(theme, index),
  );
  return { colors, palette: [...palette, theme.other] };
}

const mostNamed = 14;

export function ColorLegend({ axis }: { readonly axis: ColumnAxis }) {
  const { title, labels, scale } = axis;
  if (labels !== undefined)
    return html`<ul class="legend" aria-label=${title}>
      <li class="note">${title}:</li>
      ${labels.slice(0, mostNamed).map((text, place) => html`<li key=${text}><span class=${`swatch is-point series-${(place % 7) + 1}`} aria-hidden="true"></span>${text}</li>`)}
      ${labels.length > mostNamed ? html`<li class="note">and ${labels.length - mostNamed} more</li>` : ""}
    </ul>`;
  // Nothing has a colour where nothing has a number.
  if (scale.ticks(2).length === 0) return null;
  return html`<p class="ramp-line"><span class="note">${title}</span> ${numberText(scale.low)} <span class="ramp" style=${{ background: rampGradient }} aria-hidden="true"></span> ${numberText(scale.high)}</p>`;
}
