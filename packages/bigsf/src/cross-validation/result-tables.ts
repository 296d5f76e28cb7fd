/** Results of all splits as CSV. */
import { csvLine, type TestResult } from "@ml-mosaic/training";
import type { FoldFigure } from "./fold-figures.ts";
import type { PixelScores } from "./pixel-scores.ts";

/** A row for each split. */
export function resultsCsv(tests: readonly TestResult[]): string {
  const names = [...new Set(tests.flatMap(({ metrics }) => Object.keys(metrics)))];
  return lines([
    ["split", "snapshot", "epoch", "loss", ...names],
    ...tests.map(({ snapshot, epoch, loss, metrics }, split) => [
      split + 1,
      snapshot,
      epoch,
      loss,
      ...names.map((name) => metrics[name]),
    ]),
  ]);
}

/** A row for each figure over the splits, then the scores of the out-of-fold map where there is one, which have no spread. */
export function figuresCsv(figures: readonly FoldFigure[], pooled: PixelScores | undefined): string {
  return lines([
    ["figure", "splits", "mean", "sd", "low", "high", "corrected_low", "corrected_high"],
    ...figures.map(({ name, values, mean, sd, interval, corrected }) => [
      name,
      values.filter(Number.isFinite).length,
      mean,
      sd,
      interval?.low,
      interval?.high,
      corrected?.low,
      corrected?.high,
    ]),
    ...Object.entries(pooled ?? {}).map(([name, value]) => [`out_of_fold_${name}`, "", value]),
  ]);
}

function lines(rows: readonly (readonly (string | number | undefined)[])[]): string {
  const columns = rows[0]?.length ?? 0;
  return rows.map((row) => csvLine(Array.from({ length: columns }, (_, column) => row[column]))).join("");
}
