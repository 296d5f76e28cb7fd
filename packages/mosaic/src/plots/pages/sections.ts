/** `mosaic metaplot --config`: one page a section. */
import { countText } from "@ml-mosaic/base";
import { rankDirection } from "../../figures/figure.ts";
import { axisTitle, directionNote } from "../../figures/figure-text.ts";
import type { Chart, Room } from "../charts/chart.ts";
import { type CriterionPlot, criterionChart } from "../charts/criterion-chart.ts";
import { distributionChart, shapeNote } from "../charts/distribution-chart.ts";
import type { PlotSection } from "../runs/plot-config.ts";
import { finiteResult, type PlotRun } from "../runs/plot-runs.ts";
import { filterRuns, valueNamed } from "../runs/run-filter.ts";
import { hasIntervals, type RunSeries, type SeriesOf, seriesNotes, seriesOf } from "../runs/series.ts";
import { seriesTable } from "../runs/series-table.ts";
import { dataNote } from "../text/notes.ts";
import type { Plots, PlotTable } from "./page.ts";
import { figurePage, figureRoom } from "./page-layout.ts";

export function configPlots(runs: readonly PlotRun[], sections: readonly PlotSection[]): Plots {
  const plots = sections.map((section) => sectionPlot(filterRuns(runs, section), section));
  return {
    title: countText(sections.length, "plot"),
    pageCount: plots.length,
    pages: (measure) => plots.map((plot) => figurePage(sectionChart(plot, figureRoom(measure)))),
    table: sectionsTable(plots),
  };
}

interface SectionPlot {
  readonly section: PlotSection;
  readonly runs: readonly PlotRun[];
  readonly of: SeriesOf;
  readonly series: readonly RunSeries[];
}

function sectionPlot(runs: readonly PlotRun[], section: PlotSection): SectionPlot {
  const { abscissae, ordinates } = section;
  const x = abscissae.name;
  const dataKeys = new Set(runs.map(({ dataKey }) => dataKey));
  const of: SeriesOf = {
    name: ({ modelKey, dataKey }) => (dataKeys.size > 1 ? `${modelKey} on ${dataKey}` : modelKey),
    x: (run) => (run.results.has(x) ? finiteResult(run, x) : valueNamed(run, x)),
    xName: x,
    criterion: ordinates.name,
  };
  return { section, runs, of, series: seriesOf(runs, of) };
}

function sectionChart({ section, runs, of, series }: SectionPlot, room: Room): Chart {
  const { name, abscissae, ordinates, plotType, plotScale, errorbarsStyle } = section;
  const dataKeys = [...new Set(runs.map(({ dataKey }) => dataKey))];
  const data = dataKeys.length === 1 ? dataNote(dataKeys[0] ?? "") : "";
  const isMeans = plotType === "line" || plotType === "point";
  const drawn = isMeans ? (hasIntervals(series) ? "mean with 95 % t interval" : "") : shapeNote(plotType);
  const common = {
    title: name,
    notes: seriesNotes(data, runs, series, of, [drawn, directionNote(ordinates)]),
    xTitle: axisTitle(abscissae),
    yTitle: axisTitle(ordinates),
    series,
    direction: rankDirection(ordinates),
    ...scalesOf[plotScale],
  };
  return isMeans
    ? criterionChart({ ...common, marks: plotType, intervals: errorbarsStyle }, room)
    : distributionChart({ ...common, shape: plotType }, room);
}

type Scales = Pick<CriterionPlot, "xScale" | "yScale">;

const scalesOf: Readonly<Record<PlotSection["plotScale"], Scales>> = {
  auto: {},
  linear: { xScale: "linear", yScale: "linear" },
  log: { xScale: "linear", yScale: "log" },
  semilogy: { xScale: "linear", yScale: "log" },
  semilogx: { xScale: "log", yScale: "linear" },
  loglog: { xScale: "log", yScale: "log" },
};

/** The tables of all sections below each other: their columns have one name for all. */
function sectionsTable(plots: readonly SectionPlot[]): PlotTable {
  const tables = plots.map(({ section, runs, of, series }) => ({
    section,
    table: seriesTable(runs, { ...of, series, xColumn: { name: "abscissa", type: "text" }, valueColumn: "ordinate" }),
  }));
  return {
    columns: [{ name: "section", type: "text" }, ...(tables[0]?.table.columns ?? [])],
    *rows() {
      for (const { section, table } of tables) for (const row of table.rows()) yield [section.name, ...row];
    },
  };
}
