import { infinityFromText, numberFromText } from "@ml-mosaic/configurable/scalars";

/** What `<` and `>` compare; undefined for a text, and for what is not a number. */
export function orderedNumber(text: string): number | undefined {
  return numberFromText(text) ?? infinityFromText(text);
}
