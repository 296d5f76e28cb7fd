/** The whole reasoning about one pair in plain words, with every number: for a paper's appendix. */
import { countText, nearestNames } from "@ml-mosaic/base";
import { numberText } from "@ml-mosaic/command-line";
import type { Evidence } from "@ml-mosaic/statistics";
import type { DataReport, ModelStanding, PairReport } from "../compare/data-report.ts";
import type { CompareReport } from "../compare/report.ts";
import { countRemoved } from "../compare/run-table.ts";
import { MosaicError } from "../errors.ts";
import { rankDirection } from "../figures/figure.ts";
import { removedText } from "./compare-notes.ts";
import { countingText, differenceText, percentText, planText, rangeText, sentence } from "./compare-words.ts";

/**
 * @param named places in the ranking (`1,2`), or names (`Mlp(4) / Mlp(3)`)
 * @throws MosaicError where there is no such pair, with the names
 */
export function explainText(report: CompareReport, named: string): string {
  const found = report.dataSets.flatMap((data) => {
    const pair = pairNamed(data, named);
    return pair === undefined ? [] : [{ data, pair }];
  });
  if (found.length === 0) {
    const names = [...new Set(report.dataSets.flatMap(({ models }) => models.map(({ model }) => model)))];
    const known = nearestNames(named, names).slice(0, 10).join(" / ");
    throw new MosaicError(
      "UNKNOWN_PAIR",
      `--explain ${named}: there is no such pair. Write two places of the table, as 1,2, or two names with a slash between: ${known}`,
    );
  }
  return found.map(({ data, pair }) => explainPair(report, data, pair)).join("\n\n");
}

function pairNamed({ models, pairs }: DataReport, named: string): PairReport | undefined {
  const places = /^\s*(\d+)\s*[,/ ]\s*(\d+)\s*$/.exec(named)?.slice(1).map(Number);
  const [one, other] = places === undefined ? named.split(/\s*\/\s*/) : places.map((place) => models[place - 1]?.model);
  return pairs.find(({ a, b }) => (a === one && b === other) || (a === other && b === one));
}

function explainPair(report: CompareReport, data: DataReport, pair: PairReport): string {
  const { criterion } = report;
  const { scale, familySize, folds } = data;
  const { a, b, n, failures, difference, evidence, withFailures, rope, win, effectSize, plan, detectable } = pair;
  const [ofA, ofB] = [a, b].map((name) => data.models.find(({ model }) => model === name));
  const direction = rankDirection(criterion);
  const lines = [
    `${a} against ${b}, by ${criterion.name} (${direction} is better)${data.data === "" ? "" : `, on ${data.data}`}`,
    "",
    `1. Results. ${a} has ${countText(ofA?.n ?? 0, "result")}, mean ${numberText(ofA?.mean)}, median ${numberText(ofA?.median)}; ${b} has ${ofB?.n ?? 0}, mean ${numberText(ofB?.mean)}, median ${numberText(ofB?.median)}. ${countText(n, "repetition")} ${n === 1 ? "has" : "have"} a result of both: same seed, same data.`,
    scale === "log"
      ? "2. Scale. The figure is positive by its nature and all of its values here are: differences are of logarithms, that is, ratios; means are geometric."
      : "2. Scale. Differences are taken as they are.",
    `3. Difference. The mean of ${a} is ${differenceText(difference, scale)}.${win === undefined ? "" : ` ${a} was better in ${win.wins} of ${n} repetitions${win.ties > 0 ? ` and equal in ${win.ties}` : ""}; the probability of winning is ${percentText(win.probability)} (95 % interval ${percentText(win.low)} to ${percentText(win.high)}).`}${effectSize === undefined ? "" : ` The effect is ${numberText(effectSize)} standard deviations of the differences (Hedges' g).`}`,
    `4. Failures. ${failures.a + failures.b === 0 ? `None in the ${countText(failures.of, "repetition")} that both have ended.` : `Of ${countText(failures.of, "repetition")} ${a} failed in ${failures.a}, ${b} in ${failures.b}, both in ${failures.both}. A verdict "better" takes both: that the trainings which gave a result say so, and that all of them say so with a failure as worse than every result (worst-rank scores).`}`,
    `5. Which verdict counts. It holds ${countingText(pair.counting)}.${removedSentence([ofA, ofB])}`,
    `6. Test. ${evidence === undefined ? "Nothing can be tested yet." : methodText(evidence, folds, difference, scale)}${withFailures === undefined ? "" : ` With failures as the worst: p = ${numberText(withFailures.p)}, in favour of ${withFailures.advantage > 0 ? a : withFailures.advantage < 0 ? b : "neither"}.`}`,
    `7. Family. ${familySize === 1 ? "This is the only pair." : `There are ${familySize} pairs; Holm's correction multiplies this p by ${numberText(pair.factor)}: ${numberText(pair.pCorrected)}.`} Better or worse takes at most 0.05.`,
    `8. Practical equivalence. Differences up to ${scale === "log" ? percentText(Math.expm1(rope)) : numberText(rope)} count as none${evidence === undefined ? "" : `: p = ${numberText(evidence.equivalenceP)} that it is larger`}.`,
    `9. Verdict: ${sentence(pair)}.`,
  ];
  if (plan !== null)
    lines.push(
      `10. Plan. ${planText(plan)} more repetitions would decide with a chance of ${plan.likely === undefined ? "50 % and more" : "50 to 80 %"}; with ${plan.horizon} more the chance is ${percentText(plan.chance)}. Prior: the effect is normal with standard deviation 1, in standard deviations of the differences.${detectable === null ? "" : ` The present number would show a difference of ${differenceText(-detectable, scale).replace(/ lower$/, "")} with 80 %.`}`,
    );
  return lines.join("\n");
}

function removedSentence(models: readonly (ModelStanding | undefined)[]): string {
  const parts = models.flatMap((standing) =>
    standing === undefined || countRemoved(standing.removed) === 0
      ? []
      : [`${removedText(standing.removed)} of ${standing.model}`],
  );
  return parts.length === 0 ? "" : ` Removed from the database: ${parts.join("; ")}.`;
}

function methodText(evidence: Evidence, folds: number, difference: number, scale: DataReport["scale"]): string {
  const { method, p, interval, smallestP } = evidence;
  const range = ` 95 % interval of the difference: ${rangeText(interval, difference, scale)}.`;
  switch (method) {
    case "sign-flip":
      return `If both were equal, each difference could as well have the other sign. The share of all such swaps that give a mean at least as far from 0 is p = ${numberText(p)} (the smallest possible is ${numberText(smallestP)}). It holds for every law of symmetric differences.${range}`;
    case "sign-prediction":
      return `A bettor who knows each size but not the sign bets on the signs, one after the other. If both were equal the capital would reach 20 times its start in at most one of 20 experiments, however often one looks; p = ${numberText(p)} is one over the largest capital reached.${range}`;
    case "correlated-t":
      return `Student's t-test with results of the ${folds} folds correlated by 1/${folds} (Nadeau and Bengio): p = ${numberText(p)}.${range}`;
    case "welch":
      return `No two repetitions are common, or of data known to be the same, so both are independent samples: Welch's t-test, p = ${numberText(p)}.${range}`;
    case "fixed":
      return "The criterion is a number of each model; no chance is involved.";
    default:
      return method satisfies never;
  }
}
