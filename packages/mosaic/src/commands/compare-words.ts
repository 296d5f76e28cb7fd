/** How figures of a comparison are said, in the table of pairs, in sentences and on pages alike. */
import { countText } from "@ml-mosaic/base";
import { numberText } from "@ml-mosaic/command-line";
import type { Interval, Plan } from "@ml-mosaic/statistics";
import type { Counting } from "../compare/counting.ts";
import type { PairReport } from "../compare/data-report.ts";
import type { Scale } from "../compare/scale.ts";

/** "12 % lower", "3.1 times as high", "0.0029 lower". */
export function differenceText(difference: number, scale: Scale): string {
  if (difference === 0) return "equal means";
  const word = difference < 0 ? "lower" : "higher";
  if (scale === "linear") return `${numberText(Math.abs(difference))} ${word}`;
  const ratio = Math.exp(difference);
  return ratio > 2 ? `${numberText(ratio)} times as high` : `${percentText(Math.abs(ratio - 1))} ${word}`;
}

/** The same from one end of an interval to the other, without its word. */
export function rangeText({ low, high }: Interval, difference: number, scale: Scale): string {
  if (!Number.isFinite(low) && !Number.isFinite(high)) return "no bounds";
  const sign = difference < 0 ? -1 : 1;
  const [near, far] = [sign * low, sign * high].sort((one, other) => one - other).map((end) => sign * end);
  const ends = [near ?? Number.NaN, far ?? Number.NaN];
  if (scale === "linear") return ends.map((end) => boundText(sign * end, numberText)).join(" to ");
  if (Math.exp(difference) > 2) return ends.map((end) => boundText(Math.exp(end), numberText)).join(" to ");
  return `${ends.map((end) => boundText(sign * Math.expm1(end) * 100, (value) => String(Number(value.toPrecision(2))))).join(" to ")} %`;
}

function boundText(value: number, text: (value: number) => string): string {
  if (value === Infinity) return "∞";
  return value === -Infinity ? "-∞" : text(value);
}

export function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** Never rounded up to certainty. */
export function chanceText(chance: number): string {
  if (chance > 0.9999) return "over 99.99 %";
  return `${Number((Math.floor(chance * 1e4) / 100).toPrecision(chance > 0.99 ? 4 : 3))} %`;
}

export function verdictText({ verdict, verdictWhenTrained }: PairReport): string {
  if (verdict === "undecided" && (verdictWhenTrained === "better" || verdictWhenTrained === "worse"))
    return `${verdictWhenTrained} when trained`;
  return verdict === "equivalent" ? "the same" : verdict === "unknown" ? "-" : verdict;
}

/** "6 to 20" repetitions for a chance of 50 to 80 %. */
export function planText(plan: Plan | null): string {
  if (plan === null) return "";
  if (plan.even === undefined) return `over ${plan.horizon}`;
  if (plan.likely === undefined) return `from ${plan.even}`;
  return plan.even === plan.likely ? String(plan.even) : `${plan.even} to ${plan.likely}`;
}

/** Which verdict counts, and why. */
export function countingText(counting: Counting): string {
  switch (counting.kind) {
    case "planned":
      return "for the planned number of repetitions: all were ordered before the first had ended, and all have ended";
    case "pending":
      return `${counting.ended} of ${countText(counting.of, "planned run")} ${counting.ended === 1 ? "has" : "have"} ended; the verdict comes with the last`;
    case "anytime":
      return `at every look: ${reasonText(counting.because)}`;
    default:
      return counting satisfies never;
  }
}

function reasonText(reason: Extract<Counting, { kind: "anytime" }>["because"]): string {
  switch (reason) {
    case "added":
      return "some repetitions were ordered after others had ended";
    case "removed":
      return "some runs were removed, when their results may have been known";
    case "selected":
      return "some runs were left out, when their results may have been known";
    case "trained-again":
      return "some runs were trained again or further after their results were known";
    case "unknown":
      return "the database does not say when its runs were ordered";
    default:
      return reason satisfies never;
  }
}

/** "Mlp(4) is best of 6: better than 3, not told apart from Mlp(3)." */
export function headline(models: readonly string[], pairs: readonly PairReport[]): string {
  const [best = "", ...others] = models;
  const ofBest = pairs.filter(({ a }) => a === best);
  const named = (verdicts: readonly PairReport["verdict"][]) =>
    ofBest.filter(({ verdict }) => verdicts.includes(verdict)).map(({ b }) => b);
  const list = (names: readonly string[]) => (names.length > 2 ? `${names.length} others` : names.join(" and "));
  const [better, worse, same] = [named(["better"]), named(["worse"]), named(["equivalent"])];
  const open = named(["undecided", "unknown"]);
  const parts = [
    better.length === others.length && better.length > 0
      ? "better than every other"
      : better.length > 0
        ? `better than ${list(better)}`
        : "",
    worse.length > 0 ? `worse than ${list(worse)}, whose mean is not better` : "",
    same.length > 0 ? `practically the same as ${list(same)}` : "",
    open.length > 0
      ? `not told apart from ${open.length === others.length && open.length > 2 ? "any other" : list(open)}`
      : "",
  ].filter((part) => part !== "");
  const place = better.length === others.length ? `best of ${models.length}` : `first of ${models.length} by its mean`;
  return `${best} is ${place}: ${parts.join(", ")}.`;
}

export function sentence({ a, b, verdict, verdictAlone, verdictWhenTrained }: PairReport): string {
  const said = {
    better: `${a} is better than ${b}`,
    worse: `${a} is worse than ${b}`,
    equivalent: `${a} and ${b} are practically the same`,
    undecided: `${a} or ${b}: undecided`,
    unknown: `${a} or ${b}: no verdict`,
  }[verdict];
  const alone =
    verdict === "undecided" && (verdictAlone === "better" || verdictAlone === "worse")
      ? `; as the only pair it would be ${verdictAlone}`
      : "";
  const trained =
    verdictWhenTrained !== undefined && verdictWhenTrained !== verdict
      ? `; ${verdictWhenTrained} when failures are left out`
      : "";
  return `${said}${alone}${trained}`;
}
