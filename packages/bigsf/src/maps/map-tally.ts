import { basename } from "node:path";
import { countText } from "@ml-mosaic/base";
import type { MapPaths, MapSection } from "./maps.ts";

/** What is noteworthy about the pixels of a map. */
export interface MapTally {
  readonly pixels: number;
  /** Undefined pixels of the image. */
  readonly nan: number;
  readonly infinite: number;
  readonly negative: number;
  /** Of the finite pixels; infinities, the wrong way round, where there are none. */
  readonly lowest: number;
  readonly highest: number;
  readonly labelled: number;
  /** Labelled pixels on a filament. */
  readonly filament: number;
  readonly targetLowest: number;
  readonly targetHighest: number;
}

export interface TallyBuilder {
  add(section: MapSection): void;
  finish(): MapTally;
}

export function startTally(): TallyBuilder {
  let pixels = 0;
  let nan = 0;
  let infinite = 0;
  let negative = 0;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let labelledPixels = 0;
  let filament = 0;
  let targetLowest = Number.POSITIVE_INFINITY;
  let targetHighest = Number.NEGATIVE_INFINITY;
  return {
    add({ raw, target, labelled }) {
      pixels += raw.length;
      for (let i = 0; i < raw.length; i++) {
        const value = raw[i] ?? 0;
        // False for NaN and the infinities.
        if (value - value === 0) {
          if (value < 0) negative += 1;
          if (value < lowest) lowest = value;
          if (value > highest) highest = value;
        } else if (Number.isNaN(value)) nan += 1;
        else infinite += 1;
        const spine = target[i] ?? 0;
        if (spine < targetLowest) targetLowest = spine;
        if (spine > targetHighest) targetHighest = spine;
        if (labelled[i] === 1) {
          labelledPixels += 1;
          if (spine > 0) filament += 1;
        }
      }
    },
    finish: () => ({
      pixels,
      nan,
      infinite,
      negative,
      lowest,
      highest,
      labelled: labelledPixels,
      filament,
      targetLowest,
      targetHighest,
    }),
  };
}

/** What a user should know of a map before training on it, one sentence each. */
export function tallyNotes(tally: MapTally, paths: MapPaths): readonly string[] {
  const [image, target] = [basename(paths.image), basename(paths.target)];
  const notes: string[] = [];
  if (tally.nan > 0)
    notes.push(`${image}: ${shareText(tally.nan, tally.pixels)} of the pixels are NaN; they count as 0.`);
  if (tally.infinite > 0)
    notes.push(
      `${image}: ${countText(tally.infinite, "infinite pixel")} ${tally.infinite === 1 ? "counts" : "count"} as 0.`,
    );
  if (tally.negative > 0) {
    notes.push(
      `${image}: ${countText(tally.negative, "negative pixel")} ${tally.negative === 1 ? "stays as it is" : "stay as they are"}, since only positive ones are normalised; the lowest is ${tally.lowest}.`,
    );
  }
  if (tally.lowest === tally.highest)
    notes.push(`${image}: all its pixels are ${tally.lowest}; there is nothing to be seen.`);
  if (tally.targetLowest < 0 || tally.targetHighest > 1) {
    notes.push(
      `${target}: its values go from ${tally.targetLowest} to ${tally.targetHighest}; losses expect 1 on filaments and 0 elsewhere.`,
    );
  }
  if (tally.labelled > 0 && tally.filament === 0) notes.push(`${target}: no labelled pixel lies on a filament.`);
  if (tally.labelled > 0 && tally.filament === tally.labelled)
    notes.push(
      `${basename(paths.background)}: every labelled pixel lies on a filament; a model learns to find them everywhere.`,
    );
  return notes;
}

/** "2.3 %", with enough digits not to be 0. */
export function shareText(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (100 * part) / whole;
  return `${percent > 0 && percent < 0.1 ? percent.toPrecision(1) : percent.toFixed(1)} %`;
}
