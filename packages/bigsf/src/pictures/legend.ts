import type { SKRSContext2D } from "@napi-rs/canvas";
import { FONT_FAMILY } from "./fonts.ts";

export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  /** Width of a line, for what is drawn as one. */
  readonly line?: number;
  readonly opacity?: number;
}

const ROW = 26;
const SWATCH = 24;
const GAP = 26;

/** Height of the legend in dots, the space below it included. */
export function legendHeight(entries: readonly LegendEntry[], width: number): number {
  return placeEntries(entries, width).rows * ROW + 8;
}

/** Swatches with labels, from `left` and `top` on, in as many rows as they need. */
export function drawLegend(
  context: SKRSContext2D,
  entries: readonly LegendEntry[],
  left: number,
  top: number,
  width: number,
): void {
  context.font = font;
  context.textAlign = "left";
  for (const { entry, x, row } of placeEntries(entries, width).places) {
    const middle = top + row * ROW + 8;
    context.strokeStyle = "#1a1a1a";
    if (entry.line === undefined) {
      context.globalAlpha = Math.max(0.35, entry.opacity ?? 1);
      context.fillStyle = entry.colour;
      context.fillRect(left + x, middle - 8, SWATCH, 16);
      context.globalAlpha = 1;
      context.lineWidth = 0.5;
      context.strokeRect(left + x, middle - 8, SWATCH, 16);
    } else {
      // Lines may be white, as they are seen on dark maps.
      context.fillStyle = "#5a5a5a";
      context.fillRect(left + x, middle - 8, SWATCH, 16);
      context.strokeStyle = entry.colour;
      context.lineWidth = Math.max(2, entry.line);
      context.beginPath();
      context.moveTo(left + x, middle);
      context.lineTo(left + x + SWATCH, middle);
      context.stroke();
    }
    context.fillStyle = "#1a1a1a";
    context.fillText(entry.label, left + x + SWATCH + 8, middle + 5);
  }
}

const font = `15px '${FONT_FAMILY}'`;

function placeEntries(entries: readonly LegendEntry[], width: number) {
  let x = 0;
  let row = 0;
  const places = entries.map((entry) => {
    // 7.4 dots are a little more than the mean letter of the font.
    const needed = SWATCH + 8 + entry.label.length * 7.4 + GAP;
    if (x > 0 && x + needed > width) {
      x = 0;
      row += 1;
    }
    const place = { entry, x, row };
    x += needed;
    return place;
  });
  return { places, rows: entries.length === 0 ? 0 : row + 1 };
}
