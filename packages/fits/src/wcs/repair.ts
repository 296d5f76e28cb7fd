/** What wcslib repairs in headers that say clearly enough what they mean. */
import { formatCard } from "../header/format-card.ts";
import { getCard, type Header } from "../header/header.ts";

export interface Repaired {
  readonly header: Header;
  /** What was repaired, a sentence each. */
  readonly notes: readonly string[];
}

const PLACING =
  /^(?:ctype|crpix|crval|cdelt|crota|cunit)\d[a-z]?$|^(?:pc|cd|pv)\d+_?\d+[a-z]?$|^(?:lon|lat)pole[a-z]?$|^(?:radesys|equinox|wcsaxes)[a-z]?$/i;

/** Keywords in lower case count as those in upper case, where there is none of these. */
export function repairKeywords(header: Header): Repaired {
  const notes: string[] = [];
  const cards = header.cards.map((card) => {
    const upper = card.keyword.toUpperCase();
    // What is not upper case is no keyword, so that its card was read as commentary if it has no value.
    if (upper === card.keyword || !PLACING.test(card.keyword) || getCard(header, upper) !== undefined) return card;
    notes.push(`${card.keyword} is read as ${upper}`);
    return formatCard(upper, card.value, card.comment);
  });
  return notes.length === 0 ? { header, notes } : { header: { ...header, cards }, notes };
}

/** Degrees in the units of angles, and how they are written wrongly. */
const UNITS: readonly { readonly unit: string; readonly degrees: number; readonly spellings: RegExp }[] = [
  { unit: "deg", degrees: 1, spellings: /^deg(?:s|rees?)?$/i },
  { unit: "arcmin", degrees: 1 / 60, spellings: /^(?:arcmin(?:s|utes?)?|amin)$/i },
  { unit: "arcsec", degrees: 1 / 3600, spellings: /^(?:arcsec(?:s|onds?)?|asec)$/i },
  { unit: "mas", degrees: 1 / 3_600_000, spellings: /^mas$/ },
  { unit: "rad", degrees: 180 / Math.PI, spellings: /^rad(?:ians?)?$/i },
];

export const ANGLES = UNITS.map(({ unit }) => unit);

/** @returns undefined for what is no angle; a note where it is spelt otherwise */
export function readAngle(
  written: string,
): { readonly degrees: number; readonly note: string | undefined } | undefined {
  const found = UNITS.find(({ spellings }) => spellings.test(written));
  if (found === undefined) return undefined;
  const note = found.unit === written ? undefined : `'${written}' is read as ${found.unit}`;
  return { degrees: found.degrees, note };
}
