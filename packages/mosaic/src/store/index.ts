export { copyDatabase } from "./copy-database.ts";
export { openSqliteReader, openSqliteStore, type SqliteStoreOptions } from "./open-sqlite-store.ts";
export type {
  AddedRuns,
  Artifact,
  Completion,
  Continuation,
  EarlierResult,
  EpochRecord,
  ExperimentRecord,
  FoundRun,
  GiveBackReason,
  Lease,
  LeaseKey,
  NewExperiment,
  NewRun,
  Param,
  ParamSummary,
  PipelineUpdate,
  ReturnedRun,
  RunDetails,
  RunQuery,
  RunRecord,
  RunResult,
  RunStatus,
  ValueCondition,
  WriterRecord,
} from "./records.ts";
export { type ResultColumn, resultColumns } from "./result-columns.ts";
export { maximumAttempts, type Store, type StoreReader } from "./store.ts";
export { StoreError, type StoreErrorCode } from "./store-error.ts";
