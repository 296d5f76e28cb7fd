/** The axes of parallel coordinates: where each value lies between the bottom (0) and the top (1), and what is written there. */
import { linearTicks, logTicks, scaleOf } from "../marks/scales.ts";
import { shortenMiddle } from "../text/fit-text.ts";
import { tickLabel } from "../text/number-label.ts";

/** A number where all values that occur are numbers, else a text; null where the pipeline has no such option. */
export type OptionValue = number | string | null;

export interface VaryingOption {
  readonly name: string;
  /** Each value that occurs, once: none, numbers by size, texts by alphabet. */
  readonly levels: readonly OptionValue[];
}

export interface ParallelAxis {
  readonly name: string;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  at(value: OptionValue): number;
}

/** Pipelines without the option pass below its axis. */
const noneAt = -0.13;
/** So many values are each written, the others have round numbers beside the axis. */
const mostWritten = 8;
const mostTexts = 24;
/** Labels closer than this would touch. */
const closest = 0.045;
const longestLabel = 18;

export function optionAxis({ name, levels }: VaryingOption): ParallelAxis {
  const known = levels.filter((level) => level !== null);
  const none = levels.includes(null) ? [{ at: noneAt, label: "none" }] : [];
  const numbers = known.filter((level) => typeof level === "number");
  if (numbers.length < known.length) {
    const at = (value: OptionValue) => (value === null ? noneAt : place(known.indexOf(value), known.length));
    const every = Math.ceil(known.length / mostTexts);
    const written = known.filter((_, index) => index % every === 0);
    const label = (level: OptionValue) => shortenMiddle(String(level), longestLabel);
    return { name, at, ticks: [...none, ...written.map((level) => ({ at: at(level), label: label(level) }))] };
  }
  const axis = numberAxisOf(name, numbers, numbers.length <= mostWritten ? numbers : undefined);
  return { ...axis, ticks: [...none, ...axis.ticks], at: (value) => (value === null ? noneAt : axis.at(value)) };
}

export function criterionAxis(name: string, values: readonly number[]): ParallelAxis {
  return numberAxisOf(name, values, undefined);
}

function numberAxisOf(name: string, values: readonly number[], written: readonly number[] | undefined): ParallelAxis {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const isLog = scaleOf(values).type === "log";
  const scale = isLog ? Math.log : (value: number) => value;
  const at = (value: OptionValue) =>
    low === high ? 0.5 : (scale(Number(value)) - scale(low)) / (scale(high) - scale(low));
  const wanted = written ?? (isLog ? logTicks(low, high) : linearTicks(low, high));
  const ticks: { at: number; label: string }[] = [];
  for (const value of [...wanted].sort((one, other) => one - other))
    if (at(value) - (ticks.at(-1)?.at ?? -1) >= closest) ticks.push({ at: at(value), label: tickLabel(value) });
  return { name, at, ticks };
}

function place(index: number, count: number): number {
  return count === 1 ? 0.5 : index / (count - 1);
}
