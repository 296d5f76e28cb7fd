import { textSize } from "../marks/style.ts";
import { type MeasureText, wrapText } from "./fit-text.ts";

/** A chart's title with the lines under it, as Vega-Lite takes them. */
export interface Title {
  readonly text: string[];
  readonly subtitle: string[];
}

/** @param notes a line each, or two where it is long; empty ones are left out */
export function titleOf(
  text: string,
  notes: readonly string[],
  room: { readonly width: number; readonly measure: MeasureText },
): Title {
  return {
    text: wrapText(text, room, textSize.title, 2, 600),
    subtitle: notes.flatMap((note) => wrapText(note, room, textSize.subtitle, 2)),
  };
}

export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
