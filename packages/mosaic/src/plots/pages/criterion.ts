/** `mosaic metaplot`: a criterion against the number of parameters, one line a model key. */

import type { TableColumn } from "../../export/table.ts";
import { type Figure, rankDirection } from "../../figures/figure.ts";
import { axisTitle, directionNote } from "../../figures/figure-text.ts";
import { runFigure } from "../../figures/run-figures.ts";
import { type CriterionPlot, criterionChart } from "../charts/criterion-chart.ts";
import { finiteResult, type PlotRun, runsOnData } from "../runs/plot-runs.ts";
import { hasIntervals, seriesNotes, seriesOf } from "../runs/series.ts";
import { seriesTable } from "../runs/series-table.ts";
import { dataNote } from "../text/notes.ts";
import { upperFirst } from "../text/title.ts";
import type { Plots } from "./page.ts";
import { figurePage, figureRoom } from "./page-layout.ts";

/** @throws MosaicError for an unknown data set, with what there is */
export function criterionPlots(runs: readonly PlotRun[], dataKey: string, criterion: Figure): Plots {
  const chosen = runsOnData(runs, dataKey);
  const of = {
    name: (run: PlotRun) => run.modelKey,
    x: (run: PlotRun) => finiteResult(run, "nb_params"),
    xName: "nb_params",
    criterion: criterion.name,
  };
  const series = seriesOf(chosen, of);
  const interval = hasIntervals(series) ? "mean with 95 % t interval" : "";
  const plot: CriterionPlot = {
    title: `${upperFirst(criterion.title)} against number of parameters`,
    notes: seriesNotes(dataNote(chosen[0]?.dataKey ?? dataKey), chosen, series, of, [
      interval,
      directionNote(criterion),
    ]),
    xTitle: axisTitle(runFigure("nb_params")),
    yTitle: axisTitle(criterion),
    series,
    direction: rankDirection(criterion),
    marks: "line",
    intervals: "fill_between",
  };
  return {
    title: plot.title,
    pageCount: 1,
    pages: (measure) => [figurePage(criterionChart(plot, figureRoom(measure)))],
    table: seriesTable(chosen, { ...of, xColumn, valueColumn: criterion.name, series }),
  };
}

const xColumn: TableColumn = { name: "nb_params", type: "whole" };
