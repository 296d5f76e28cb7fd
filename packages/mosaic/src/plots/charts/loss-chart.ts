/** The loss curves of one run. */
import { countText, wholeText } from "@ml-mosaic/base/count-text";
import type { EpochRecord } from "@ml-mosaic/training";
import { numberAxis } from "../marks/axes.ts";
import { lines, points } from "../marks/marks.ts";
import { scaleOf } from "../marks/scales.ts";
import { palette, textSize } from "../marks/style.ts";
import { type LossPoint, thinCurve } from "../marks/thin-curve.ts";
import { wrapText } from "../text/fit-text.ts";
import { numberLabel } from "../text/number-label.ts";
import type { Chart, Room } from "./chart.ts";
import { messageChart } from "./message-chart.ts";

export interface LossCurves {
  readonly runId: number;
  readonly status: string;
  /** `Class(v1,v2) | Class(…)` */
  readonly pipeline: string;
  /** Name of the loss function, where it is known. */
  readonly lossFunction: string | undefined;
  readonly parameterCount: number | null;
  readonly overfit: number | null;
  readonly trainability: number | null;
  readonly slope: number | null;
  readonly epochs: readonly EpochRecord[];
}

const sets = ["train", "test"] as const;
type SetName = (typeof sets)[number];

/** @param columns of pixels that the curves are thinned to */
export function lossChart(curves: LossCurves, room: Room, columns: number): Chart {
  const train = curveOf(curves.epochs, "train");
  const test = curveOf(curves.epochs, "test");
  const drawn = [...train, ...test].flatMap(({ loss }) => loss ?? []);
  const title = titleLines(curves, room);
  if (drawn.length === 0) return messageChart(title, emptyReason(curves));
  const lossName = curves.lossFunction === undefined ? "loss" : `loss (${curves.lossFunction})`;
  return {
    title: { ...title, subtitle: [...title.subtitle, ...notesOf(curves)] },
    encoding: {
      x: { field: "epoch", ...epochAxis(curves.epochs) },
      y: { field: "loss", ...numberAxis(scaleOf(drawn), lossName) },
    },
    layer: [...curveLayers("train", train, columns), ...curveLayers("test", test, columns)],
  };
}

/**
 * Where both curves are equal, both are seen: the second one is thinner. Dashes would do as well, but a PDF holds each
 * dash by itself.
 */
const lineWidths: Readonly<Record<SetName, number>> = { train: 2.5, test: 1 };

const legend = { orient: "top", direction: "horizontal", offset: 2, symbolType: "stroke", symbolSize: 200 } as const;

function curveLayers(set: SetName, curve: readonly LossPoint[], columns: number) {
  const alone = curve.filter((_, index) => isAlone(curve, index));
  const scale = { domain: [...sets], range: [palette[0], palette[1]] };
  const color = { datum: set, type: "nominal", title: null, scale, legend } as const;
  const look = { invalid: "break-paths-filter-domains", strokeWidth: lineWidths[set] } as const;
  return [
    lines(thinCurve(curve, columns), { color }, look),
    ...(alone.length > 0 ? [points(alone, { color }, { size: 24 })] : []),
  ];
}

/** NaN and infinities are gaps. */
function curveOf(epochs: readonly EpochRecord[], set: SetName): readonly LossPoint[] {
  return epochs.map(({ epoch, trainLoss, validLoss }) => ({
    epoch,
    loss: finite(set === "train" ? trainLoss : validLoss),
  }));
}

/** Between gaps, where no line would show it. */
function isAlone(curve: readonly LossPoint[], index: number): boolean {
  const isGap = (place: number) => (curve[place]?.loss ?? null) === null;
  return !isGap(index) && isGap(index - 1) && isGap(index + 1);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function epochAxis(epochs: readonly EpochRecord[]) {
  const [first, last] = [epochs[0]?.epoch ?? 1, epochs.at(-1)?.epoch ?? 1];
  const domain: [number, number] = first === last ? [first - 1, last + 1] : [first, last];
  return {
    type: "quantitative",
    title: "epoch",
    scale: { domain, nice: false, zero: false },
    axis: { grid: false, tickCount: 5, tickMinStep: 1, format: ",d" },
  } as const;
}

function titleLines(curves: LossCurves, room: Room) {
  const { runId, status, pipeline, parameterCount, overfit, trainability, slope } = curves;
  const figures = Object.entries({ overfit, trainability, slope });
  const figureText = figures.map(([name, value]) => `${name} ${numberLabel(value)}`).join(" · ");
  const parameters = parameterCount === null ? "parameters unknown" : countText(parameterCount, "parameter");
  return {
    text: [`Run ${runId}${status === "done" ? "" : ` (${status})`} — ${parameters}`],
    subtitle: [
      ...wrapText(pipeline, room, textSize.subtitle, 2),
      ...(status === "done" ? wrapText(figureText, room, textSize.subtitle, 1) : []),
    ],
  };
}

/** What the curves do not show. */
function notesOf({ epochs }: LossCurves): readonly string[] {
  return sets.flatMap((set) => {
    const values = epochs.map((epoch) => (set === "train" ? epoch.trainLoss : epoch.validLoss));
    const wild = values.filter((value) => !Number.isFinite(value));
    const first = epochs[values.findIndex((value) => !Number.isFinite(value))]?.epoch;
    const share = `${wholeText(wild.length)} of ${countText(epochs.length, "epoch")}`;
    return wild.length > 0 ? [`gap: ${set} loss NaN or infinite in ${share}, first in ${first}`] : [];
  });
}

function emptyReason({ status, epochs }: LossCurves): string {
  if (epochs.length === 0)
    return status === "done" ? "No loss history is stored for this run." : `No loss history: the run is ${status}.`;
  return `All losses of ${countText(epochs.length, "epoch")} are NaN or infinite.`;
}
