import { createRequire } from "node:module";

let widthOf: ((text: string) => number) | undefined;

/** Columns that a text takes on a terminal. What knows it of all scripts takes 50 ms to load, and is asked of few texts. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  if (widthOf === undefined) {
    const library: typeof import("string-width") = createRequire(import.meta.url)("string-width");
    widthOf = library.default;
  }
  return widthOf(text);
}
