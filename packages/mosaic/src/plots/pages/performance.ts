// `mosaic perfanalysis`: for each model every criterion, its mean and how it spreads over repetitions.
import { criterionNamed } from "../../compare/criterion.ts";
import { resultColumns } from "../../store/index.ts";
import { distributionChart } from "../charts/distribution-chart.ts";
import { headingChart, headingHeight } from "../charts/heading-chart.ts";
import { finiteResult, leftOut, type PlotRun } from "../runs/plot-runs.ts";
import { joinNotes, repetitionsText, type SeriesOf, seriesOf } from "../runs/series.ts";
import { axisTitle, criterionName, directionNote, shortAxisTitle } from "../text/criterion-title.ts";
import { counted } from "../text/number-label.ts";
import type { Chart, Page, Plots } from "./page.ts";
import { type Cell, gridCell, gridPage, sheetTextWidth } from "./page-layout.ts";

const across = 3;
const criteria = resultColumns.map(({ column }) => column).filter((column) => column !== "nb_params");

/** A page for each data set and model key. */
export function performancePlots(runs: readonly PlotRun[]): Plots {
  const models = [...Map.groupBy(runs, ({ dataKey, modelKey }) => JSON.stringify([dataKey, modelKey])).values()];
  return {
    title: "Performance of each model",
    pageCount: models.length,
    *pages(): Iterable<Page> {
      const cell = gridCell(across, across, headingHeight);
      for (const ofModel of models) {
        const chart = headingChart(modelTitle(ofModel), notesOf(ofModel), sheetTextWidth);
        const charts = criteria.map((criterion) => criterionDistribution(ofModel, criterion, cell));
        yield gridPage(charts, across, across, { chart, height: headingHeight });
      }
    },
    table: {
      columns: [
        { name: "run_id", type: "whole" },
        { name: "status", type: "text" },
        { name: "data_key", type: "text" },
        { name: "model_key", type: "text" },
        { name: "pipeline", type: "text" },
        ...resultColumns.map(({ column, whole }) => ({ name: column, type: whole ? "whole" : "number" }) as const),
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
            ...resultColumns.map(({ column }) => results.get(column) ?? null),
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

function criterionDistribution(runs: readonly PlotRun[], criterion: string, { width, scale }: Cell): Chart {
  const series = seriesOf(runs, valuesOf(criterion));
  const wild = leftOut(runs, valuesOf(criterion)).filter((text) => text.endsWith("NaN or infinite"));
  const name = criterionName(criterion);
  const repetitions = series.length === 0 ? "" : repetitionsText(series);
  return distributionChart(
    {
      title: name.charAt(0).toUpperCase() + name.slice(1),
      notes: [joinNotes([repetitions, directionNote(criterion), ...wild])],
      xTitle: axisTitle("nb_params"),
      yTitle: shortAxisTitle(criterion),
      series,
      direction: criterionNamed(criterion).direction,
      shape: "violin",
    },
    width / scale,
  );
}
