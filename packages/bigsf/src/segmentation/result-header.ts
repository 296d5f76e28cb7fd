import { addCommentary, type Header, removeCards, setCard } from "@ml-mosaic/fits";

/** What a source says of its own pixels, which is wrong of probabilities and masks. INHERIT belongs to extensions. */
const ofTheSource = ["BUNIT", "BTYPE", "DATAMIN", "DATAMAX", "INHERIT", "CHECKSUM", "DATASUM", "DATE"];

/** Distortions by a table, and where in the file the table is: paper IV, and D2IM of the Hubble telescope. */
const byTable =
  /^(?:(?:CP|CQ)(?:DIS|ERR)\d[A-Z]?|D[PQ]\d[A-Z]?(?:\..*)?|D2IM(?:DIS|ERR)?\d(?:\..*)?|D2IMEXT|D2IMARR|AXISCORR)$/;

export interface ResultText {
  /** What the pixels, which have no unit, are. */
  readonly meaning: string;
  readonly history: readonly string[];
  /** When it was made; now by default. */
  readonly date?: Date | undefined;
}

/**
 * The header of a map that was made from another: its cards in their order, coordinates included, and how it was made as
 * HISTORY. What describes the encoding of pixels is up to the writer.
 */
export function resultHeader(source: Header, { meaning, history, date = new Date() }: ResultText): Header {
  const tables = [...new Set(source.cards.map(({ keyword }) => keyword).filter((keyword) => byTable.test(keyword)))];
  const left =
    tables.length === 0
      ? []
      : [`distortions by a table (${tables.join(", ")}) were left out: the tables are in the source's extensions`];
  const kept = removeCards(source, ...ofTheSource, ...tables);
  const described = [
    ["BUNIT", "", `no unit: ${meaning}`],
    ["DATE", `${date.toISOString().slice(0, 19)}`, "when this file was made, UTC"],
    ["CREATOR", "bigsf", "program that made this file"],
  ] as const;
  const header = described.reduce((made, [keyword, value, comment]) => setCard(made, keyword, value, comment), kept);
  return [...history, ...left].reduce((made, line) => addCommentary(made, "HISTORY", inAscii(line)), header);
}

/** Names of files may hold what a header cannot: as JSON's escapes, such as \u00d6. */
function inAscii(text: string): string {
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
