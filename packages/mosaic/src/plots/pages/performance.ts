/** `mosaic perfanalysis`: for each model every criterion, its mean and how it spreads over repetitions. */
import { countText, wholeText } from "@ml-mosaic/base";
import { type Figure, rankDirection } from "../../figures/figure.ts";
import { axisTitle, directionNote, shortAxisTitle } from "../../figures/figure-text.ts";
import { runFigure } from "../../figures/run-figures.ts";
import type { Chart, Room } from "../charts/chart.ts";
import { distributionChart, shapeNote } from "../charts/distribution-chart.ts";
import { finiteResult, leftOut, type PlotRun } from "../runs/plot-runs.ts";
import { type SeriesOf, seriesOf, seriesRepetitions } from "../runs/series.ts";
import { isolated } from "../text/fit-text.ts";
import { joinNotes } from "../text/notes.ts";
import { upperFirst } from "../text/title.ts";
import type { Page, Plots, PlotTable } from "./page.ts";
import { gridFor, gridPage, pagesOf } from "./page-layout.ts";

/** So many can be looked through; drawing one takes a tenth of a second. */
const mostModels = 200;

/** Pages for each data set and model key, a chart for each figure that repetitions can change. */
export function performancePlots(runs: readonly PlotRun[], figures: readonly Figure[]): Plots {
  const models = [...Map.groupBy(runs, ({ dataKey, modelKey }) => JSON.stringify([dataKey, modelKey])).values()];
  const sheets = pagesOf(figures.filter(({ fixed }) => fixed !== true));
  const drawn = models.slice(0, mostModels);
  const all = countText(models.length, "model");
  const which = drawn.length < models.length ? `the first ${wholeText(mostModels)} of ${all}` : all;
  return {
    title: `Performance of ${which}`,
    pageCount: drawn.length * sheets.length,
    *pages(measure): Iterable<Page> {
      for (const [place, ofModel] of drawn.entries())
        for (const [index, ofSheet] of sheets.entries()) {
          const part = sheets.length > 1 ? ` (${index + 1} of ${sheets.length})` : "";
          const left = place === 0 && drawn.length < models.length ? `${which} are drawn; a .csv has all` : undefined;
          const heading = { title: `${modelTitle(ofModel)}${part}`, note: joinNotes([left, notesOf(ofModel)]) };
          const charts = ofSheet.map((criterion) => (room: Room) => criterionDistribution(ofModel, criterion, room));
          yield gridPage(charts, gridFor(ofSheet.length), measure, heading);
        }
    },
    table: tableOf(models.flat(), figures),
  };
}

function modelTitle([run]: readonly PlotRun[]): string {
  if (run === undefined) return "";
  return `${isolated(run.modelKey)} on ${run.dataKey === "" ? "no data set" : isolated(run.dataKey)}`;
}

/** Runs without a figure at all; what a single criterion leaves out, its chart says. */
function notesOf(runs: readonly PlotRun[]): string {
  return joinNotes([countText(runs.length, "run"), shapeNote("violin"), ...leftOut(runs, valuesOf("epochs"))]);
}

function valuesOf(criterion: string): SeriesOf {
  return {
    name: (run) => run.modelKey,
    x: (run) => finiteResult(run, "nb_params"),
    xName: "nb_params",
    criterion,
  };
}

function criterionDistribution(runs: readonly PlotRun[], criterion: Figure, room: Room): Chart {
  const series = seriesOf(runs, valuesOf(criterion.name));
  const wild = leftOut(runs, valuesOf(criterion.name)).filter((text) => text.endsWith("NaN or infinite"));
  return distributionChart(
    {
      title: upperFirst(criterion.title),
      notes: [joinNotes([seriesRepetitions(series), directionNote(criterion), ...wild])],
      xTitle: axisTitle(runFigure("nb_params")),
      yTitle: shortAxisTitle(criterion),
      series,
      direction: rankDirection(criterion),
      shape: "violin",
    },
    room,
  );
}

function tableOf(runs: readonly PlotRun[], figures: readonly Figure[]): PlotTable {
  return {
    columns: [
      { name: "run_id", type: "whole" },
      { name: "status", type: "text" },
      { name: "data_key", type: "text" },
      { name: "model_key", type: "text" },
      { name: "pipeline", type: "text" },
      ...figures.map(({ name, whole }) => ({ name, type: whole === true ? "whole" : "number" }) as const),
    ],
    rows: () =>
      runs.map(({ runId, status, dataKey, modelKey, pipeline, results }) => [
        runId,
        status,
        dataKey,
        modelKey,
        pipeline,
        ...figures.map(({ name }) => results.get(name) ?? null),
      ]),
  };
}
