import { points } from "../marks/marks.ts";
import { textSize } from "../marks/style.ts";
import { wrapText } from "../text/fit-text.ts";
import type { Chart, Room } from "./chart.ts";

export const headingHeight = 46;
const size = textSize.title + 3;

/** The heading of a page of charts. */
export function headingChart(text: string, note: string, room: Room): Chart {
  const title = { text: wrapText(text, room, size, 1, 600), fontSize: size };
  return titleChart({ ...title, subtitle: wrapText(note, room, textSize.subtitle, 1) });
}

/** A title alone. */
export function titleChart(title: { text: string[]; subtitle: string[]; fontSize?: number }): Chart {
  return { title, layer: [points([{}], {}, { opacity: 0 })] };
}
