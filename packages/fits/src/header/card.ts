/** A complex value of a card, section 4.2.5. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/**
 * The value of a card. Integers beyond 2^53 - 1 are bigints, so that none loses digits. `undefined` is a keyword without
 * a value, which the standard allows (section 4.1.2.3).
 */
export type CardValue = string | boolean | number | bigint | Complex | undefined;

/** One entry of a header: 80 characters, or more where a long string goes on in CONTINUE cards. */
export interface Card {
  /**
   * - `value`: keyword = value / comment
   * - `commentary`: COMMENT, HISTORY, a blank keyword or any other card without a value indicator; the text is in `comment`
   * - `invalid`: has a value indicator but what follows breaks the grammar; it is kept and written as it was read
   */
  readonly kind: "value" | "commentary" | "invalid";
  /** `NAXIS1`; `ESO TEL FOCU LEN` for `HIERARCH ESO TEL FOCU LEN = …`. */
  readonly keyword: string;
  readonly value: CardValue;
  readonly comment: string;
  /** The characters in the file, one per byte, a multiple of 80 of them. */
  readonly raw: string;
}

/** Bytes of one card, section 3.3.1. */
export const CARD_LENGTH = 80;

/** Bytes of one block: headers and data are padded to whole ones, section 3.1. */
export const BLOCK_LENGTH = 2880;
