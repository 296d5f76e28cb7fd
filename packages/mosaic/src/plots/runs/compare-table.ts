/** The figures behind `mosaic compare --plot`: a row for each model and one for each pair, of every data set and over all. */
import type { CompareReport } from "../../compare/report.ts";
import type { TableColumn, TableValue } from "../../export/table.ts";
import type { PlotTable } from "../pages/page.ts";

const columns = [
  { name: "data", type: "text" },
  { name: "model", type: "text" },
  { name: "other", type: "text" },
  { name: "rank", type: "number" },
  { name: "n", type: "whole" },
  { name: "failed", type: "whole" },
  { name: "diverged", type: "whole" },
  { name: "mean", type: "number" },
  { name: "low", type: "number" },
  { name: "high", type: "number" },
  { name: "scale", type: "text" },
  { name: "verdict", type: "text" },
  { name: "verdict_when_trained", type: "text" },
  { name: "counts", type: "text" },
  { name: "effect_size", type: "number" },
  { name: "p", type: "number" },
  { name: "p_corrected", type: "number" },
  { name: "p_equivalent", type: "number" },
] as const satisfies readonly TableColumn[];

type Row = Partial<Record<(typeof columns)[number]["name"], TableValue>>;

/**
 * `other` is empty in a model's own row. In a pair's row, on the scale that is named, `mean`, `low` and `high` are those of the difference. Over all
 * data sets, where `data` is empty, they are those of the interquartile mean of scores.
 */
export function compareTable(report: CompareReport): PlotTable {
  return {
    columns,
    *rows() {
      for (const row of rowsOf(report)) yield columns.map(({ name }) => row[name] ?? null);
    },
  };
}

function* rowsOf({ dataSets, overall }: CompareReport): Iterable<Row> {
  for (const { data, scale, models, pairs } of dataSets) {
    for (const { model, rank, n, failed, diverged, mean, interval } of models)
      yield { data, model, rank, n, failed, diverged, mean, low: interval?.low ?? null, high: interval?.high ?? null };
    for (const { a, b, n, difference, evidence, verdict, verdictWhenTrained, effectSize, ...pair } of pairs)
      yield {
        data,
        model: a,
        other: b,
        n,
        mean: difference,
        scale,
        low: evidence?.interval.low ?? null,
        high: evidence?.interval.high ?? null,
        verdict,
        verdict_when_trained: verdictWhenTrained ?? null,
        counts: pair.counting.kind,
        effect_size: effectSize ?? null,
        p: pair.p ?? null,
        p_corrected: pair.pCorrected ?? null,
        p_equivalent: evidence?.equivalenceP ?? null,
      };
  }
  if (overall === null) return;
  for (const { model, averageRank, interquartileMean } of overall.models)
    yield {
      model,
      rank: averageRank,
      n: overall.dataSets.length,
      mean: interquartileMean?.mean ?? null,
      low: interquartileMean?.low ?? null,
      high: interquartileMean?.high ?? null,
    };
  for (const { a, b, verdict, wilcoxonP, wilcoxonPCorrected } of overall.pairs) {
    const p = { p: wilcoxonP, p_corrected: wilcoxonPCorrected };
    yield { model: a, other: b, n: overall.dataSets.length, verdict, ...p };
  }
}
