import { countText } from "@ml-mosaic/base";
import { numberText, tableText } from "@ml-mosaic/command-line";
import type { DataReport, ModelStanding } from "../compare/data-report.ts";
import { type CompareReport, mostDataSets } from "../compare/report.ts";
import { ropeText } from "../compare/rope.ts";
import { countRemoved } from "../compare/run-table.ts";
import { rankDirection } from "../figures/figure.ts";
import { dataNotes, removedText, reportNotes } from "./compare-notes.ts";
import { overallText } from "./compare-overall-text.ts";
import { pairTable } from "./compare-pair-table.ts";
import { headline } from "./compare-words.ts";

/** @param all every pair and every data set */
export function compareText(report: CompareReport, all: boolean): string {
  const { dataSets, overall, criterion, rope, by } = report;
  const shown = all || dataSets.length <= mostDataSets ? dataSets : [];
  const title = `${criterion.name}, ${rankDirection(criterion)} is better${by === null ? "" : `, models grouped by ${by}`}`;
  const parts = [`${title}; differences up to ${ropeText(rope)} count as none`];
  parts.push(...shown.map((data) => dataText(data, report.database, all)));
  if (shown.length === 0)
    parts.push(
      `${countText(dataSets.length, "data set")}: --data KEY shows one, --all every one: ${dataSets.map(({ data }) => data).join(", ")}`,
    );
  if (dataSets.length > 1) parts.push(overallText(overall, all));
  const notes = reportNotes(report);
  if (notes.length > 0) parts.push(notes.join("\n"));
  return parts.join("\n\n");
}

export function dataHeading({ data, folds, scale }: DataReport): string {
  const parts = [
    `On ${data || "no data module"}`,
    folds > 0 ? `${folds}-fold cross-validation` : "",
    scale === "log" ? "compared by ratios, with geometric means" : "",
  ];
  return `${parts.filter((part) => part !== "").join(", ")}:`;
}

function dataText(data: DataReport, database: string, all: boolean): string {
  const { models, pairs, familySize, scale } = data;
  const placed = models.filter(({ rank }) => rank !== null).map(({ model }) => model);
  const parts = [`${dataHeading(data)}\n${standingsText(models)}`];
  const best = placed[0];
  const [first, others] = [pairs.filter(({ a }) => a === best), pairs.filter(({ a }) => a !== best)];
  if (pairs.length === 0) parts.push(lonelyText(models));
  else parts.push(headline(placed, pairs), pairTable(first, scale, familySize));
  if (all && others.length > 0)
    for (const [model, ofOne] of Map.groupBy(others, ({ a }) => a))
      parts.push(`${model}:\n${pairTable(ofOne, scale, familySize)}`);
  else if (familySize > first.length) {
    const decided = others.filter(({ verdict }) => verdict === "better" || verdict === "worse").length;
    const counts = `${decided} decided, ${others.filter(({ verdict }) => verdict === "equivalent").length} equivalent`;
    parts.push(
      others.length > 0
        ? `${countText(others.length, "other pair")}: ${counts}; --all lists them.`
        : `Among so many models only the best one is compared with the others; the correction counts all ${familySize} pairs.`,
    );
  }
  const notes = dataNotes(data, database);
  if (notes.length > 0) parts.push(notes.join("\n"));
  return parts.join("\n\n");
}

function lonelyText(models: readonly ModelStanding[]): string {
  const withResults = models.filter(({ n }) => n > 0).map(({ model }) => model);
  const [only, ...others] = withResults;
  if (only === undefined) return "No model has a result here: nothing to compare.";
  return others.length === 0
    ? `Only one model has results here: ${only}. There is nothing to compare it with.`
    : `Models are compared by two results each or more, and fewer than two of these ${withResults.length} have so many.`;
}

function standingsText(models: readonly ModelStanding[]): string {
  const isGrouped = models.some(({ members }) => members > 1);
  const isReduced = models.some(({ removed }) => countRemoved(removed) > 0);
  const header = [
    "",
    "model",
    "mean",
    "95 % interval",
    "median",
    "mid-mean",
    "n",
    "failed",
    ...(isReduced ? ["removed"] : []),
    ...(isGrouped ? ["pipelines"] : []),
  ];
  const rows = models.map((model) => [
    model.rank === null ? "-" : `${model.rank}.`,
    model.model,
    numberText(model.mean),
    model.interval === null ? "" : `${numberText(model.interval.low)} to ${numberText(model.interval.high)}`,
    numberText(model.median),
    numberText(model.interquartileMean),
    String(model.n),
    failuresText(model),
    ...(isReduced ? [removedText(model.removed) || "0"] : []),
    ...(isGrouped ? [String(model.members)] : []),
  ]);
  return tableText(header, rows, [0, 2, 3, 4, 5, 6, isReduced ? 9 : 8]);
}

function failuresText({ failed, diverged, lost }: ModelStanding): string {
  const counts = [
    failed > 0 ? String(failed) : "",
    diverged > 0 ? `${diverged} diverged` : "",
    lost > 0 ? `${lost} lost` : "",
  ];
  return counts.filter((count) => count !== "").join(" + ") || "0";
}
