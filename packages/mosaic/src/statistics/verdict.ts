// The verdicts on a family of pairs: all that were compared with each other on one data set.
import { holm } from "./holm.ts";
import type { Chances, PairStatistics } from "./pair.ts";
import { repetitionsNeeded } from "./repetitions-needed.ts";

/** About A against B. `unknown`: a single repetition, or none in common; no uncertainty is available. */
export type Verdict = "better" | "worse" | "equivalent" | "undecided" | "unknown";

export const decidedAbove = 0.975;
export const equivalentAbove = 0.95;

export interface Judgement {
  readonly verdict: Verdict;
  /** What the verdict would be if this pair were the only one. */
  readonly verdictAlone: Verdict;
  /** The posterior probability that "better" or "worse" takes here: 0.975 for a single pair, more for one of many. */
  readonly neededProbability: number | undefined;
  readonly permutationPCorrected: number | undefined;
  /** Repetitions in all that would probably decide it; undefined where it is decided, or nothing can be said. */
  readonly repetitionsNeeded: number | undefined;
}

/**
 * "better" or "worse" takes a posterior probability above 0.975, which equal models reach by chance in at most 5 % of
 * all pairs. Among many pairs that would happen often, so the doubt 2 (1 − probability), which is a p-value for equal
 * models, gets Holm's correction: the chance of any wrong "better" or "worse" in the family is at most 5 %.
 * "equivalent" is no such claim and takes 0.95 whatever the family.
 *
 * @param familySize how many pairs there are, where not all of them are given
 */
export function judge(
  pairs: readonly PairStatistics[],
  correlation = 0,
  familySize: number = pairs.length,
): readonly Judgement[] {
  const doubts = pairs.map(({ chances }) => (chances === undefined ? undefined : doubtOf(chances)));
  const correctedDoubts = correctKnown(doubts, familySize);
  const correctedPs = correctKnown(
    pairs.map(({ permutationP }) => permutationP),
    familySize,
  );
  return pairs.map((pair, index) => {
    const { chances, rope, advantages } = pair;
    const corrected = correctedDoubts[index];
    const permutationPCorrected = correctedPs[index]?.p;
    if (chances === undefined || corrected === undefined)
      return {
        verdict: "unknown",
        verdictAlone: "unknown",
        neededProbability: undefined,
        permutationPCorrected,
        repetitionsNeeded: undefined,
      };
    const verdict = verdictOf(chances, corrected.p);
    return {
      verdict,
      verdictAlone: verdictOf(chances, doubtOf(chances)),
      neededProbability: 1 - (1 - decidedAbove) / corrected.factor,
      permutationPCorrected,
      repetitionsNeeded:
        verdict === "undecided" && correlation === 0
          ? repetitionsNeeded(advantages, rope, corrected.factor)
          : undefined,
    };
  });
}

function doubtOf({ better, worse }: Chances): number {
  return Math.min(1, 2 * (1 - Math.max(better, worse)));
}

function verdictOf({ better, worse, equivalent }: Chances, doubt: number): Verdict {
  if (doubt < 2 * (1 - decidedAbove)) return better > worse ? "better" : "worse";
  return equivalent > equivalentAbove ? "equivalent" : "undecided";
}

/** Pairs without a value can give no false verdict, and do not count. */
function correctKnown(values: readonly (number | undefined)[], familySize: number) {
  const known = values.filter((value) => value !== undefined);
  const corrected = holm(known, familySize === values.length ? known.length : familySize)[Symbol.iterator]();
  return values.map((value) => (value === undefined ? undefined : corrected.next().value));
}
