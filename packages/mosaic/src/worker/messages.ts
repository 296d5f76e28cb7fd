/**
 * All that supervisor and workers say to each other: plain data, so that a worker in another language can take this
 * one's place.
 */
import { isPlainObject } from "@ml-mosaic/base";
import type { EpochRecord } from "@ml-mosaic/training";
import type { RunOrder } from "../run/order.ts";
import type { Artifact, Completion, RunResult } from "../store/index.ts";
import {
  count,
  fields,
  flag,
  listOf,
  nullable,
  number,
  oneOf,
  optional,
  type Rule,
  recordOf,
  text,
} from "../wire/rules.ts";

/** Without its supervisor a worker exits. */
export type ToWorker =
  /**
   * Carry this run out, as soon as the one at hand has ended; `token` comes back with everything said about it.
   * `tellsPrepared`: the moment at which its epochs begin is wanted.
   */
  | {
      readonly kind: "run";
      readonly token: number;
      readonly order: RunOrder;
      readonly tellsPrepared: boolean;
      /** How often it is to leave a snapshot; without it only where it is paused, and at its end. */
      readonly snapshotSeconds?: number | undefined;
      /** Build it up to its first loss, and neither train nor write anything. Workers of TypeScript are never asked to. */
      readonly check?: true;
    }
  /** Forget this order, and say so; a run that has begun meanwhile is not concerned. */
  | { readonly kind: "withdraw"; readonly token: number }
  /** Save where this run is and leave it; a run that has ended meanwhile is not concerned. */
  | { readonly kind: "pause"; readonly token: number };

/** `last`: the worker is to be replaced, since the run may have left something to the next one. */
export type FromWorker =
  /** The order was forgotten before anything was done. */
  | { readonly kind: "withdrawn"; readonly token: number }
  /** All modules are constructed and prepared: now the epochs begin. */
  | { readonly kind: "prepared"; readonly token: number }
  | {
      readonly kind: "epochs";
      readonly token: number;
      readonly records: readonly EpochRecord[];
      readonly epochs: number;
    }
  /** The run goes on from a snapshot of so many whole epochs, should its worker die. */
  | {
      readonly kind: "snapshot";
      readonly token: number;
      readonly epochs: number;
      readonly executor?: Completion["executor"];
      readonly artifacts: readonly Artifact[];
    }
  | {
      readonly kind: "done";
      readonly token: number;
      readonly result: RunResult;
      readonly directions: Required<Completion>["directions"];
      readonly executor?: Completion["executor"];
      readonly dataDigest?: Completion["dataDigest"];
      readonly records: readonly EpochRecord[];
      readonly artifacts: readonly Artifact[];
      readonly last: boolean;
    }
  /** The run was left; `epochs` whole ones are done, and its snapshot holds the rest. */
  | {
      readonly kind: "paused";
      readonly token: number;
      readonly epochs: number;
      readonly executor?: Completion["executor"];
      readonly dataDigest?: Completion["dataDigest"];
      readonly records: readonly EpochRecord[];
      readonly artifacts: readonly Artifact[];
      readonly last: boolean;
    }
  /**
   * `error`: the message with its stack. `trouble`: it is not the run's fault; why, and what to do. `codeChanged`: nor
   * here, its modules are no longer those of its identity. This worker takes no further run.
   */
  | {
      readonly kind: "failed";
      readonly token: number;
      readonly error: string;
      readonly trouble: string | null;
      readonly codeChanged: boolean;
    }
  /** The run is not at fault for an error that another one, `from`, has left to this worker, which ends. */
  | { readonly kind: "disturbed"; readonly token: number; readonly from: number; readonly error: string };

const epochRecord = fields({
  epoch: count,
  lr: number,
  trainLoss: number,
  validLoss: number,
  seconds: number,
  trainAccuracy: optional(number),
  validAccuracy: optional(number),
  metrics: recordOf(number),
  trainMetrics: optional(recordOf(number)),
});
const token = count;
const records = listOf(epochRecord);
const artifacts = listOf(fields({ kind: text, path: text, sizeBytes: count, sha256: optional(text) }));
const end = { token, records, artifacts, executor: optional(text), dataDigest: optional(nullable(text)), last: flag };

const fromWorker: Readonly<Record<FromWorker["kind"], Rule>> = {
  withdrawn: fields({ token }),
  prepared: fields({ token }),
  epochs: fields({ token, records, epochs: count }),
  snapshot: fields({ token, epochs: count, artifacts, executor: optional(text) }),
  done: fields({ ...end, result: recordOf(nullable(number)), directions: recordOf(oneOf("lower", "higher")) }),
  paused: fields({ ...end, epochs: count }),
  failed: fields({ token, error: text, trouble: nullable(text), codeChanged: flag }),
  disturbed: fields({ token, from: count, error: text }),
};

const texts = recordOf(text);
const order = fields({
  runId: count,
  pipeline: fields({
    modules: listOf(fields({ type: text, className: text, path: text, key: text, options: texts })),
    training: texts,
  }),
  process: texts,
  repetition: count,
  seed: count,
  device: text,
  folder: text,
  files: optional(texts),
  acceptsCode: flag,
  filesFolder: optional(text),
  fence: optional(count),
  executor: optional(oneOf("onnx", "wasm")),
  earlierEpochs: optional(records),
});

const toWorker: Readonly<Record<ToWorker["kind"], Rule>> = {
  run: fields({ token, order, tellsPrepared: flag, snapshotSeconds: optional(number), check: optional(flag) }),
  withdraw: fields({ token }),
  pause: fields({ token }),
};

/** What is no message of a worker in something that has come from one: a module may have written to the channel. */
export function faultFromWorker(value: unknown): string | undefined {
  return fault(value, fromWorker);
}

export function areEpochRecords(value: unknown): value is readonly EpochRecord[] {
  return records(value, "epochs") === undefined;
}

export function isFromWorker(value: unknown): value is FromWorker {
  return faultFromWorker(value) === undefined;
}

/** What is no message of a supervisor in something that has come from one, of another version perhaps. */
export function faultToWorker(value: unknown): string | undefined {
  return fault(value, toWorker);
}

export function isToWorker(value: unknown): value is ToWorker {
  return faultToWorker(value) === undefined;
}

function fault(value: unknown, kinds: Readonly<Record<string, Rule>>): string | undefined {
  if (!isPlainObject(value)) return "a message must be an object";
  const { kind } = value;
  const rule = typeof kind === "string" && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  return rule === undefined ? `no message is of the kind ${String(kind)}` : rule(value, String(kind));
}
