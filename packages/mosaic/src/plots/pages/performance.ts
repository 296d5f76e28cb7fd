// `mosaic perfanalysis`: for each model every criterion, its mean and how it spreads over repetitions.
import { type Figure, rankDirection } from "../../figures/figure.ts";
import { axisTitle, directionNote, shortAxisTitle } from "../../figures/figure-text.ts";
import { runFigure } from "../../figures/run-figures.ts";
import { distributionChart } from "../charts/distribution-chart.ts";
import { headingChart, headingHeight } from "../charts/heading-chart.ts";
import { finiteResult, leftOut, type PlotRun } from "../runs/plot-runs.ts";
import { joinNotes, repetitionsText, type SeriesOf, seriesOf } from "../runs/series.ts";
import { counted } from "../text/number-label.ts";
import type { Chart, Page, Plots } from "./page.ts";
import { type Cell, gridCell, gridPage, sheetTextWidth } from "./page-layout.ts";

const across = 3;

/** For each data set and model key as many pages as its figures take. What repetitions do not change is no chart. */
export function performancePlots(runs: readonly PlotRun[], figures: readonly Figure[]): Plots {
  const models = [...Map.groupBy(runs, ({ dataKey, modelKey }) => JSON.stringify([dataKey, modelKey])).values()];
  const criteria = figures.filter(({ fixed }) => fixed !== true);
  const sheets = Array.from({ length: Math.ceil(criteria.length / across ** 2) }, (_, sheet) =>
    criteria.slice(sheet * across ** 2, (sheet + 1) * across ** 2),
  );
  return {
    title: counted(models.length, "model"),
    pageCount: models.length * sheets.length,
    *pages(): Iterable<Page> {
      const cell = gridCell(across, across, headingHeight);
      for (const ofModel of models) {
        const chart = headingChart(modelTitle(ofModel), notesOf(ofModel), sheetTextWidth);
        for (const sheet of sheets) {
          const charts = sheet.map((criterion) => criterionDistribution(ofModel, criterion, cell));
          yield gridPage(charts, across, across, { chart, height: headingHeight });
        }
      }
    },
    table: {
      columns: [
        { name: "run_id", type: "whole" },
        { name: "status", type: "text" },
        { name: "data_key", type: "text" },
        { name: "model_key", type: "text" },
        { name: "pipeline", type: "text" },
        ...figures.map(({ name, whole }) => ({ name, type: whole === true ? "whole" : "number" }) as const),
      ],
      rows: () =>
        models
          .flat()
          .map(({ runId, status, dataKey, modelKey, pipeline, results }) => [
            runId,
            status,
            dataKey,
            modelKey,
            pipeline,
            ...figures.map(({ name }) => results.get(name) ?? null),
          ]),
    },
  };
}

function modelTitle([run]: readonly PlotRun[]): string {
  return run === undefined ? "" : `${run.modelKey} on ${run.dataKey === "" ? "no data set" : run.dataKey}`;
}

/** Runs without a figure at all; what a single criterion leaves out, its chart says. */
function notesOf(runs: readonly PlotRun[]): string {
  const left = leftOut(runs, valuesOf("epochs"));
  return joinNotes([counted(runs.length, "run"), "line: mean, points: runs, violins from n = 5 on", ...left]);
}

function valuesOf(criterion: string): SeriesOf {
  return {
    name: (run) => run.modelKey,
    x: (run) => finiteResult(run, "nb_params"),
    xName: "nb_params",
    criterion,
  };
}

function criterionDistribution(runs: readonly PlotRun[], criterion: Figure, { width, scale }: Cell): Chart {
  const series = seriesOf(runs, valuesOf(criterion.name));
  const wild = leftOut(runs, valuesOf(criterion.name)).filter((text) => text.endsWith("NaN or infinite"));
  const { title } = criterion;
  const repetitions = series.length === 0 ? "" : repetitionsText(series);
  return distributionChart(
    {
      title: title.charAt(0).toUpperCase() + title.slice(1),
      notes: [joinNotes([repetitions, directionNote(criterion), ...wild])],
      xTitle: axisTitle(runFigure("nb_params")),
      yTitle: shortAxisTitle(criterion),
      series,
      direction: rankDirection(criterion),
      shape: "violin",
    },
    width / scale,
  );
}
