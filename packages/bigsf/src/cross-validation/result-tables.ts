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

/**
 * A row for each figure over the splits, then the scores of the out-of-fold map where there is one, which have no spread;
 * of several maps, first their scores over maps, whose "splits" are maps.
 */
export function figuresCsv(
  figures: readonly FoldFigure[],
  map: { readonly pooled: PixelScores; readonly overMaps: readonly FoldFigure[] } | undefined,
): string {
  return lines([
    ["figure", "splits", "mean", "sd", "low", "high", "corrected_low", "corrected_high"],
    ...figures.map((figure) => figureRow(figure.name, figure)),
    ...(map?.overMaps ?? []).map((figure) => figureRow(`over_maps_${figure.name}`, figure)),
    ...Object.entries(map?.pooled ?? {}).map(([name, value]) => [`out_of_fold_${name}`, "", value]),
  ]);
}

function figureRow(name: string, { values, mean, sd, interval, corrected }: FoldFigure) {
  const count = values.filter(Number.isFinite).length;
  return [name, count, mean, sd, interval?.low, interval?.high, corrected?.low, corrected?.high];
}

/** A row for each map, then one of all pixels together, under a name that no map can have. */
export function mapsCsv(
  maps: readonly { readonly name: string; readonly scores: PixelScores }[],
  pooled: PixelScores,
): string {
  return lines([
    ["map", ...Object.keys(pooled)],
    ...[...maps, { name: "(all)", scores: pooled }].map(({ name, scores }) => [name, ...Object.values(scores)]),
  ]);
}

function lines(rows: readonly (readonly (string | number | undefined)[])[]): string {
  const columns = rows[0]?.length ?? 0;
  return rows.map((row) => csvLine(Array.from({ length: columns }, (_, column) => row[column]))).join("");
}
