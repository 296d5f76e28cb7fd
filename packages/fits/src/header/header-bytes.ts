import { FitsError, type Place } from "../fits-error.ts";
import { BLOCK_LENGTH, CARD_LENGTH, type Card } from "./card.ts";
import type { Header } from "./header.ts";
import { isOpenString, parseCard } from "./parse-card.ts";

const END = "END".padEnd(CARD_LENGTH);

/**
 * Reads the cards of a header up to END.
 * @param bytes a multiple of 80; anything after END is ignored
 * @returns null where there is no END in these bytes
 */
export function parseHeader(bytes: Uint8Array, place?: Place): Header | null {
  const cards: Card[] = [];
  let open = "";
  const finish = () => {
    if (open !== "") cards.push(parseCard(open));
    open = "";
  };
  for (let start = 0; start + CARD_LENGTH <= bytes.length; start += CARD_LENGTH) {
    // Latin-1 keeps one character per byte, so that bytes that are no ASCII come back as they were.
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset + start, CARD_LENGTH).toString("latin1");
    if (raw === END) {
      finish();
      return { cards, place };
    }
    if (
      raw.startsWith("CONTINUE") &&
      raw.slice(8, 10) !== "= " &&
      open !== "" &&
      isOpenString(open.slice(-CARD_LENGTH))
    ) {
      open += raw;
    } else {
      finish();
      open = raw;
    }
  }
  return null;
}

/**
 * The bytes of a header: its cards, END and the blanks that fill the last block.
 * @throws FitsError `WRITE_INVALID` where a card's `raw` is no multiple of 80 characters or holds END
 */
export function formatHeader(header: Header): Uint8Array {
  for (const { raw, keyword } of header.cards) {
    if (raw.length === 0 || raw.length % CARD_LENGTH !== 0 || keyword === "END") {
      throw new FitsError({
        code: "WRITE_INVALID",
        place: header.place,
        keyword,
        problem: "a card has to be 80 characters per line and not END",
        remedy: "Make cards with formatCard",
      });
    }
  }
  const text = header.cards.map((card) => card.raw).join("") + END;
  return Buffer.from(text.padEnd(Math.ceil(text.length / BLOCK_LENGTH) * BLOCK_LENGTH), "latin1");
}
