/** On which scale results are compared: as they are, or by ratios. */
import { MosaicError } from "../errors.ts";
import type { Figure } from "../figures/figure.ts";

export type Scale = "linear" | "log";
export const scaleChoices = ["auto", "log", "linear"] as const;
export type ScaleChoice = (typeof scaleChoices)[number];

/**
 * `auto` goes by what the figure is and by the sign of its values, never by how they spread: what was chosen by looking at the
 * data would not leave the verdicts' errors what they are said to be.
 *
 * @throws MosaicError where logarithms are asked for of values that have none
 */
export function scaleOf(choice: ScaleChoice, { name, scale }: Figure, values: Iterable<number>): Scale {
  if (choice === "linear") return "linear";
  let lowest = Infinity;
  for (const value of values) lowest = Math.min(lowest, value);
  if (lowest > 0) return choice === "log" ? "log" : (scale ?? "linear");
  if (choice === "log")
    throw new MosaicError("BAD_SCALE", `--scale log: ${name} has values that are not positive (${lowest}); use linear`);
  return "linear";
}

export function onScale(scale: Scale, value: number): number {
  return scale === "log" ? Math.log(value) : value;
}

export function fromScale(scale: Scale, value: number): number {
  return scale === "log" ? Math.exp(value) : value;
}
