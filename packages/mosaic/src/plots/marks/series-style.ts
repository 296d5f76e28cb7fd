/** Which colour, dash and shape each of several lines gets, and what its legend says. */
import { type Direction, smallestOf } from "@ml-mosaic/statistics";
import { shortLabels } from "../text/fit-text.ts";
import { backgroundColor, dashes, palette, shapes } from "./style.ts";

/** So many lines can be told apart; of more, the best are shown in colour and the others as their background. */
const mostColoured = 12;
const bestOfMany = 7;
const longestLabel = 76;
/** Legends of longer labels are below the plot. */
const longestBeside = 26;

/** What is to be told apart; the means say which are the best. */
interface Styled {
  readonly name: string;
  readonly points: readonly { readonly mean: number }[];
}

interface Legend {
  readonly orient: "right" | "bottom";
  readonly columns?: number;
  readonly labelLimit: number;
  readonly symbolType?: string;
  readonly symbolSize?: number;
  readonly symbolOpacity?: number;
  readonly offset?: number;
}

export interface SeriesStyle {
  /** Label of each series in colour, by its name. */
  readonly labels: ReadonlyMap<string, string>;
  /** For under the title; "" where all series are in colour. */
  readonly othersNote: string;
  readonly legend: Legend;
  /** The channels that tell the labels in the rows' field `series` apart, with one legend. */
  channels(legend: Legend | null): ReturnType<typeof channelsOf>;
}

export function seriesStyle(series: readonly Styled[], direction: Direction): SeriesStyle {
  const shown = series.length <= mostColoured ? series : bestSeries(series, direction);
  const labels = shortLabels(
    shown.map(({ name }) => name),
    longestLabel,
  );
  const longest = Math.max(0, ...[...labels.values()].map((label) => label.length));
  const isBeside = longest <= longestBeside;
  const others = series.length - shown.length;
  return {
    labels,
    othersNote: others === 0 ? "" : `the ${shown.length} with the best means in colour, ${others} others in grey`,
    legend: {
      orient: isBeside ? "right" : "bottom",
      columns: isBeside || longest > longestBeside * 1.5 ? 1 : 2,
      labelLimit: isBeside ? 170 : 460,
    },
    channels: (legend) => channelsOf([...labels.values()], legend),
  };
}

function channelsOf(domain: string[], legend: Legend | null) {
  const channel = <Value>(value: (index: number) => Value) =>
    ({
      field: "series",
      type: "nominal",
      title: null,
      scale: { domain, range: domain.map((_, index) => value(index)) },
      legend,
    }) as const;
  return {
    color: channel((index) => palette[index % palette.length] ?? backgroundColor),
    // Another dash for each round of the colours.
    strokeDash: channel((index) => [...(dashes[Math.floor(index / palette.length) % dashes.length] ?? [1, 0])]),
    shape: channel((index) => shapes[index % shapes.length] ?? "circle"),
  };
}

/** In their order. */
function bestSeries(series: readonly Styled[], direction: Direction): readonly Styled[] {
  const sign = direction === "lower" ? 1 : -1;
  const best = ({ points }: Styled) => smallestOf(points.map(({ mean }) => sign * mean));
  const chosen = new Set([...series].sort((one, other) => best(one) - best(other)).slice(0, bestOfMany));
  return series.filter((one) => chosen.has(one));
}
