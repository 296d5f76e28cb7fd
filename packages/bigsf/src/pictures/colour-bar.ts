import type { SKRSContext2D } from "@napi-rs/canvas";
import type { Box } from "./draw-map.ts";
import { FONT_FAMILY } from "./fonts.ts";
import type { Stretch } from "./stretch.ts";
import { exponentOf, numeral, roundValues, superscript } from "./ticks.ts";

export interface ColourBar {
  readonly stretch: Stretch;
  /** 256 colours, as `colourTable` gives them. */
  readonly table: Uint8Array;
  readonly quantity: string;
}

/** A bar of all colours, with values at its right. */
export function drawColourBar(context: SKRSContext2D, { left, top, width, height }: Box, bar: ColourBar): void {
  const { stretch, table, quantity } = bar;
  for (let y = 0; y < height; y++) {
    const shade = 3 * Math.round(255 * (1 - y / Math.max(1, height - 1)));
    context.fillStyle = `rgb(${table.subarray(shade, shade + 3).join(",")})`;
    context.fillRect(left, top + y, width, 1);
  }
  context.strokeStyle = "#1a1a1a";
  context.fillStyle = "#1a1a1a";
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  context.font = `14px '${FONT_FAMILY}'`;
  context.textAlign = "left";
  const exponent = exponentOf(Math.max(Math.abs(stretch.low), Math.abs(stretch.high)));
  const unit = 10 ** exponent;
  let below = Number.POSITIVE_INFINITY;
  context.beginPath();
  for (const { value, label } of barTicks(stretch.low / unit, stretch.high / unit)) {
    const y = Math.round(top + height * (1 - stretch(value * unit))) + 0.5;
    // The curve crowds the bright end.
    if (below - y < 20) continue;
    below = y;
    context.moveTo(left + width, y);
    context.lineTo(left + width + 5, y);
    context.fillText(label, left + width + 9, y + 5);
  }
  context.stroke();
  context.save();
  context.translate(left + width + 62, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.font = `16px '${FONT_FAMILY}'`;
  context.fillText(exponent === 0 ? quantity : `${quantity}, in 10${superscript(exponent)}`, 0, 0);
  context.restore();
  context.textAlign = "left";
}

function barTicks(low: number, high: number): readonly { value: number; label: string }[] {
  const { values, decimals } = roundValues(low, high, 12);
  return values.map((value) => ({ value, label: numeral(value, decimals) }));
}
