/** Which share of filaments is found, by how high and how wide they are. */
import { type Interval, shareInterval } from "@ml-mosaic/statistics";
import { type Chance, chanceAt, fitLogistic, type LogisticFit } from "./logistic.ts";

/** A filament that was put into the map, and what became of it. */
export interface Outcome {
  readonly id: number;
  /** Middle of its spine. */
  readonly x: number;
  readonly y: number;
  readonly length: number;
  readonly width: number;
  readonly contrast: number;
  /** Its height over the scatter of single pixels there; undefined where that is not known. */
  readonly significance: number | undefined;
  /** Of its spine, what is covered by spines that were not there before. */
  readonly share: number;
  readonly recovered: boolean;
  /** Of the filament of the catalogue that covers most of it, as measured there. */
  readonly measured: MeasuredOutcome | undefined;
}

export interface MeasuredOutcome {
  readonly length: number;
  readonly width: number | undefined;
  readonly contrast: number | undefined;
  readonly probability: number | undefined;
}

export const binned = ["contrast", "width", "length", "significance"] as const;

export interface CompletenessBin extends Interval {
  readonly quantity: (typeof binned)[number];
  readonly from: number;
  readonly to: number;
  readonly injected: number;
  readonly recovered: number;
  readonly completeness: number;
  /** What the fit says of those in the bin, on the mean. */
  readonly fitted: number;
}

type Bounds = readonly [low: number, high: number];

export interface Completeness {
  /** What was injected. */
  readonly contrast: Bounds;
  readonly width: Bounds;
  readonly fit: LogisticFit;
  readonly bins: readonly CompletenessBin[];
}

const binCount = 6;
const fewestInBin = 3;

export function completenessOf(outcomes: readonly Outcome[]): Completeness {
  const bounds = (of: (outcome: Outcome) => number): Bounds => {
    const values = outcomes.map(of).sort((a, b) => a - b);
    return [values[0] ?? Number.NaN, values.at(-1) ?? Number.NaN];
  };
  const ranges = { contrast: bounds(({ contrast }) => contrast), width: bounds(({ width }) => width) };
  const fit = fitLogistic(
    outcomes.map(({ contrast, width }) => terms(contrast, width)),
    outcomes.map(({ recovered }) => recovered),
  );
  const fitted = { ...ranges, fit };
  return { ...fitted, bins: binned.flatMap((quantity) => binsOf(quantity, outcomes, fitted)) };
}

/**
 * logit C = a + b ln contrast + c ln width + d (ln width)²: models find widths best that they know. Beyond what was injected it is
 * that of the nearest that was.
 */
export function completenessAt(
  { contrast: contrasts, width: widths, fit }: Omit<Completeness, "bins">,
  contrast: number,
  width: number,
): Chance {
  return chanceAt(fit, terms(within(contrast, contrasts), within(width, widths)));
}

/** Widths in units of four pixels, so that its terms are not alike. */
function terms(contrast: number, width: number): readonly number[] {
  const [high, wide] = [Math.log(contrast), Math.log(width / 4)];
  return [1, high, wide, wide * wide];
}

function within(value: number, [low, high]: Bounds): number {
  return Math.min(high, Math.max(low, value));
}

/** As many in each. */
function binsOf(
  quantity: (typeof binned)[number],
  outcomes: readonly Outcome[],
  fitted: Omit<Completeness, "bins">,
): readonly CompletenessBin[] {
  const known = outcomes.flatMap((outcome) => {
    const value = outcome[quantity];
    return value === undefined ? [] : [{ value, outcome }];
  });
  known.sort((a, b) => a.value - b.value);
  const count = Math.min(binCount, Math.floor(known.length / fewestInBin));
  return Array.from({ length: count }, (_, bin) => {
    const [first, end] = [bin, bin + 1].map((edge) => Math.round((edge * known.length) / count));
    const inside = known.slice(first, end);
    const recovered = inside.filter(({ outcome }) => outcome.recovered).length;
    const said = inside.reduce(
      (sum, { outcome }) => sum + completenessAt(fitted, outcome.contrast, outcome.width).value,
      0,
    );
    return {
      quantity,
      from: inside[0]?.value ?? Number.NaN,
      to: inside.at(-1)?.value ?? Number.NaN,
      injected: inside.length,
      recovered,
      completeness: recovered / inside.length,
      ...shareInterval(recovered, inside.length),
      fitted: said / inside.length,
    };
  });
}
