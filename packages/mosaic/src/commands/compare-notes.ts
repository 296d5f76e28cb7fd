/** What a reader of a verdict has to know besides: small numbers, failures, and what was chosen on what. */
import { countText } from "@ml-mosaic/base";
import { numberText } from "@ml-mosaic/command-line";
import type { DataReport } from "../compare/data-report.ts";
import type { CompareReport } from "../compare/report.ts";
import { choiceNote } from "../figures/figure-text.ts";

export function dataNotes(data: DataReport): readonly string[] {
  return [
    smallestPNote(data),
    unfinishedNote(data),
    failedNote(data),
    groupNote(data),
    data.repeated === 0
      ? ""
      : `${countText(data.repeated, "run")} left out: another run is of the same repetition, and the last one counts.`,
    data.isPairedByOrder
      ? "These runs do not say their repetition, as those of the original Mosaic: they are paired in the order of their ids. That is correct, but gains nothing from pairing."
      : "",
    data.folds > 0
      ? `Folds share their training data: intervals and verdicts count them as correlated (1/${data.folds}); there is no permutation test, and more repetitions may not decide.`
      : "",
  ].filter((note) => note !== "");
}

function smallestPNote({ pairs, familySize }: DataReport): string {
  const tested = pairs.filter(({ smallestPermutationP }) => smallestPermutationP !== undefined);
  const [n, smallest] = [
    Math.min(...tested.map((pair) => pair.n)),
    tested.map((pair) => pair.smallestPermutationP ?? 0),
  ];
  const p = Math.max(...smallest);
  if (tested.length === 0 || p * familySize <= 0.05) return "";
  const enough = Math.ceil(1 + Math.log2(familySize / 0.05));
  if (n >= enough)
    return `The permutation test drew some of the possible swaps only: its p cannot fall below ${numberText(p)}, and ${numberText(Math.min(1, p * familySize))} as one of ${familySize} pairs. The verdicts come from the t-test.`;
  const corrected =
    familySize > 1 ? `, and ${numberText(Math.min(1, p * familySize))} as one of ${familySize} pairs` : "";
  return `With ${countText(n, "repetition")} the permutation test's p cannot fall below ${numberText(p)}${corrected}: it takes ${enough} to reach 0.05, whatever the results. The verdicts come from the t-test, which takes differences to be about normal.`;
}

function unfinishedNote({ models }: DataReport): string {
  const unfinished = models.reduce((sum, model) => sum + model.unfinished, 0);
  return unfinished === 0 ? "" : `${countText(unfinished, "run")} not finished: the verdicts may change.`;
}

function failedNote({ models }: DataReport): string {
  const bad = models.filter(({ failed, diverged }) => failed + diverged > 0);
  if (bad.length === 0) return "";
  const counts = bad.map(({ model, failed, diverged }) => {
    const parts = [failed > 0 ? `${failed} failed` : "", diverged > 0 ? `${diverged} diverged` : ""];
    return `${model} (${parts.filter((part) => part !== "").join(", ")})`;
  });
  return `Runs without a result count nowhere but here, so these models look better than they are: ${counts.join("; ")}.`;
}

function groupNote({ models }: DataReport): string {
  const sizes = new Set(models.map(({ members }) => members));
  const incomplete = models.reduce((sum, model) => sum + model.incomplete, 0);
  return [
    sizes.size > 1 ? "The groups average different numbers of pipelines: they may differ in more than their name." : "",
    incomplete > 0
      ? `${countText(incomplete, "repetition")} left out, in which only some of a group's pipelines have a result.`
      : "",
  ]
    .filter((note) => note !== "")
    .join("\n");
}

/** About all data sets. */
export function reportNotes(report: CompareReport): readonly string[] {
  const { withoutGroup, by } = report;
  const left = withoutGroup === 0 ? "" : `${countText(withoutGroup, "run")} without ${by} left out.`;
  return [left, criterionNote(report)].filter((note) => note !== "");
}

function criterionNote({ criterion, dataSets }: CompareReport): string {
  const isRanked = dataSets.some(({ pairs }) => pairs.length > 0);
  return (isRanked ? choiceNote(criterion) : undefined) ?? "";
}
