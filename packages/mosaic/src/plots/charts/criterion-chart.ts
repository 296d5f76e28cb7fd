/** Means of a criterion as lines or points, with their intervals. */
import { wholeText } from "@ml-mosaic/base/count-text";
import { type Direction, largestOf } from "@ml-mosaic/statistics";
import { numberAxis } from "../marks/axes.ts";
import { evenly } from "../marks/evenly.ts";
import { arrowHeads, boundsWithin, cutNote, type DrawnBounds, intervals } from "../marks/intervals.ts";
import { areas, type Layer, lines, points } from "../marks/marks.ts";
import { meanScale } from "../marks/mean-scale.ts";
import { type AxisScale, scaleOf } from "../marks/scales.ts";
import { seriesStyle } from "../marks/series-style.ts";
import { backgroundColor } from "../marks/style.ts";
import { joinNotes } from "../text/notes.ts";
import { titleOf } from "../text/title.ts";
import type { Chart, Room } from "./chart.ts";
import { messageChart } from "./message-chart.ts";
import { compareX, type Series } from "./series.ts";

export interface CriterionPlot {
  readonly title: string;
  /** Lines under the title: what is shown, how often, what is left out. */
  readonly notes: readonly string[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly series: readonly Series[];
  readonly direction: Direction;
  readonly marks: "line" | "point";
  readonly intervals: "fill_between" | "bars";
  readonly xScale?: "linear" | "log";
  readonly yScale?: "linear" | "log";
}

interface Row extends DrawnBounds {
  /** Label of the series; "" for those in grey. */
  readonly series: string;
  readonly x: number | string;
  readonly mean: number;
  readonly n: number;
}

export function criterionChart(plot: CriterionPlot, room: Room): Chart {
  const style = seriesStyle(plot.series, plot.direction);
  const places = plot.series.flatMap((one) => one.points);
  const yScale = meanScale(places, plot.yScale);
  const inGrey = plot.series.filter(({ name }) => !style.labels.has(name));
  const drawnGrey = new Set(evenly(inGrey, mostGrey));
  const thinned = plot.series.filter((one) => style.labels.has(one.name) || drawnGrey.has(one));
  const all = thinned.map((one) => rowsOf(one, yScale, style.labels.get(one.name) ?? ""));
  const longest = largestOf(thinned.map(({ points: of }) => of.length));
  const thinningNotes = [
    inGrey.length > mostGrey ? `${wholeText(mostGrey)} of those in grey are drawn` : "",
    longest > mostPlaces
      ? `of each line at most ${wholeText(mostPlaces)} of up to ${wholeText(longest)} means are drawn`
      : "",
  ];
  const inColour = all.filter(([row]) => row?.series !== "");
  const title = titleOf(
    plot.title,
    [...plot.notes, joinNotes([style.othersNote, cutNote(all.flat()), ...thinningNotes])],
    room,
  );
  if (plot.series.length === 0) return messageChart(title, "No run has both figures.");

  const { color, strokeDash, shape } = style.channels({ ...style.legend, symbolOpacity: 1 });
  const rows = inColour.flat();
  const isBand = plot.intervals === "fill_between" && plot.marks === "line";
  const stretches = isBand ? inColour.flatMap(stretchesOf) : [];
  const inBand = new Set(stretches.flat());
  return {
    title,
    encoding: {
      x: xChannel(
        plot,
        places.map(({ x }) => x),
      ),
      y: { field: "mean", ...numberAxis(yScale, plot.yTitle) },
    },
    layer: [
      ...greyLayers(
        all.filter(([row]) => row?.series === ""),
        plot.marks,
      ),
      ...stretches.map((stretch) => areas(stretch, { y: "drawnLow", y2: "drawnHigh", color }, { opacity: 0.18 })),
      ...arrowHeads([...inBand], "y", { color }),
      // A band needs two places next to each other; one alone gets a bar.
      ...intervals(
        rows.filter((row) => !inBand.has(row)),
        "y",
        { color },
      ),
      ...(plot.marks === "line" ? [lines(rows, { color, strokeDash })] : []),
      points(rows, { color, shape }, { size: 42 }),
    ],
  };
}

/** More in grey could not be told from each other. */
const mostGrey = 500;
/** Of a series; more lie on each other. */
const mostPlaces = 500;

function greyLayers(all: readonly (readonly Row[])[], marks: CriterionPlot["marks"]): readonly Layer[] {
  if (all.length === 0) return [];
  const look = { color: backgroundColor, strokeWidth: 0.75 };
  const isLine = (rows: readonly Row[]) => marks === "line" && rows.length > 1;
  const drawn = all.flatMap((rows, line) => (isLine(rows) ? rows.map((row) => ({ ...row, line })) : []));
  const alone = all.flatMap((rows) => (isLine(rows) ? [] : rows));
  return [
    ...intervals(all.flat(), "y", {}, { color: backgroundColor, strokeWidth: 0.4 }),
    ...(drawn.length > 0 ? [lines(drawn, { detail: "line" }, look)] : []),
    ...(alone.length > 0 ? [points(alone, {}, { ...look, filled: false, size: 12 })] : []),
  ];
}

/** Of places next to each other that have intervals: a place without one interrupts the band. */
function stretchesOf(rows: readonly Row[]): readonly (readonly Row[])[] {
  const stretches: Row[][] = [[]];
  for (const row of rows)
    if (row.low === null) stretches.push([]);
    else stretches.at(-1)?.push(row);
  return stretches.filter((stretch) => stretch.length > 1);
}

function rowsOf({ points: places }: Series, { domain }: AxisScale, series: string): readonly Row[] {
  return evenly(places, mostPlaces).map(({ x, mean, low, high, values }) => ({
    series,
    x,
    mean,
    n: values.length,
    ...boundsWithin({ low, high }, domain),
  }));
}

function xChannel({ xTitle, xScale }: CriterionPlot, places: readonly (number | string)[]) {
  const numbers = places.filter((place) => typeof place === "number");
  if (numbers.length < places.length) {
    const sort = [...new Set(places)].sort(compareX).map(String);
    return { field: "x", type: "ordinal", title: xTitle, sort, axis: { labelAngle: 0, grid: false } } as const;
  }
  return { field: "x", ...sizeAxis(scaleOf(numbers, xScale), xTitle, false) } as const;
}

/** Along the bottom, where large numbers have little room. */
export function sizeAxis(scale: AxisScale, title: string, grid = true) {
  return numberAxis(scale, title, { grid, large: scale.domain[1] > 1000 ? "~s" : ".6~g" });
}
