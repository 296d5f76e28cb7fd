/** The pairs of one model as a table of 80 columns, where the models' names let it. */
import { numberText, tableText } from "@ml-mosaic/command-line";
import type { PairReport } from "../compare/data-report.ts";
import type { Scale } from "../compare/scale.ts";
import { differenceText, planText, rangeText, verdictText } from "./compare-words.ts";

/** Longer names stand on lines of their own above the table. */
const longestName = 24;

/** @param pairs with the same first model */
export function pairTable(pairs: readonly PairReport[], scale: Scale, familySize: number): string {
  const hasPlans = pairs.some(({ plan }) => plan !== null);
  const isLong = pairs.some(({ b }) => b.length > longestName);
  const header = [
    "against",
    "verdict",
    "by how much (95 %)",
    "won",
    familySize > 1 ? `p of ${familySize}` : "p",
    ...(hasPlans ? ["more"] : []),
  ];
  const rows = pairs.map((pair, index) => [
    isLong ? String(index + 1) : pair.b,
    ...cellsOf(pair, scale),
    ...(hasPlans ? [planText(pair.plan)] : []),
  ]);
  const names = isLong ? pairs.map(({ b }, index) => `  ${index + 1}: ${b}\n`) : [];
  return `${names.join("")}${tableText(header, rows, [4, 5])}`;
}

function cellsOf(pair: PairReport, scale: Scale): readonly string[] {
  const { difference, evidence, win, n, failures, p, pCorrected } = pair;
  const range = evidence === undefined ? "" : ` (${rangeText(evidence.interval, difference, scale)})`;
  const ties = win !== undefined && win.ties > 0 ? `, ${win.ties} tied` : "";
  const failed = failures.a + failures.b > 0 ? `, ${failures.a}/${failures.b} failed` : "";
  return [
    verdictText(pair),
    Number.isNaN(difference) ? "no common repetition" : `${differenceText(difference, scale)}${range}`,
    win === undefined ? "-" : `${win.wins} of ${n}${ties}${failed}`,
    p === undefined ? "-" : numberText(Number((pCorrected ?? p).toPrecision(2))),
  ];
}
