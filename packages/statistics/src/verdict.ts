/** The verdicts on a family of pairs: all that were compared with each other on one data set. */
import { holm } from "./holm.ts";
import type { PairStatistics } from "./pair.ts";
import { mostDoubt } from "./sample.ts";

/** About A against B. `unknown`: too few repetitions in common; no uncertainty is available. */
export type Verdict = "better" | "worse" | "equivalent" | "undecided" | "unknown";

export interface Judgement {
  readonly verdict: Verdict;
  /** What the verdict would be if this pair were the only one. */
  readonly verdictAlone: Verdict;
  /** What the verdict would be if trainings that failed did not count; undefined where none failed. */
  readonly verdictWhenTrained: Verdict | undefined;
  /** Of no difference, failures included: alone, and as one of the family. undefined where nothing can be said. */
  readonly p: number | undefined;
  readonly pCorrected: number | undefined;
  /** By how much the correction multiplies the doubt. */
  readonly factor: number;
}

/** What is claimed of a pair, and how much speaks against it. */
export interface Claim {
  /** Where A is better: positive. */
  readonly advantage: number;
  readonly p: number;
  readonly equivalenceP: number;
}

/**
 * "better" or "worse" takes a p-value of at most 0.05, which equal models reach by chance in at most 5 % of all pairs. Among
 * many pairs that would happen often, so the p-values get Holm's correction, which holds whatever their dependence: the
 * chance of any wrong "better" or "worse" in the family is at most 5 %. "equivalent" claims no difference, and is not
 * corrected. For capitals Holm's correction of one over the largest is that of e-values.
 *
 * No verdict "better" hangs on failures being left out: it is given only where trainings that gave a result say so, and all of
 * them with failures as the worst say so too.
 *
 * @param familySize how many pairs there are, where not all of them are given
 */
export function judge(
  pairs: readonly PairStatistics[],
  direction: "lower" | "higher",
  familySize: number = pairs.length,
): readonly Judgement[] {
  const trained = pairs.map((pair) => claimOf(pair, direction));
  const counted = pairs.map((pair, index) => withFailures(pair, trained[index]));
  const corrected = correct(counted, familySize);
  const correctedTrained = correct(trained, familySize);
  return pairs.map((pair, index) => {
    const claim = counted[index];
    const { p, factor } = corrected[index] ?? { p: undefined, factor: 1 };
    return {
      verdict: verdictOn(claim, p),
      verdictAlone: verdictOn(claim, claim?.p),
      verdictWhenTrained:
        pair.withFailures === undefined ? undefined : verdictOn(trained[index], correctedTrained[index]?.p),
      p: claim?.p,
      pCorrected: p,
      factor,
    };
  });
}

/** The verdicts on claims that come from elsewhere. */
export function decide(claims: readonly (Claim | undefined)[], familySize: number = claims.length): readonly Verdict[] {
  const corrected = correct(claims, familySize);
  return claims.map((claim, index) => verdictOn(claim, corrected[index]?.p));
}

function claimOf({ evidence, difference }: PairStatistics, direction: "lower" | "higher"): Claim | undefined {
  if (evidence === undefined) return undefined;
  const { p, equivalenceP } = evidence;
  return { advantage: direction === "lower" ? -difference : difference, p, equivalenceP };
}

/** The claim that failures as the worst results support as well. */
function withFailures({ withFailures: worst }: PairStatistics, trained: Claim | undefined): Claim | undefined {
  if (worst === undefined) return trained;
  // Where only one of two models ever trained, that is all there is to judge by.
  if (trained === undefined) return { advantage: worst.advantage, p: worst.p, equivalenceP: 1 };
  const isAgreed = Math.sign(trained.advantage) === Math.sign(worst.advantage);
  return { advantage: trained.advantage, p: isAgreed ? Math.max(trained.p, worst.p) : 1, equivalenceP: 1 };
}

function verdictOn(claim: Claim | undefined, p: number | undefined): Verdict {
  if (claim === undefined || p === undefined) return "unknown";
  if (p <= mostDoubt && claim.advantage !== 0) return claim.advantage > 0 ? "better" : "worse";
  return claim.equivalenceP <= mostDoubt ? "equivalent" : "undecided";
}

/** Pairs of which nothing is known can give no false verdict, and do not count. */
function correct(claims: readonly (Claim | undefined)[], familySize: number) {
  const known = claims.filter((claim) => claim !== undefined).map(({ p }) => p);
  const corrected = holm(known, familySize === claims.length ? known.length : familySize)[Symbol.iterator]();
  return claims.map((claim) => (claim === undefined ? undefined : corrected.next().value));
}
