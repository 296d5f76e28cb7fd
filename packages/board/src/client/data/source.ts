/** Where a page has its data from: a server that it asks, or blocks that an export has embedded. */
import type {
  ControlAction,
  ControlPlan,
  Failures,
  Groups,
  Importance,
  LogPart,
  ModelLayers,
  PairDetail,
  Pareto,
  Refusal,
  RunDetail,
  Verdicts,
} from "../../wire/answers.ts";
import type { Change } from "../../wire/changes.ts";
import type { Columns } from "../../wire/columns.ts";
import type { CurveQuery, Curves } from "../../wire/curves.ts";
import type { ExperimentInfo } from "../../wire/experiment.ts";
import type { MapPlane, MapsInfo } from "../../wire/maps.ts";
import type { Prediction } from "../../wire/prediction.ts";

/** Which runs an answer is about: those that meet a condition, or those selected. */
export interface Chosen {
  readonly where: string;
  /** As `1-5,9`; "" where none are selected. */
  readonly ids: string;
}

export interface Source {
  experiment(): Promise<ExperimentInfo>;
  /** @param first how many rows are enough; all where it is not given */
  columns(names: readonly string[], first?: number): Promise<Columns>;
  curves(query: CurveQuery): Promise<Curves>;
  groups(chosen: Chosen, by: readonly string[], results: readonly string[]): Promise<Groups>;
  /** On one data set; null for the first. */
  verdicts(chosen: Chosen, result: string, data: string | null): Promise<Verdicts>;
  pair(chosen: Chosen, result: string, data: string | null, one: string, other: string): Promise<PairDetail>;
  importance(chosen: Chosen, result: string): Promise<Importance>;
  pareto(chosen: Chosen, x: string, y: string): Promise<Pareto>;
  failures(chosen: Chosen): Promise<Failures>;
  run(id: number): Promise<RunDetail>;
  log(id: number, from: number): Promise<LogPart>;
  model(id: number): Promise<ModelLayers>;
  /** @param asked texts of `input.NAME`, or `sample` */
  predict(id: number, asked: Readonly<Record<string, string>>): Promise<Prediction>;
  maps(): Promise<MapsInfo>;
  map(id: string): Promise<MapPlane>;
  /** Undefined where files cannot be had. */
  fileAddress(artifactId: string): string | undefined;
  plan(action: ControlAction, ids: string): Promise<ControlPlan>;
  control(action: ControlAction, ids: string): Promise<ControlPlan>;
  /** Ends with the function that it gives back. */
  follow(cursor: string, listener: ChangeListener): () => void;
}

export interface ChangeListener {
  changed(change: Change, cursor: string): void;
  /** Lost, and found again; a reason where it will not be found by waiting. */
  connected(isConnected: boolean, reason?: string): void;
}

/** The server, or the export, has no answer and says why. */
export class RefusedError extends Error {
  readonly problem: Refusal["problem"];

  constructor(problem: Refusal["problem"]) {
    super(problem.remedy === undefined ? problem.message : `${problem.message} ${problem.remedy}`);
    this.problem = problem;
  }
}

/** The server does not answer. */
export class LostError extends Error {}
