/** Parallel coordinates of all runs under the filter; dragging along an axis brushes, which narrows down every view. */
import { html } from "htm/preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { matchingRows } from "../../../wire/matching-rows.ts";
import { type ColumnAxis, columnAxis } from "../../marks/column-axis.ts";
import {
  type BrushMark,
  drawParallelAxes,
  drawParallelLines,
  heightsOf,
  parallelLayout,
} from "../../marks/parallel.ts";
import { Picture, type Pointer, type Surface } from "../../marks/picture.ts";
import { Message } from "../../parts/answer.ts";
import { ManyChoice } from "../../parts/choice.ts";
import type { Board } from "../../state/board.ts";
import { type Brush, withBrush } from "../../state/brush.ts";
import { ColorLegend } from "../point-picture.ts";

const height = 400;
const mostAxes = 10;
const mostPipelines = 24;
/** Pixels from an axis within which it is brushed. */
const reach = 22;
/** An axis is not narrower; on a narrow screen the picture is scrolled. */
const leastSpacing = 84;

export function ParallelPicture({ board }: { readonly board: Board }) {
  const version = board.version.value;
  const result = board.result.value;
  const { brushes, axes: chosen } = board.state.value;
  board.need(["pipeline"]);
  const names = chosen ?? firstAxes(board, result);
  board.need(names);
  // Runs under the condition alone lie behind those under the brushes too.
  const condition = board.condition.value.condition;
  const rows = useMemo(() => matchingRows(board.table, condition), [version, condition]);
  const matching = board.chosenRows.value;
  const axes = useMemo(
    () =>
      names.flatMap((name): ColumnAxis[] => {
        const info = board.columns.value.get(name);
        const axis = info === undefined ? undefined : columnAxis(board.table, info, rows, false);
        return axis === undefined ? [] : [axis];
      }),
    [rows, names.join("\n"), version],
  );
  const heights = useMemo(() => axes.map(heightsOf), [axes]);
  const colorAxis = axes.find(({ name }) => name === result);
  const colors = useMemo(
    () =>
      colorAxis === undefined
        ? new Float32Array(rows.length).fill(0.5)
        : heightsOf(colorAxis).map((at) => (at < 0 ? Number.NaN : at)),
    [axes, colorAxis],
  );
  const isShown = useMemo(() => {
    const [shown, ofRows] = [new Uint8Array(board.table.rows), new Uint8Array(rows.length)];
    for (let index = 0; index < matching.length; index += 1) shown[matching[index] ?? 0] = 1;
    for (let index = 0; index < rows.length; index += 1) ofRows[index] = shown[rows[index] ?? 0] ?? 0;
    return ofRows;
  }, [rows, matching]);
  const started = useRef<readonly Brush[]>([]);
  const isBrushing = useRef(false);
  const behind = useRef<{ key: readonly unknown[]; canvas: OffscreenCanvas } | undefined>(undefined);
  const [held, setHeld] = useState<{ readonly axis: number; readonly low: number; readonly high: number } | undefined>(
    undefined,
  );
  const columns = [...board.columns.value.values()];
  const chooser = html`<${ManyChoice}
    label="Axes"
    values=${names}
    options=${columns.filter(({ varies, role }) => varies || role === "result").map(({ name, title }) => ({ value: name, text: title }))}
    onChoose=${(values: readonly string[]) => board.update({ axes: values }, "push")}
  />`;
  if (axes.length < 2)
    return html`<div class="tools">${chooser}</div><${Message}>${names.length < 2 ? "No option differs between runs: choose two axes or more." : "Reading columns …"}<//>`;
  const draw = (surface: Surface) => {
    const layout = parallelLayout(surface.width, height, axes.length);
    const isNarrowed = matching.length < rows.length;
    if (isNarrowed) {
      // Behind a moving brush all stays as it is.
      const key = [axes, surface.width, surface.theme.other, surface.sharpness];
      if (behind.current === undefined || key.some((each, place) => each !== behind.current?.key[place])) {
        const canvas = new OffscreenCanvas(
          Math.round(surface.width * surface.sharpness),
          Math.round(height * surface.sharpness),
        );
        const context = canvas.getContext("2d");
        if (context !== null) {
          context.scale(surface.sharpness, surface.sharpness);
          drawParallelLines({ ...surface, context }, layout, { heights, colors: null, isShown: null });
        }
        behind.current = { key, canvas };
      }
      surface.context.drawImage(behind.current.canvas, 0, 0, surface.width, height);
    }
    drawParallelLines(surface, layout, { heights, colors, isShown: isNarrowed ? isShown : null });
    drawParallelAxes(surface, layout, axes, marksOf(brushes, axes));
  };
  const axisAt = ({ x }: Pointer, surface: Surface) =>
    parallelLayout(surface.width, height, axes.length).places.findIndex((place) => Math.abs(place - x) <= reach);
  const heightAt = (y: number, surface: Surface) => {
    const layout = parallelLayout(surface.width, height, axes.length);
    return Math.min(1, Math.max(0, 1 - (y - layout.top) / layout.height));
  };
  const onDrag = (from: Pointer, to: Pointer, isDone: boolean, surface: Surface) => {
    const place = axisAt(from, surface);
    const axis = axes[place];
    if (axis === undefined) return;
    const [one, other] = [heightAt(from.y, surface), heightAt(to.y, surface)];
    setHeld(isDone ? undefined : { axis: place, low: Math.min(one, other), high: Math.max(one, other) });
    const brush = brushOf(axis, Math.min(one, other), Math.max(one, other));
    const next = { brushes: withBrush(board.state.peek().brushes, axis.name, brush) };
    if (isDone) {
      // The back button undoes the whole brush.
      board.update({ brushes: started.current });
      board.update(next, "push");
      started.current = next.brushes;
      isBrushing.current = false;
    } else {
      if (!isBrushing.current) started.current = board.state.peek().brushes;
      isBrushing.current = true;
      board.update(next);
    }
  };
  const onPress = (pointer: Pointer, surface: Surface) => {
    const axis = axes[axisAt(pointer, surface)];
    if (axis !== undefined)
      board.update({ brushes: withBrush(board.state.peek().brushes, axis.name, undefined) }, "push");
  };
  return html`<div class="tools">
      ${chooser}
      ${brushes.length > 0 && html`<button type="button" onClick=${() => board.update({ brushes: [] }, "push")}>Take away all brushes</button>`}
      <p class="note">Drag along an axis to narrow all views down to a part of it; press it to take that away.</p>
    </div>
    <div class="wide-picture" tabindex="0" role="region" aria-label="Parallel coordinates">
      <div style=${{ minWidth: `${axes.length * leastSpacing}px` }}>
        <${Picture}
          height=${height}
          label=${`${matching.length} of ${rows.length} runs over the axes ${axes.map(({ title }) => title).join(", ")}`}
          drawn=${[heights, colors, isShown, brushes, held, matching.length]}
          draw=${draw}
          onDrag=${onDrag}
          onPress=${onPress}
        />
      </div>
    </div>
    ${colorAxis !== undefined && html`<${ColorLegend} axis=${colorAxis} />`}`;
}

/** What differs between runs, and what they have reached by it. */
function firstAxes(board: Board, result: string): readonly string[] {
  const options = board.options.value.map(({ name }) => name).filter((name) => name !== result);
  const column = board.table.column("pipeline");
  const isFew = column?.kind === "text" && column.texts.length > 1 && column.texts.length <= mostPipelines;
  // Texts that say which model it is are among the options, unless there are none.
  return [...(isFew && options.length < 2 ? ["pipeline"] : []), ...options].slice(0, mostAxes - 1).concat(result);
}

function brushOf({ name, scale, texts }: ColumnAxis, low: number, high: number): Brush | undefined {
  const [from, to] = [scale.value(low), scale.value(high)];
  if (texts !== undefined) {
    const values = texts.filter((_, place) => place >= from && place <= to);
    return values.length === 0 ? undefined : { kind: "values", name, values };
  }
  // At the ends of an axis rounding must not leave out what lies there.
  const rounded = (value: number, at: number, end: number) => (at === end ? value : Number(value.toPrecision(4)));
  return { kind: "range", name, low: rounded(from, low, 0), high: rounded(to, high, 1) };
}

function marksOf(brushes: readonly Brush[], axes: readonly ColumnAxis[]): readonly BrushMark[] {
  return brushes.flatMap((brush): BrushMark[] => {
    const axis = axes.findIndex(({ name }) => name === brush.name);
    const found = axes[axis];
    if (found === undefined) return [];
    const { scale, texts } = found;
    if (brush.kind === "range")
      return [{ axis, parts: [[Math.max(0, scale.at(brush.low)), Math.min(1, scale.at(brush.high))]] }];
    return [
      {
        axis,
        parts: brush.values.flatMap((value): [number, number][] => {
          const place = texts?.indexOf(value) ?? -1;
          return place < 0 ? [] : [[scale.at(place - 0.4), scale.at(place + 0.4)]];
        }),
      },
    ];
  });
}
