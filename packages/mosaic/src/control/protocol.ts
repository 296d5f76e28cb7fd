/** What commands ask of a running experiment, and what it answers: one JSON object a line. */
import type { Texts } from "../pipelines/pipeline.ts";

/** Let no new run start. `finish`: wait for the running ones; `now`: leave them in the middle, to go on from there. */
export interface ControlRequest {
  readonly kind: "pause";
  readonly mode: "finish" | "now";
}

/** A run that is waited for. */
export interface AwaitedRun {
  readonly runId: number;
  readonly description: string;
  readonly seconds: number;
  readonly epoch: number;
  /** 0 until the first epoch is reported. */
  readonly epochs: number;
  /** Since it came forward last; an experiment of an earlier version does not say it. */
  readonly silentSeconds?: number;
  /** When it is left in the middle: so long it may be silent before its worker is killed. */
  readonly patienceSeconds?: number;
}

/** Nothing runs any more; which runs are left the database says. */
export interface PausedAnswer {
  readonly kind: "paused";
  readonly left: number;
  readonly experimentId: number;
  /** Folder of the configuration file. */
  readonly folder: string;
  /** As MONITOR was written. */
  readonly monitor: Texts;
}

export type ControlAnswer =
  | { readonly kind: "waiting"; readonly runs: readonly AwaitedRun[] }
  | PausedAnswer
  | { readonly kind: "refused"; readonly message: string };

export function isControlRequest(value: unknown): value is ControlRequest {
  const { kind, mode }: { readonly [name: string]: unknown } = Object(value);
  return kind === "pause" && (mode === "finish" || mode === "now");
}

export function isControlAnswer(value: unknown): value is ControlAnswer {
  const { kind, runs, left, experimentId, folder, message }: { readonly [name: string]: unknown } = Object(value);
  if (kind === "waiting") return Array.isArray(runs);
  if (kind === "paused")
    return typeof left === "number" && typeof experimentId === "number" && typeof folder === "string";
  return kind === "refused" && typeof message === "string";
}
