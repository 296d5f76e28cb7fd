/** Curves of runs, or bands of groups, drawn as they come: hover reads values, dragging zooms. */
import { html } from "htm/preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Curve, CurveQuery, Curves } from "../../../wire/curves.ts";
import { drawAxes, type Frame } from "../../marks/axes.ts";
import { drawBands, drawLines, type Line, nearestPlace, smoothed, withinFrame } from "../../marks/lines.ts";
import { Picture, type Pointer, type Surface, type Tip } from "../../marks/picture.ts";
import { extentOf, roomyScale, scaleOf } from "../../marks/scales.ts";
import { Answered, Message, useAnswer } from "../../parts/answer.ts";
import { numberText, wholeText } from "../../parts/number-text.ts";
import type { Board } from "../../state/board.ts";
import { colorOf, dashOf, groupText, legendOf, runName } from "./line-style.ts";
import { type LiveCurves, useLiveCurves } from "./live-curves.ts";

interface LinePictureProps {
  readonly board: Board;
  readonly query: CurveQuery;
  /** Null where the values decide. */
  readonly isLogarithmic: boolean | null;
  readonly smoothing: number;
  readonly height: number;
  /** A new value asks again. */
  readonly refresh: unknown;
}

export function LinePicture({ board, query, isLogarithmic, smoothing, height, refresh }: LinePictureProps) {
  const [zoom, setZoom] = useState<readonly [number, number] | undefined>(undefined);
  const [detail, setDetail] = useState(1);
  const asked = { ...query, pixels: Math.min(20_000, query.pixels * detail) };
  const [asks, setAsks] = useState(0);
  const answer = useAnswer(JSON.stringify(asked), () => board.source.curves(asked), `${refresh} ${asks}`);
  const live = useLiveCurves(board, answer.value, query, () => setAsks((before) => before + 1));
  useEffect(() => {
    setZoom(undefined);
    setDetail(1);
  }, [query.x, query.series.join()]);
  const choose = (range: readonly [number, number] | undefined, whole: number) => {
    setZoom(range);
    // Asked for as finely as the zoomed part needs.
    setDetail(range === undefined ? 1 : 2 ** Math.ceil(Math.log2(Math.max(1, whole / (range[1] - range[0])))));
  };
  const show = (curves: Curves) => {
    if (curves.lines.length === 0 && curves.bands.length === 0)
      return html`<${Message}>No run that is chosen has a curve yet.<//>`;
    return html`${zoom !== undefined && html`<button type="button" onClick=${() => choose(undefined, 1)}>Show all of the axis</button>`}
      <${Drawn} board=${board} curves=${curves} live=${live} query=${query} isLogarithmic=${isLogarithmic} smoothing=${smoothing} height=${height} zoom=${zoom} onZoom=${choose} />`;
  };
  return html`<${Answered} answer=${answer} what="the curves" show=${show} />`;
}

interface DrawnProps extends Omit<LinePictureProps, "refresh"> {
  readonly curves: Curves;
  readonly live: LiveCurves;
  readonly zoom: readonly [number, number] | undefined;
  readonly onZoom: (range: readonly [number, number] | undefined, whole: number) => void;
}

/** Values that differ by more than this are on a logarithmic axis, unless asked otherwise. */
const mostLinear = 50;

interface Shown {
  readonly key: string;
  readonly name: string;
  readonly series: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly raw: ArrayLike<number> | undefined;
  readonly note: (place: number) => string;
}

function Drawn({ board, curves, live, query, isLogarithmic: asked, smoothing, height, zoom, onZoom }: DrawnProps) {
  const frame = useRef<Frame | undefined>(undefined);
  const [dragged, setDragged] = useState<readonly [number, number] | undefined>(undefined);
  const legend = useMemo(() => legendOf(board, curves), [curves, board.result.value, board.version.value]);
  const shown = useMemo(() => shownLines(board, curves, live, smoothing), [curves, live.version, smoothing]);
  const [first, last] = useMemo(
    () => extentOf(shown.flatMap(({ x }) => [x[0] ?? Number.NaN, x[x.length - 1] ?? Number.NaN])),
    [shown],
  );
  const [from, to] = zoom ?? [first, last];
  const { low, high, isLogarithmic } = useMemo(() => {
    const lines = extentWithin(
      shown.map(({ x, y, raw }) => [x, raw ?? y]),
      from,
      to,
    );
    const isLog = asked ?? (lines.low > 0 && lines.high / lines.low > mostLinear);
    const bands = curves.bands.flatMap(({ x, low: bottom, high: top }) => [[x, bottom] as const, [x, top] as const]);
    const ofBands = extentWithin(bands, from, to);
    return {
      low: isLog ? Math.min(lines.positive, ofBands.positive) : Math.min(lines.low, ofBands.low),
      high: Math.max(lines.high, ofBands.high),
      isLogarithmic: isLog,
    };
  }, [shown, from, to, asked]);
  const titles = query.series.map(
    (name) => board.experiment.value?.series.find((each) => each.name === name)?.title ?? name,
  );
  const draw = (surface: Surface) => {
    const { theme } = surface;
    const isZoomed = zoom !== undefined;
    const drawn = drawAxes(
      surface,
      {
        scale: isZoomed ? scaleOf(from, to) : roomyScale(from, to, false, 0.01),
        title: query.x === "epoch" ? "epoch" : "seconds",
      },
      { scale: roomyScale(low, high, isLogarithmic), title: titles.join(", ") },
    );
    frame.current = drawn;
    const isGrouped = curves.bands.length > 0;
    const lines = shown.map(({ key, series, x, y, raw }): readonly Line[] => {
      const color = colorOf(legend, key, theme);
      const line: Line = {
        x,
        y,
        color: color ?? theme.other,
        width: color === undefined ? 0.7 : isGrouped ? 2 : 1.5,
        opacity: color === undefined ? 0.6 : 1,
        dash: dashOf(series, query.series),
      };
      return raw === undefined
        ? [line]
        : [{ ...line, y: raw, width: 1, opacity: color === undefined ? 0.12 : 0.3 }, line];
    });
    withinFrame(surface, drawn, () => {
      drawBands(
        surface,
        drawn,
        curves.bands.map(({ group, x, low: bottom, high: top }) => ({
          x,
          low: bottom,
          high: top,
          color: colorOf(legend, groupText(group), theme) ?? theme.other,
        })),
      );
      const isBehind = (place: number) => colorOf(legend, shown[place]?.key ?? "", theme) === undefined;
      drawLines(
        surface,
        drawn,
        lines.flatMap((each, place) => (isBehind(place) ? each : [])),
      );
      drawLines(
        surface,
        drawn,
        lines.flatMap((each, place) => (isBehind(place) ? [] : each)),
      );
    });
  };
  const scales = () => ({
    x: zoom === undefined ? roomyScale(from, to, false, 0.01) : scaleOf(from, to),
    y: roomyScale(low, high, isLogarithmic),
  });
  const tipAt = (pointer: Pointer): Tip | undefined => {
    const drawn = frame.current;
    if (drawn === undefined || pointer.x < drawn.left || pointer.x > drawn.left + drawn.width) return undefined;
    const wanted = scales().x.value((pointer.x - drawn.left) / drawn.width);
    let nearest: { readonly line: Shown; readonly place: number; readonly far: number } | undefined;
    for (const line of shown) {
      const place = nearestPlace(line.x, wanted);
      const far = Math.hypot(drawn.x(line.x[place] ?? 0) - pointer.x, drawn.y(line.y[place] ?? 0) - pointer.y);
      if (far < (nearest?.far ?? 40)) nearest = { line, place, far };
    }
    if (nearest === undefined) return undefined;
    const { line, place } = nearest;
    const title = board.experiment.value?.series.find(({ name }) => name === line.series)?.title ?? line.series;
    return {
      x: drawn.x(line.x[place] ?? 0),
      y: drawn.y(line.y[place] ?? 0),
      text: `${line.name}\n${query.x} ${numberText(line.x[place] ?? 0)}: ${title} ${numberText((line.raw ?? line.y)[place] ?? 0)}${line.note(place)}`,
    };
  };
  const onDrag = (start: Pointer, end: Pointer, isDone: boolean) => {
    const drawn = frame.current;
    if (drawn === undefined) return;
    const inside = (x: number) => Math.min(drawn.left + drawn.width, Math.max(drawn.left, x));
    const range = [inside(start.x), inside(end.x)] as const;
    setDragged(isDone ? undefined : range);
    const { x } = scales();
    const [one, other] = range.map((each) => x.value((each - drawn.left) / drawn.width));
    if (isDone && one !== undefined && other !== undefined && Math.abs(range[1] - range[0]) > 5)
      onZoom([Math.min(one, other), Math.max(one, other)], last - first);
  };
  const runs = new Set(curves.lines.map(({ run }) => run)).size;
  return html`<${Picture}
      height=${height}
      label=${curves.bands.length > 0 ? `Bands of ${legend.names.length} groups over ${query.x}` : `Curves of ${runs} runs over ${query.x}`}
      drawn=${[shown, [...legend.places.keys()].join("\n"), from, to, low, high, isLogarithmic]}
      draw=${draw}
      tipAt=${tipAt}
      onDrag=${onDrag}
    >
      ${dragged !== undefined && html`<${ChosenPart} frame=${frame.current} range=${dragged} />`}
    <//>
    <${Legend} names=${legend.names} />
    <p class="note">
      ${curves.bands.length > 0 ? `Means of the groups' runs; bands are the ${curves.interval}. n is said under the pointer. ` : ""}
      ${runs > 0 && curves.runs > runs ? runsNote(curves.runs, runs, query.most) : ""}${legend.note}
      ${query.series.some((name) => name.startsWith("train_")) && query.series.length > 1 ? " Dashed: on the train set." : ""}
      ${smoothing > 0 ? " Smoothed; what was measured lies behind, thin." : ""} Drag to zoom.
    </p>`;
}

/** The part of the x axis that is being chosen. */
function ChosenPart({
  frame,
  range,
}: {
  readonly frame: Frame | undefined;
  readonly range: readonly [number, number];
}) {
  if (frame === undefined) return null;
  const [from, to] = [Math.min(...range), Math.max(...range)];
  const place = { left: from, width: to - from, top: frame.top, height: frame.height };
  return html`<div class="chosen-part" style=${Object.fromEntries(Object.entries(place).map(([name, size]) => [name, `${size}px`]))}></div>`;
}

/** Of the values of lines whose x lie in this part: the smallest, the largest, and the smallest above zero. */
function extentWithin(
  lines: readonly (readonly [x: ArrayLike<number>, y: ArrayLike<number>])[],
  from: number,
  to: number,
) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let positive = Number.POSITIVE_INFINITY;
  for (const [x, y] of lines)
    for (let place = 0; place < x.length; place += 1) {
      const across = x[place] ?? 0;
      const value = y[place] ?? Number.NaN;
      if (across < from || across > to || !Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
      if (value > 0 && value < positive) positive = value;
    }
  return { low, high, positive };
}

/** Not all that are chosen are drawn: there are too many, or some have no epoch. */
function runsNote(chosen: number, drawn: number, most = chosen): string {
  const of = `of ${wholeText(chosen)} runs`;
  return chosen > most
    ? `The first ${wholeText(most)} ${of}. `
    : `${wholeText(drawn)} ${of}: the others have no epoch. `;
}

function Legend({ names }: { readonly names: readonly { readonly key: string; readonly name: string }[] }) {
  return html`<ul class="legend">
    ${names.map(({ key, name }, place) => html`<li key=${key}><span class=${`swatch series-${(place % 7) + 1}`} aria-hidden="true"></span>${name}</li>`)}
  </ul>`;
}

function shownLines(board: Board, curves: Curves, live: LiveCurves, smoothing: number): readonly Shown[] {
  const smooth = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    smoothing > 0 ? { y: smoothed(x, y, smoothing), raw: y } : { y, raw: undefined };
  const ofLines = curves.lines.map((curve: Curve): Shown => {
    const { x, y } = live.extended(curve);
    return {
      key: String(curve.run),
      name: runName(board, curve.run),
      series: curve.series,
      x,
      ...smooth(x, y),
      note: () => "",
    };
  });
  const ofBands = curves.bands.map(({ group, series, x, mean, low, high, n }): Shown => {
    const name = groupText(group);
    const note = (place: number) =>
      `\n${numberText(low[place] ?? Number.NaN)} to ${numberText(high[place] ?? Number.NaN)}, n = ${n[place] ?? 0}`;
    return { key: name, name, series, x, ...smooth(x, mean), note };
  });
  return [...ofLines, ...ofBands];
}
