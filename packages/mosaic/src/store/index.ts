export { copyDatabase } from "./copy-database.ts";
export { databaseFile, requireShortName } from "./database-path.ts";
export { epochColumns, epochMetrics } from "./epoch-columns.ts";
export { checkSqliteStore, openSqliteReader, openSqliteStore, type SqliteStoreOptions } from "./open-sqlite-store.ts";
export type {
  AddedRuns,
  Artifact,
  ChangeCursor,
  ColumnSource,
  ColumnValues,
  Completion,
  Continuation,
  CurveTimes,
  EarlierResult,
  ExperimentRecord,
  FoundRun,
  GiveBackReason,
  Lease,
  LeaseBeat,
  LeaseKey,
  LeaseWishes,
  MetricSummary,
  NewExperiment,
  NewRun,
  Observed,
  Param,
  ParamSummary,
  Removal,
  RemovedFile,
  RemovedRun,
  ReturnedRun,
  RunChanges,
  RunColumns,
  RunCurves,
  RunDetails,
  RunQuery,
  RunRecord,
  RunResult,
  RunStatus,
  ValueCondition,
  WriterRecord,
} from "./records.ts";
export { requirePipeline } from "./run-queries.ts";
export { isPlainNumber } from "./run-values.ts";
export { maximumAttempts, type Store, type StoreReader } from "./store.ts";
export { StoreError, type StoreErrorCode } from "./store-error.ts";
