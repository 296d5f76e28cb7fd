/** The runs of a database, each with its pipeline and what became of it. */
import { hash } from "node:crypto";
import type { Figure } from "../figures/figure.ts";
import { sortedValues } from "../pipelines/pipeline.ts";
import { maximumAttempts, type RunRecord, type StoreReader } from "../store/index.ts";
import { lentTraining, type PipelineParts, partsOf } from "./pipeline-parts.ts";

/**
 * What became of a run: its figure, or why it has none. `failed`: its modules or its training did; `lost`: workers died over it,
 * which says nothing about the model; `unfinished`: it is still to run, or running.
 */
export type Outcome = number | "failed" | "lost" | "diverged" | "empty" | "unfinished";

/** What is kept of each run: as little as can be, since there may be a million. Details are undefined for the original's. */
export interface ParsedRun {
  readonly runId: number;
  readonly seed: number | undefined;
  readonly repetition: number | undefined;
  /** Milliseconds since 1970. */
  readonly orderedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** It was ordered anew when it had ended. */
  readonly isAgain: boolean;
  readonly pipeline: ParsedPipeline;
  readonly outcome: Outcome;
}

export interface ParsedPipeline extends PipelineParts {
  readonly trainingText: string;
}

/** Every run that has a pipeline. */
export async function parseRuns(reader: StoreReader, criterion: Figure): Promise<readonly ParsedRun[]> {
  const pipelines = new Map<string, PipelineParts | undefined>();
  const parsed: { readonly run: Omit<ParsedRun, "pipeline">; readonly parts: PipelineParts }[] = [];
  for await (const run of reader.runs()) {
    const text = hash("sha256", `${JSON.stringify(run.pipeline)}\n${run.params.flat().join("\n")}`);
    if (!pipelines.has(text)) pipelines.set(text, partsOf(run));
    const parts = pipelines.get(text);
    const { runId, details } = run;
    if (parts === undefined) continue;
    const kept = {
      runId,
      seed: details?.seed,
      repetition: details?.repetition,
      orderedAt: details?.orderedAt.getTime(),
      endedAt: details?.finishedAt?.getTime(),
      isAgain: details !== null && details.orderedAt > details.createdAt,
      outcome: outcomeOf(run, criterion),
    };
    parsed.push({ run: kept, parts });
  }
  const all = [...pipelines.values()].filter((parts) => parts !== undefined);
  const trainingOf = lentTraining(all);
  const complete = new Map(
    all.map((parts) => {
      const training = trainingOf(parts);
      return [parts, { ...parts, training, trainingText: JSON.stringify(sortedValues(training)) }] as const;
    }),
  );
  return parsed.flatMap(({ parts, run }) => {
    const pipeline = complete.get(parts);
    return pipeline === undefined ? [] : [{ ...run, pipeline }];
  });
}

function outcomeOf({ status, result, details }: RunRecord, { name }: Figure): Outcome {
  if (status === "pending" || status === "running" || status === "paused") return "unfinished";
  if (status !== "done") return details !== null && details.attempts >= maximumAttempts ? "lost" : "failed";
  return valueOutcome(result?.[name] ?? null);
}

export function valueOutcome(value: number | null): Outcome {
  if (value === null) return "empty";
  return Number.isFinite(value) ? value : "diverged";
}
