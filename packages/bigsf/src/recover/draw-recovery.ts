import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { FONT_FAMILY, registerFonts } from "../pictures/fonts.ts";
import { type Completeness, type CompletenessBin, completenessAt } from "./completeness.ts";
import type { Chance } from "./logistic.ts";
import type { RecoveryFile } from "./recovery-file.ts";

const side = 380;
const left = 76;
const between = 84;
const top = 118;
const width = left + 2 * side + between + 36;
const height = top + side + 92;
const ink = "#1a1a1a";
const grey = "#4d4d4d";
/** Of Okabe and Ito (2008), for eyes of all kinds. */
const colours = ["#0072b2", "#009e73", "#d55e00"] as const;
const band = "rgba(0, 0, 0, 0.09)";
const points = 100;

type Axis = (value: number) => number;

/** Completeness by contrast and by width, as PNG: shares in bins with their intervals, and the fit. */
export async function drawRecovery({ completeness, injected, recovered, purity }: RecoveryFile, title: string) {
  registerFonts();
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.fillStyle = ink;
  context.font = `600 20px '${FONT_FAMILY}'`;
  context.fillText(`Which filaments are found: ${title}`, left, 34, width - left - 20);
  context.font = `15px '${FONT_FAMILY}'`;
  context.fillStyle = grey;
  const pure = purity === undefined ? "purity not known" : `purity of the catalogue ${shown(purity.purity)}`;
  context.fillText(`${recovered} of ${injected} injected filaments found; ${pure}`, left, 58, width - left - 20);
  drawPanel(context, left, "contrast", completeness);
  drawPanel(context, left + side + between, "width", completeness);
  context.font = `14px '${FONT_FAMILY}'`;
  context.fillStyle = grey;
  context.textAlign = "left";
  const note =
    "Points: as many injected filaments each, 95 % (Clopper and Pearson). Rings and lines: logistic fit; grey: 95 % of the middle line.";
  context.fillText(note, left, height - 14, width - left - 20);
  return canvas.encode("png");
}

function shown({ value, low, high }: Chance): string {
  return `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

function drawPanel(
  context: SKRSContext2D,
  x0: number,
  quantity: "contrast" | "width",
  completeness: Completeness,
): void {
  const [low, high] = completeness[quantity];
  const other = quantity === "contrast" ? "width" : "contrast";
  const [otherLow, otherHigh] = completeness[other];
  const x: Axis = (value) => x0 + (Math.log(value / low) / Math.log(high / low)) * side;
  const y: Axis = (value) => top + (1 - value) * side;
  const at = (share: number) => otherLow * (otherHigh / otherLow) ** share;
  const values = Array.from({ length: points + 1 }, (_, i) => low * (high / low) ** (i / points));
  const along = (fixed: number) =>
    values.map((value) =>
      quantity === "contrast" ? completenessAt(completeness, value, fixed) : completenessAt(completeness, fixed, value),
    );
  const middle = along(at(0.5));
  context.fillStyle = band;
  context.beginPath();
  for (const [i, value] of values.entries()) context.lineTo(x(value), y(middle[i]?.high ?? 0));
  for (const [i, value] of [...values.entries()].reverse()) context.lineTo(x(value), y(middle[i]?.low ?? 0));
  context.fill();
  drawFrame(context, x0, quantity, [low, high], x);
  context.textAlign = "left";
  context.font = `14px '${FONT_FAMILY}'`;
  let next = x0;
  for (const [i, share] of [0.15, 0.5, 0.85].entries()) {
    const colour = colours[i] ?? ink;
    const fixed = at(share);
    context.strokeStyle = colour;
    context.lineWidth = 1.8;
    context.beginPath();
    for (const [place, { value }] of along(fixed).entries()) context.lineTo(x(values[place] ?? low), y(value));
    context.stroke();
    const label = other === "width" ? `${fixed.toFixed(1)} pixels wide` : `contrast ${fixed.toFixed(2)}`;
    context.beginPath();
    context.moveTo(next, top - 17);
    context.lineTo(next + 18, top - 17);
    context.stroke();
    context.fillStyle = ink;
    context.fillText(label, next + 24, top - 12);
    next += side / 3;
  }
  drawBins(
    context,
    completeness.bins.filter((bin) => bin.quantity === quantity),
    x,
    y,
  );
}

function drawBins(context: SKRSContext2D, bins: readonly CompletenessBin[], x: Axis, y: Axis): void {
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.lineWidth = 1.5;
  for (const { from, to, completeness, low, high, fitted } of bins) {
    const middle = x(Math.sqrt(from * to));
    line(context, [middle, y(low)], [middle, y(high)]);
    line(context, [x(from), y(completeness)], [x(to), y(completeness)]);
    context.beginPath();
    context.arc(middle, y(completeness), 4, 0, 2 * Math.PI);
    context.fill();
    context.beginPath();
    context.arc(middle, y(fitted), 6, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawFrame(
  context: SKRSContext2D,
  x0: number,
  quantity: "contrast" | "width",
  [low, high]: readonly [number, number],
  x: Axis,
): void {
  const bottom = top + side;
  context.lineWidth = 1;
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.strokeRect(x0 - 0.5, top - 0.5, side + 1, side + 1);
  context.font = `14px '${FONT_FAMILY}'`;
  context.textAlign = "right";
  for (const value of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    const y = top + (1 - value) * side;
    line(context, [x0, y], [x0 - 5, y]);
    context.fillText(String(value), x0 - 9, y + 5);
  }
  context.textAlign = "center";
  const decades = Array.from({ length: 9 }, (_, i) => 10 ** (i - 4));
  for (const value of decades.flatMap((decade) => [1, 2, 3, 5, 7].map((factor) => factor * decade))) {
    if (value < low || value > high) continue;
    line(context, [x(value), bottom], [x(value), bottom + 5]);
    context.fillText(String(Number(value.toPrecision(2))), x(value), bottom + 20);
  }
  context.font = `16px '${FONT_FAMILY}'`;
  const what = quantity === "contrast" ? "contrast: height over the background" : "full width at half maximum (pixels)";
  context.fillText(what, x0 + side / 2, bottom + 44);
  context.save();
  context.translate(x0 - 44, top + side / 2);
  context.rotate(-Math.PI / 2);
  context.fillText("completeness", 0, 0);
  context.restore();
}

function line(context: SKRSContext2D, from: readonly [number, number], to: readonly [number, number]): void {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}
