import { countText } from "@ml-mosaic/base";
import { numberText, tableText } from "@ml-mosaic/command-line";
import type { OverallPair, OverallReport } from "../compare/overall-report.ts";
import { chanceText } from "./compare-words.ts";

/** The models over all data sets: ranks, groups, and who beats whom. */
export function overallText(overall: OverallReport | null, all: boolean): string {
  if (overall === null)
    return "Over all data sets: there are not two models and two data sets on which all models have results.";
  const { dataSets, models, pairs } = overall;
  const N = dataSets.length;
  const hasMeans = models.some(({ interquartileMean }) => interquartileMean !== null);
  const rows = models.map(({ model, averageRank, interquartileMean: mean }) => [
    model,
    numberText(averageRank),
    mean === null ? "" : `${numberText(mean.mean)} (${numberText(mean.low)} to ${numberText(mean.high)})`,
  ]);
  const header = ["model", "average rank", hasMeans ? "interquartile mean of scores" : ""];
  const best = models[0]?.model;
  const shown = all ? pairs : pairs.filter(({ a }) => a === best);
  return [
    `Over ${N} data sets (1 is the best rank; a score is 1 for the best result on a data set, 0 for the worst):\n${tableText(header, rows, [1, 2])}`,
    friedmanText(overall),
    [
      ...shown.map(pairText),
      ...(shown.length < pairs.length
        ? [`${countText(pairs.length - shown.length, "other pair")}; --all lists them.`]
        : []),
    ].join("\n"),
    ...overallNotes(overall),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

export function overallNotes({ dataSets, leftOut, models }: OverallReport): readonly string[] {
  const smallest = 2 ** (1 - dataSets.length) * ((models.length * (models.length - 1)) / 2);
  return [
    smallest > 0.05
      ? `With ${dataSets.length} data sets Wilcoxon's p, corrected, cannot fall below ${numberText(Math.min(1, smallest))}: nothing can be decided over all of them.`
      : "",
    leftOut.length > 0 ? `Left out, because not every model has a result: ${leftOut.join(", ")}.` : "",
  ].filter((note) => note !== "");
}

function friedmanText({ friedman, groups }: OverallReport): string {
  if (friedman === null) return "";
  const differ = friedman.p < 0.05 ? "the models differ" : "no difference between the models is shown";
  const lines = [
    `Friedman: ${differ} (F ${numberText(friedman.f)}, p ${numberText(friedman.p)}).`,
    ...groups.map((group) => `Not told apart: ${group.join(", ")}.`),
  ];
  return lines.join("\n");
}

function pairText({ a, b, verdict, chances, wilcoxonP, wilcoxonPCorrected }: OverallPair): string {
  const says = {
    better: "is better than",
    worse: "is worse than",
    equivalent: "is practically the same as",
    undecided: "or",
    unknown: "or",
  };
  const figures = `on a further data set better with ${chanceText(chances.better)}, the same ${chanceText(chances.equivalent)}, worse ${chanceText(chances.worse)}; Wilcoxon p ${numberText(wilcoxonP)} (${numberText(wilcoxonPCorrected)} corrected)`;
  return `${a} ${says[verdict]} ${b}${verdict === "undecided" || verdict === "unknown" ? ": undecided" : ""}: ${figures}`;
}
