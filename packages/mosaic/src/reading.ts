/** What programs import that look at databases, as the board does: nothing here writes. */

export type { BoardControls, BoardPackage, BoardServer, BoardSettings } from "./board/board-package.ts";
export { explainText } from "./commands/compare-explain.ts";
export { dataNotes, reportNotes } from "./commands/compare-notes.ts";
export { headline, planText, sentence } from "./commands/compare-words.ts";
export { stateWords } from "./commands/status-text.ts";
export type { DataReport, ModelStanding, PairReport } from "./compare/data-report.ts";
export { type CompareReport, compareRuns } from "./compare/report.ts";
export { defaultRope } from "./compare/rope.ts";
export { parseCondition } from "./conditions/index.ts";
export { MosaicError } from "./errors.ts";
export { type ExperimentOrigin, readExperimentOrigins } from "./experiment/experiment-origin.ts";
export { type Figure, rankDirection } from "./figures/figure.ts";
export { figureNamed, readFigures } from "./figures/known-figures.ts";
export { defaultCriterion } from "./figures/run-figures.ts";
export { evaluationSample, type SampleField } from "./inspect/evaluation-sample.ts";
export { logFile, noSuchRun, type RunReport, readRunReport } from "./inspect/run-report.ts";
export { processParams } from "./pipelines/run-params.ts";
export { runsToPlot, withOptions } from "./plots/pages/data-pages.ts";
export { importanceNotes } from "./plots/pages/importance.ts";
export { paretoPoints } from "./plots/pages/pareto.ts";
export { configurationsOf } from "./plots/runs/configurations.ts";
export { importanceOn } from "./plots/runs/importance.ts";
export { readPlotRuns } from "./plots/runs/plot-runs.ts";
export { runsWhere } from "./selection/runs-where.ts";
export { firstErrorLine } from "./status/first-error-line.ts";
export { readStatus, type StatusReport } from "./status/status-report.ts";
export {
  type ChangeCursor,
  type ColumnSource,
  type ColumnValues,
  type CurveTimes,
  isPlainNumber,
  openSqliteReader,
  type RunChanges,
  type RunColumns,
  type RunCurves,
  type RunRecord,
  StoreError,
  type StoreReader,
} from "./store/index.ts";
