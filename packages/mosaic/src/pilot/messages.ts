/**
 * All that a supervisor and a pilot say to each other, whatever lies between them. A pilot is a process of `mosaic worker`: it
 * starts workers where it runs, and passes on what they and the supervisor say.
 */
import { isPlainObject, type ProcessIdentity } from "@ml-mosaic/base";
import type { WorkerProgram } from "../supervisor/spawned-worker.ts";
import type { WorkerEnd } from "../supervisor/worker-process.ts";
import { count, fields, flag, listOf, nullable, number, optional, type Rule, recordOf, text } from "../wire/rules.ts";
import { type FromWorker, isFromWorker, isToWorker, type ToWorker } from "../worker/messages.ts";
import { type CarriedProject, carriedProject, type RunFile, runFiles } from "./carried.ts";
import { type ExchangeMessage, exchangeRules } from "./file-exchange.ts";
import { lastKinds } from "./left-run.ts";

export type ToPilot =
  /**
   * The first message. `folders` must be there, and the same ones as here, unless `carried` says what a pilot needs that sees
   * none of them. `database` is the id of that of the runs.
   */
  | {
      readonly kind: "welcome";
      readonly version: string;
      readonly folders: readonly string[];
      readonly database: string;
      readonly carried?: CarriedProject;
    }
  /** Start a program as the worker of this number; null is the pilot's own, for TypeScript. */
  | { readonly kind: "start"; readonly worker: number; readonly program: WorkerProgram | null }
  /** `files`: what a run goes on from, for a pilot that does not see them. */
  | {
      readonly kind: "tell";
      readonly worker: number;
      readonly message: ToWorker;
      readonly files?: readonly RunFile[];
    }
  | { readonly kind: "kill"; readonly worker: number }
  /** Nobody wants to hear of this run, which an earlier supervisor has left with this worker. */
  | { readonly kind: "forget"; readonly worker: number; readonly runId: number }
  /** So many of the `said` messages are where another supervisor finds what they say. */
  | { readonly kind: "published"; readonly said: number }
  /** All files of the `said` messages up to this one are in their places, and what they say is stored. */
  | { readonly kind: "received"; readonly said: number }
  | ExchangeMessage
  /** No run is left; or `why` this pilot gets none any more. */
  | { readonly kind: "leave"; readonly why?: string };

/**
 * Runs of an earlier supervisor, in their order: `start` of their worker's number and the order of such a run have all that was
 * said of it said again, and what follows said on.
 */
export interface LeftRuns {
  readonly worker: number;
  readonly runIds: readonly number[];
  /** They have ended, and no worker is at them. */
  readonly areOver: boolean;
}

export type FromPilot =
  | {
      readonly kind: "hello";
      readonly host: string;
      readonly process: ProcessIdentity;
      /** How many runs it takes at a time. */
      readonly runs: number;
      readonly device: string;
      readonly processor: string;
      /** Slurm's id of the job that it is in. */
      readonly job?: string;
      readonly left: readonly LeftRuns[];
      /** How many times the usual memory it has. */
      readonly memoryFactor?: number;
      /** It sees nothing of the folders: what it needs of them comes to it, and files of runs go back. */
      readonly isCarried?: boolean;
    }
  /** It cannot take runs, and ends. */
  | { readonly kind: "refused"; readonly why: string }
  /** `files` are to be in their places before what it says counts. */
  | {
      readonly kind: "said";
      readonly worker: number;
      readonly message: FromWorker;
      readonly files?: readonly RunFile[];
    }
  | { readonly kind: "nonsense"; readonly worker: number; readonly why: string }
  | { readonly kind: "progress"; readonly worker: number; readonly callSeconds: number }
  /** `files` are of the run that it had begun. */
  | { readonly kind: "ended"; readonly worker: number; readonly end: WorkerEnd; readonly files?: readonly RunFile[] }
  | ExchangeMessage
  /** It takes no further run, and leaves those that it has where they are. */
  | { readonly kind: "leaving"; readonly why: string }
  /** The last message: whatever it had is left. */
  | { readonly kind: "gone"; readonly why: string }
  /** It lives. */
  | { readonly kind: "beat" };

const worker = count;
const program = fields({
  command: text,
  args: listOf(text),
  environment: recordOf(text),
  folder: optional(text),
});
const toWorker: Rule = (value, name) => (isToWorker(value) ? undefined : `${name} is none for a worker`);
const fromWorker: Rule = (value, name) => (isFromWorker(value) ? undefined : `${name} is none of a worker`);

const toPilot: Readonly<Record<ToPilot["kind"], Rule>> = {
  welcome: fields({ version: text, folders: listOf(text), database: text, carried: optional(carriedProject) }),
  start: fields({ worker, program: nullable(program) }),
  tell: fields({ worker, message: toWorker, files: runFiles }),
  kill: fields({ worker }),
  forget: fields({ worker, runId: count }),
  published: fields({ said: count }),
  received: fields({ said: count }),
  ...exchangeRules,
  leave: fields({ why: optional(text) }),
};

const fromPilot: Readonly<Record<FromPilot["kind"], Rule>> = {
  hello: fields({
    host: text,
    process: fields({ pid: count, started: text, scope: text }),
    runs: count,
    device: text,
    processor: text,
    job: optional(text),
    left: listOf(fields({ worker, runIds: listOf(count), areOver: flag })),
    memoryFactor: optional(count),
    isCarried: optional(flag),
  }),
  refused: fields({ why: text }),
  said: fields({ worker, message: fromWorker, files: runFiles }),
  nonsense: fields({ worker, why: text }),
  progress: fields({ worker, callSeconds: number }),
  ended: fields({
    worker,
    end: fields({ how: text, lastWords: text, begun: optional(count), outOfMemory: optional(flag) }),
    files: runFiles,
  }),
  ...exchangeRules,
  leaving: fields({ why: text }),
  gone: fields({ why: text }),
  beat: fields({}),
};

/** Whether the other side says something as soon as it has heard it. */
export function isAnswered(message: ToPilot | FromPilot): boolean {
  if (message.kind === "said") return lastKinds.has(message.message.kind);
  return answeredKinds.has(message.kind);
}

const answeredKinds: ReadonlySet<(ToPilot | FromPilot)["kind"]> = new Set([
  "welcome",
  "tell",
  "hello",
  "ended",
  "fetch",
]);

export function isToPilot(value: unknown): value is ToPilot {
  return fault(value, toPilot) === undefined;
}

export function isFromPilot(value: unknown): value is FromPilot {
  return fault(value, fromPilot) === undefined;
}

function fault(value: unknown, kinds: Readonly<Record<string, Rule>>): string | undefined {
  if (!isPlainObject(value)) return "it is no object";
  const { kind } = value;
  const rule = typeof kind === "string" && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  return rule === undefined ? "its kind is unknown" : rule(value, String(kind));
}
