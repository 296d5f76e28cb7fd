/** What the server answers to smaller questions, as JSON. Every question takes `where`, and `ids` for a selection. */
import type { Direction } from "./experiment.ts";

/** Why there is no answer: the body of every refusal. */
export interface Refusal {
  readonly problem: {
    readonly message: string;
    readonly remedy?: string;
    /** Place in the condition that was asked with, counted from 1. */
    readonly at?: number;
  };
}

/** A mean with its interval; null where there are too few values. */
export interface Estimate {
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

/** `api/groups?by=…&results=…&where=…` */
export interface Groups {
  readonly by: readonly string[];
  readonly results: readonly string[];
  /** What the intervals are. */
  readonly interval: string;
  readonly groups: readonly {
    readonly values: readonly (string | number | null)[];
    readonly runs: number;
    readonly failed: number;
    /** In the order of `results`. */
    readonly estimates: readonly Estimate[];
  }[];
}

/** `api/verdicts?result=…&where=…` */
export interface Verdicts {
  /** The verdict that counts, in one sentence. */
  readonly sentence: string;
  /** What has to be known before one decides by it. */
  readonly notes: readonly string[];
  readonly result: string;
  readonly title: string;
  readonly direction: Direction;
  readonly interval: string;
  /** The data set that this is about, of all there are: the first, or the one of `data=`. */
  readonly data: string;
  readonly dataSets: readonly string[];
  /** On `log` differences are of logarithms. */
  readonly scale: "linear" | "log";
  /** Best first. */
  readonly ranking: readonly RankedModel[];
  readonly pairs: readonly ModelPair[];
  readonly criticalDifferences: CriticalDifferences | null;
}

export interface RankedModel extends Estimate {
  readonly name: string;
  /** Its name without what all have in common. */
  readonly label: string;
  readonly failed: number;
  /** Whether it may still be the best. */
  readonly mayBeBest: boolean;
}

export interface ModelPair {
  /** Places in the ranking. */
  readonly one: number;
  readonly other: number;
  /** Of the one to the other, paired by repetition. */
  readonly difference: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly outcome: "one" | "other" | "same" | "undecided";
  /** The verdict in words. */
  readonly text: string;
  readonly pValue: number | null;
}

export interface CriticalDifferences {
  /** Mean rank of each model of the ranking. */
  readonly ranks: readonly number[];
  readonly difference: number | null;
  /** Places in the ranking of models that cannot be told apart. */
  readonly groups: readonly (readonly number[])[];
  readonly blocks: number;
}

/** `api/pair?one=NAME&other=NAME&result=…&where=…` */
export interface PairDetail {
  readonly scale: "linear" | "log";
  /** Differences up to this one, on the scale, count as none. */
  readonly rope: number | null;
  readonly differences: readonly { readonly repetition: number; readonly difference: number }[];
  /** The confidence sequence: what was known after so many repetitions. */
  readonly sequence: readonly Estimate[];
  readonly text: string;
}

/** `api/importance?result=…&where=…` */
export interface Importance {
  readonly result: string;
  readonly rows: readonly {
    readonly option: string;
    readonly importance: number;
    readonly low?: number;
    readonly high?: number;
  }[];
  /** What it means, or why it cannot be said. */
  readonly text: string;
}

/** `api/pareto?x=…&y=…&where=…` */
export interface Pareto {
  readonly x: string;
  readonly y: string;
  readonly points: readonly {
    readonly name: string;
    readonly x: Estimate;
    readonly y: Estimate;
    readonly isOnFront: boolean;
  }[];
  readonly text: string;
}

/** `api/failures?where=…` */
export interface Failures {
  readonly groups: readonly {
    /** First line of the error. */
    readonly message: string;
    /** Where in the user's code it came from. */
    readonly place: string | null;
    readonly count: number;
    /** The first of them. */
    readonly runs: readonly number[];
    /** The whole error of the first one. */
    readonly example: string;
  }[];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** `api/run/ID` */
export interface RunDetail {
  readonly id: number;
  readonly status: string;
  readonly pipeline: string;
  /** Seed, repetition, times, executor. */
  readonly facts: readonly Fact[];
  readonly options: readonly (Fact & { readonly section: string })[];
  readonly results: readonly {
    readonly name: string;
    readonly title: string;
    readonly value: number | string | null;
    readonly unit?: string;
  }[];
  readonly environment: readonly Fact[];
  readonly error: string | null;
  readonly tags: readonly string[];
  readonly note: string | null;
  readonly artifacts: readonly {
    readonly id: string;
    readonly name: string;
    readonly kind: string;
    readonly bytes: number;
  }[];
  /** The run that differs least. */
  readonly nearest: {
    readonly run: number;
    readonly differences: readonly { readonly name: string; readonly mine: string; readonly other: string }[];
  } | null;
  /** Size of its log; null where there is none. */
  readonly logBytes: number | null;
  readonly hasModel: boolean;
}

/** `api/log/ID?from=OFFSET` */
export interface LogPart {
  readonly text: string;
  /** Offset behind it. */
  readonly next: number;
  /** Bytes of the whole log. */
  readonly size: number;
}

/** `api/model/ID` */
export interface ModelLayers {
  readonly inputs: readonly TensorShape[];
  readonly outputs: readonly TensorShape[];
  readonly layers: readonly {
    readonly name: string;
    readonly operator: string;
    readonly output: string;
    readonly parameters: number;
  }[];
}

/** Of an export: the models of its runs, each once. */
export interface ExportedModels {
  readonly models: readonly ModelLayers[];
  /** Place of each run's model. */
  readonly of: Readonly<Record<string, number>>;
}

export interface TensorShape {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** `api/control/plan?action=…&ids=…`: what a POST to `api/control/ACTION` would do. */
export interface ControlPlan {
  readonly text: string;
  /** Whether there is anything to do. */
  readonly isPossible: boolean;
}

export type ControlAction = "pause" | "resume" | "stop" | "rerun";
