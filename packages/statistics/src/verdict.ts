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

export type Decision = Omit<Judgement, "permutationPCorrected" | "repetitionsNeeded">;

/**
 * "better" or "worse" takes a posterior probability above 0.975, which equal models reach by chance in at most 5 % of
 * all pairs. Among many pairs that would happen often, so the doubt 2 (1 − probability), which is a p-value for equal
 * models, gets Holm's correction: the chance of any wrong "better" or "worse" in the family is at most 5 %.
 * "equivalent" is no such claim and takes 0.95 whatever the family.
 *
 * @param familySize how many pairs there are, where not all of them are given
 */
export function decide(
  pairs: readonly (Chances | undefined)[],
  familySize: number = pairs.length,
): readonly Decision[] {
  const corrected = correctKnown(
    pairs.map((chances) => (chances === undefined ? undefined : doubtOf(chances))),
    familySize,
  );
  return pairs.map((chances, index) => {
    const doubt = corrected[index];
    if (chances === undefined || doubt === undefined)
      return { verdict: "unknown", verdictAlone: "unknown", neededProbability: undefined };
    return {
      verdict: verdictOf(chances, doubt.p),
      verdictAlone: verdictOf(chances, doubtOf(chances)),
      neededProbability: 1 - (1 - decidedAbove) / doubt.factor,
    };
  });
}

/** The decisions, and what goes with them. */
export function judge(
  pairs: readonly PairStatistics[],
  correlation = 0,
  familySize: number = pairs.length,
): readonly Judgement[] {
  const decisions = decide(
    pairs.map(({ chances }) => chances),
    familySize,
  );
  const correctedPs = correctKnown(
    pairs.map(({ permutationP }) => permutationP),
    familySize,
  );
  return decisions.map((decision, index) => ({
    ...decision,
    permutationPCorrected: correctedPs[index]?.p,
    repetitionsNeeded: correlation === 0 ? planOf(decision, pairs[index]) : undefined,
  }));
}

function planOf({ verdict, neededProbability }: Decision, pair: PairStatistics | undefined): number | undefined {
  if (verdict !== "undecided" || neededProbability === undefined || pair === undefined) return undefined;
  return repetitionsNeeded(pair.advantages, pair.rope, (1 - decidedAbove) / (1 - neededProbability));
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
