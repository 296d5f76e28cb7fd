/** A pair of models in one line, for readers who are no statisticians. */
import { countText } from "@ml-mosaic/base";
import { numberText } from "@ml-mosaic/command-line";
import type { Direction } from "@ml-mosaic/statistics";
import type { PairReport } from "../compare/data-report.ts";

export function pairText(pair: PairReport, direction: Direction, familySize: number): string {
  const figures = figuresText(pair, direction);
  const { a, b, verdict } = pair;
  const said = [how(pair), ...figures].join(", ");
  switch (verdict) {
    case "better":
    case "worse":
      return `${a} is ${verdict} than ${b}: ${said}${testText(pair)}`;
    case "equivalent":
      return `${a} and ${b} are practically the same: ${said}${testText(pair)}`;
    case "undecided":
      return `${a} or ${b}: undecided: ${said}${needText(pair, familySize)}${testText(pair)}`;
    case "unknown":
      return pair.n === 0
        ? `${a} or ${b}: they have no repetition in common`
        : `${a} or ${b}: no uncertainty available from one repetition; ${figures.join(", ")}`;
    default:
      return verdict satisfies never;
  }
}

/** For statisticians. */
function testText({ effectSize, permutationP, permutationPCorrected }: PairReport): string {
  const corrected = permutationPCorrected !== permutationP ? `, ${numberText(permutationPCorrected)} corrected` : "";
  const parts = [
    effectSize === undefined ? "" : `effect ${numberText(effectSize)}`,
    permutationP === undefined ? "" : `p ${numberText(permutationP)}${corrected}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : ` [${parts.join(", ")}]`;
}

/** How sure. */
function how({ chances, verdict, win, n }: PairReport): string {
  if (chances === undefined) return "";
  const { better, worse, equivalent, basis } = chances;
  if (win?.ties === n) return "all results are equal";
  if (basis === "fixed") return "no chance involved";
  if (verdict === "equivalent") return `${chanceText(equivalent)} sure`;
  if (verdict === "undecided" && equivalent > Math.max(better, worse)) return `${chanceText(equivalent)} sure of a tie`;
  return `${chanceText(Math.max(better, worse))} sure`;
}

/** Never rounded up to certainty. */
export function chanceText(chance: number): string {
  if (chance > 0.9999) return "over 99.99 %";
  return `${Number((Math.floor(chance * 1e4) / 100).toPrecision(chance > 0.99 ? 4 : 3))} %`;
}

/** How much, and whatever else stands in the line. */
function figuresText(pair: PairReport, direction: Direction): readonly string[] {
  const { difference, interval, win, n } = pair;
  const word =
    difference === 0 ? "equal means" : `${numberText(Math.abs(difference))} ${difference < 0 ? "lower" : "higher"}`;
  const sign = difference < 0 ? -1 : 1;
  const ends =
    interval === undefined ? [] : [sign * interval.low, sign * interval.high].sort((one, other) => one - other);
  const range = ends.length === 0 ? "" : ` (${ends.map(numberText).join(" to ")})`;
  const isAdvantage = direction === "lower" ? difference < 0 : difference > 0;
  const won = win === undefined ? "" : `better in ${win.wins} of ${n}${win.ties > 0 ? `, equal in ${win.ties}` : ""}`;
  if (win?.ties === n) return [`${n} repetitions`];
  return [`${word}${range}${!isAdvantage && difference !== 0 ? " on the shared repetitions" : ""}`, won].filter(
    (part) => part !== "",
  );
}

function needText(pair: PairReport, familySize: number): string {
  const { neededProbability = 0, repetitionsNeeded, n, verdictAlone } = pair;
  const alone = verdictAlone !== "undecided" ? `; alone it would be ${verdictAlone}, among ${familySize} pairs` : "";
  const needed = alone === "" ? "" : `${alone} ${chanceText(neededProbability)} is needed`;
  if (pair.chances?.basis === "signs") return `${needed}; all differences are equal, so only their number counts`;
  // Of a cross-validation, where more repetitions may not help.
  if (pair.permutationP === undefined) return needed;
  if (repetitionsNeeded === undefined) return `${needed}; no reasonable number of repetitions would decide`;
  return `${needed}; about ${countText(repetitionsNeeded - n, "more repetition")} would decide`;
}
