import type { Problem } from "../problem.ts";
import type { TextFault } from "./text-fault.ts";

export function textProblem({ message, remedy }: TextFault): Problem {
  return { kind: "text", path: [], message: `${message} ${remedy}` };
}

/** Numbers from `first` to `last`, `step` apart, each in units of the last decimal, so that they are exact. */
export interface Range {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Digits after the point. */
  readonly decimals: number;
}

const number = String.raw`[+-]?(?:\d+(?:\.\d+)?|\.\d+)`;
const range = new RegExp(String.raw`^\{\s*(${number})\s*-\s*(${number})\s*(?::\s*(${number})\s*)?\}$`);

/** Reads `{2-5}`, `{10-100:30}` or `{0.1-0.5:0.1}`, braces included. */
export function parseRange(written: string): Range | TextFault {
  const [, low, high, apart] = range.exec(written) ?? [];
  if (low === undefined || high === undefined) {
    const inner = written.slice(1, -1);
    const remedy = inner.includes(",")
      ? `Write a list without braces: ${inner.trim()}.`
      : /\de/i.test(inner)
        ? "Ranges have no exponents: write decimals, a list, or log(1e-5, 1e-1, 5)."
        : "Write {smallest-largest} or {smallest-largest:step}, as in {2-5}; braces that are text need quotes.";
    return { message: `"${written}" is not a range.`, remedy };
  }
  const decimals = Math.max(...[low, high, apart ?? "1"].map(decimalsOf));
  const unit = decimalText(1, decimals);
  if (apart === undefined && decimals > 0)
    return { message: `"${written}" has no step.`, remedy: `Write one behind a colon: {${low}-${high}:${unit}}.` };
  const scaled = (text: string) => Number(text.replace(".", "") + "0".repeat(decimals - decimalsOf(text)));
  const [first, last, step] = [scaled(low), scaled(high), scaled(apart ?? "1")];
  if (![first, last, step].every(Number.isSafeInteger)) {
    const digits = decimals === 0 ? "numbers beyond ±9007199254740991" : "more digits than a number holds";
    return { message: `"${written}" has ${digits}.`, remedy: "Write smaller bounds." };
  }
  if (step < 1) {
    return {
      message: `"${written}" has a step of ${decimalText(step, decimals)}.`,
      remedy: `Write a step ${decimals === 0 ? "of at least 1" : "above 0"}: {${low}-${high}:${unit}}.`,
    };
  }
  if (first > last) {
    const stepText = apart === undefined ? "" : `:${apart}`;
    return {
      message: `"${written}" is an empty range.`,
      remedy: `Write the smaller bound first: {${high}-${low}${stepText}}.`,
    };
  }
  return { first, last, step, decimals };
}

export function rangeSize({ first, last, step }: Range): number {
  return Math.floor((last - first) / step) + 1;
}

/** The texts of its numbers. */
export function rangeTexts({ first, step, decimals, ...range }: Range): readonly string[] {
  const size = rangeSize({ first, step, decimals, ...range });
  return Array.from({ length: size }, (_, index) => decimalText(first + index * step, decimals));
}

function decimalsOf(text: string): number {
  return text.split(".")[1]?.length ?? 0;
}

/** `units` of the last of so many decimals, without zeros at the end: 25 of 2 decimals are 0.25. */
function decimalText(units: number, decimals: number): string {
  if (decimals === 0) return String(units + 0);
  const digits = String(Math.abs(units)).padStart(decimals + 1, "0");
  const text = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, "");
  return units < 0 ? `-${text}` : text;
}
