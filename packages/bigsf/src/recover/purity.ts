/**
 * Which share of a catalogue are filaments. What is found where it is certain that there is none is false; such places are a
 * known share of all that lie off the labelled filaments, and the others are taken to be like them.
 */
import { shareInterval } from "@ml-mosaic/statistics";
import type { Point } from "../catalogue/skeleton-graph.ts";
import { type Ground, ground, groundAt } from "./ground.ts";
import { type Chance, chanceAt, fitLogistic, type LogisticFit } from "./logistic.ts";

/** `unknown`: it lies where nobody has looked. */
export type Judgement = "filament" | "none" | "unknown";

/** What is known of a filament of the catalogue. */
export interface Traits {
  readonly x: number;
  readonly y: number;
  readonly contrast: number | undefined;
  readonly width: number | undefined;
  /** Mean along the spine. */
  readonly probability: number | undefined;
}

export interface Judged extends Traits {
  readonly id: number;
  readonly judgement: Judgement;
}

export interface Purity {
  readonly found: number;
  readonly filaments: number;
  readonly none: number;
  readonly unknown: number;
  /** Share of the places off the labelled filaments at which somebody has looked. */
  readonly looked: number;
  /** Not less than the share that is labelled, and not more than all but those that are known to be none. */
  readonly purity: Chance;
  readonly traits: TraitsFit | undefined;
}

/** How probable it is that a filament of the catalogue is one, by its traits. */
export interface TraitsFit {
  /** ln of the share of false ones that are known as such over that of the true ones. */
  readonly offset: number;
  /** Side in pixels of the squares by which it is cross-fitted. */
  readonly side: number;
  readonly all: LogisticFit;
  /** Without the squares of each group. */
  readonly without: readonly LogisticFit[];
  readonly contrast: readonly [number, number];
  readonly width: readonly [number, number];
  /** Mean squared error of what was cross-fitted, of those that are judged, and that of their share. */
  readonly brier: number;
  readonly brierOfShare: number;
}

const groups = 5;
const side = 128;
/** Of either kind, to tell them by their traits. */
const fewest = 5;
/** Pixels by which a spine may lie beside a labelled filament. */
const beside = 2;

/** By most of its spine. */
export function judge(points: readonly Point[], map: Ground): Judgement {
  const isOn = (x: number, y: number) => {
    for (let dy = -beside; dy <= beside; dy++)
      for (let dx = -beside; dx <= beside; dx++)
        if (dx * dx + dy * dy <= beside * beside && (groundAt(map, x + dx, y + dy) & ground.target) !== 0) return true;
    return false;
  };
  const half = points.length / 2;
  if (points.filter(({ x, y }) => isOn(x, y)).length >= half) return "filament";
  const looked = points.filter(({ x, y }) => (groundAt(map, x, y) & ground.background) !== 0).length;
  return looked >= half ? "none" : "unknown";
}

/** @returns undefined where nothing was found, or nobody has looked anywhere */
export function purityOf(
  judged: readonly Judged[],
  { free, looked }: Pick<Ground, "free" | "looked">,
): Purity | undefined {
  const count = (which: Judgement) => judged.filter(({ judgement }) => judgement === which).length;
  const [found, filaments, none] = [judged.length, count("filament"), count("none")];
  if (found === 0 || looked === 0) return undefined;
  const share = looked / free;
  const unknown = found - filaments - none;
  // Of all that was found, a share (1 - purity) * looked is known to be false. No more are than are not labelled.
  const { low, high } = shareInterval(none, found);
  const pure = (known: number) => Math.min(1 - none / found, Math.max(filaments / found, 1 - known / share));
  // Of the false ones, as far as there can be so many; all others are true ones, some of them without a label.
  const seen = none === 0 ? share : Math.max(share, none / (none + unknown));
  const labelled = Math.min(1, filaments / (found - none / seen));
  return {
    found,
    filaments,
    none,
    unknown,
    looked: share,
    purity: { value: pure(none / found), low: pure(high), high: pure(low) },
    traits: traitsFit(judged, Math.log(seen / labelled)),
  };
}

/**
 * Of those that are judged a logistic regression says how probable it is that they are filaments. False ones are only known where
 * somebody has looked, true ones where they are labelled: of all, the odds are those of the judged ones times the ratio of these
 * shares (Prentice and Pyke, Biometrika 66, 1979).
 */
export function probabilityOf(fit: TraitsFit, filament: Traits, isOwnMap: boolean): Chance | undefined {
  const row = rowOf(filament, fit);
  if (row === undefined) return undefined;
  return chanceAt((isOwnMap ? fit.without[groupOf(filament)] : undefined) ?? fit.all, row, fit.offset);
}

function traitsFit(judged: readonly Judged[], offset: number): TraitsFit | undefined {
  const known = judged.flatMap((each) => {
    const { contrast = 0, width = 0, probability, judgement } = each;
    const isWhole = contrast > 0 && width > 0 && probability !== undefined;
    return judgement === "unknown" || !isWhole ? [] : [{ ...each, contrast, width }];
  });
  const isTrue = (each: Judged) => each.judgement === "filament";
  const trues = known.filter(isTrue).length;
  if (Math.min(trues, known.length - trues) < fewest) return undefined;
  const bounds = (values: readonly number[]): [number, number] => [
    values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  ];
  const ranges = {
    contrast: bounds(known.map((each) => each.contrast)),
    width: bounds(known.map((each) => each.width)),
  };
  const fitOn = (those: readonly Judged[]) =>
    fitLogistic(
      those.flatMap((each) => [rowOf(each, ranges) ?? []]),
      those.map(isTrue),
    );
  const without = Array.from({ length: groups }, (_, group) => fitOn(known.filter((each) => groupOf(each) !== group)));
  const all = fitOn(known);
  const share = trues / known.length;
  const brier = (said: (each: Judged) => number) =>
    known.reduce((sum, each) => sum + (said(each) - (isTrue(each) ? 1 : 0)) ** 2, 0) / known.length;
  return {
    offset,
    side,
    all,
    without,
    ...ranges,
    brier: brier((each) => chanceAt(without[groupOf(each)] ?? all, rowOf(each, ranges) ?? []).value),
    brierOfShare: brier(() => share),
  };
}

/** Squares of a group are not beside each other. */
function groupOf({ x, y }: Pick<Traits, "x" | "y">): number {
  return (2 * Math.floor(y / side) + Math.floor(x / side)) % groups;
}

/** Undefined where a trait is not known. */
function rowOf(
  { contrast, width, probability }: Traits,
  { contrast: contrasts, width: widths }: Pick<TraitsFit, "contrast" | "width">,
): readonly number[] | undefined {
  if (contrast === undefined || width === undefined || probability === undefined) return undefined;
  if (!(width > 0) || Number.isNaN(contrast)) return undefined;
  const within = (value: number, [low, high]: readonly [number, number]) => Math.min(high, Math.max(low, value));
  const said = within(probability, [0.01, 0.99]);
  return [1, Math.log(within(contrast, contrasts)), Math.log(within(width, widths) / 4), Math.log(said / (1 - said))];
}
