import { addCommentary, type Header, removeCards } from "@ml-mosaic/fits";

/** What a source says of its own pixels, which is wrong of probabilities and masks. INHERIT belongs to extensions. */
const ofTheSource = ["BUNIT", "BTYPE", "DATAMIN", "DATAMAX", "INHERIT"];

/**
 * The header of a map that was made from another: its cards in their order, coordinates included, and how it was made as
 * HISTORY. What describes the encoding of pixels is up to the writer.
 */
export function resultHeader(source: Header, history: readonly string[]): Header {
  return history.reduce((header, line) => addCommentary(header, "HISTORY", line), removeCards(source, ...ofTheSource));
}
