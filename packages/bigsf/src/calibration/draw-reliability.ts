import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { shareText } from "../maps/map-tally.ts";
import { FONT_FAMILY, registerFonts } from "../pictures/fonts.ts";
import type { CalibrationFigures, CalibrationReport, ReliabilityBin } from "./calibration-figures.ts";

const side = 380;
const left = 76;
const between = 96;
const top = 96;
const histogram = { gap: 14, height: 70 } as const;
const width = left + 2 * side + between + 36;
const height = top + side + histogram.gap + histogram.height + 96;
const ink = "#1a1a1a";
const grey = "#4d4d4d";
const blue = "#0072b2";

/** Reliability diagrams (DeGroot and Fienberg, 1983) before and after calibration, as PNG. */
export async function drawReliability({ raw, calibrated }: CalibrationReport, title: string): Promise<Uint8Array> {
  registerFonts();
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.fillStyle = ink;
  context.font = `600 20px '${FONT_FAMILY}'`;
  context.fillText(`How sure, how often right: ${title}`, left, 34, width - left - 20);
  const most = Math.max(...[raw, calibrated].flatMap(({ bins }) => bins.map(({ pixels }) => pixels)));
  drawPanel(context, left, "as the models say", raw, most);
  drawPanel(context, left + side + between, "calibrated", calibrated, most);
  context.font = `14px '${FONT_FAMILY}'`;
  context.fillStyle = grey;
  context.textAlign = "left";
  const note = "Labelled pixels of areas that neither model nor calibrator has seen; bars: 95 %, areas drawn again.";
  context.fillText(note, left, height - 14, width - left - 20);
  return canvas.encode("png");
}

function drawPanel(
  context: SKRSContext2D,
  x0: number,
  name: string,
  { bins, expectedCalibrationError: error, brier }: CalibrationFigures,
  most: number,
): void {
  const x = (value: number) => x0 + value * side;
  const y = (value: number) => top + (1 - value) * side;
  context.textAlign = "left";
  context.fillStyle = ink;
  context.font = `600 16px '${FONT_FAMILY}'`;
  context.fillText(name, x0, top - 32);
  context.font = `15px '${FONT_FAMILY}'`;
  context.fillStyle = grey;
  const figures = `expected calibration error ${error.value.toFixed(3)}, Brier score ${brier.value.toFixed(4)}`;
  context.fillText(figures, x0, top - 11, side);
  drawFrame(context, x0);
  context.strokeStyle = "#9a9a9a";
  context.setLineDash([5, 5]);
  line(context, [x(0), y(0)], [x(1), y(1)]);
  context.setLineDash([]);
  const shown = bins.filter(({ pixels }) => pixels > 0);
  drawShares(context, shown, x, y);
  drawHistogram(context, bins, most, x);
  context.fillStyle = ink;
  context.textAlign = "center";
  context.font = `16px '${FONT_FAMILY}'`;
  const bottom = top + side + histogram.gap + histogram.height;
  context.fillText("probability of a filament", x(0.5), bottom + 44);
  sideTitle(context, "share on a filament", x0 - 54, y(0.5));
  sideTitle(context, "pixels", x0 - 54, bottom - histogram.height / 2);
}

function drawFrame(context: SKRSContext2D, x0: number): void {
  const bottom = top + side + histogram.gap + histogram.height;
  context.lineWidth = 1;
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.strokeRect(x0 - 0.5, top - 0.5, side + 1, side + 1);
  context.strokeRect(x0 - 0.5, bottom - histogram.height - 0.5, side + 1, histogram.height + 1);
  context.font = `14px '${FONT_FAMILY}'`;
  for (const value of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    const [x, y] = [x0 + value * side, top + (1 - value) * side];
    context.textAlign = "right";
    line(context, [x0, y], [x0 - 5, y]);
    context.fillText(String(value), x0 - 9, y + 5);
    context.textAlign = "center";
    line(context, [x, bottom], [x, bottom + 5]);
    context.fillText(String(value), x, bottom + 20);
  }
}

function drawShares(
  context: SKRSContext2D,
  bins: readonly ReliabilityBin[],
  x: (value: number) => number,
  y: (value: number) => number,
): void {
  context.strokeStyle = blue;
  context.fillStyle = blue;
  context.lineWidth = 1.5;
  for (const { mean, share } of bins)
    if (share.interval !== undefined)
      line(context, [x(mean), y(share.interval.low)], [x(mean), y(share.interval.high)]);
  context.beginPath();
  for (const { mean, share } of bins) context.lineTo(x(mean), y(share.value));
  context.stroke();
  for (const { mean, share } of bins) {
    context.beginPath();
    context.arc(x(mean), y(share.value), 4, 0, 2 * Math.PI);
    context.fill();
  }
}

/** How many pixels are called so: the share of the fullest bin is written above it. */
function drawHistogram(
  context: SKRSContext2D,
  bins: readonly ReliabilityBin[],
  most: number,
  x: (value: number) => number,
): void {
  const bottom = top + side + histogram.gap + histogram.height;
  const all = bins.reduce((sum, { pixels }) => sum + pixels, 0);
  context.fillStyle = "#a9c9de";
  for (const { from, to, pixels } of bins) {
    const tall = (pixels / most) * (histogram.height - 18);
    context.fillRect(x(from) + 1, bottom - tall, x(to) - x(from) - 2, tall);
  }
  const fullest = bins.reduce((best, bin) => (bin.pixels > best.pixels ? bin : best));
  context.fillStyle = grey;
  context.font = `13px '${FONT_FAMILY}'`;
  const isLeft = fullest.from < 0.5;
  context.textAlign = isLeft ? "left" : "right";
  const tall = (fullest.pixels / most) * (histogram.height - 18);
  context.fillText(shareText(fullest.pixels, all), isLeft ? x(fullest.from) + 2 : x(fullest.to) - 2, bottom - tall - 4);
}

function line(context: SKRSContext2D, from: readonly [number, number], to: readonly [number, number]): void {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

function sideTitle(context: SKRSContext2D, title: string, x: number, y: number): void {
  context.save();
  context.font = `16px '${FONT_FAMILY}'`;
  context.textAlign = "center";
  context.translate(x, y);
  context.rotate(-Math.PI / 2);
  context.fillText(title, 0, 0);
  context.restore();
}
