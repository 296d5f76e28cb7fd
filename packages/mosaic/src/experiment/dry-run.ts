import { type Experiment, generatePipelines, processTexts } from "../config/index.ts";
import { checkRun } from "../run/execute-run.ts";
import { repetitionSeed } from "../run/seed.ts";
import { describePipeline } from "./plan.ts";

export interface DryRunProblem {
  readonly pipeline: string;
  readonly error: unknown;
}

/** Constructs every pipeline once, prepares its data and connects it to the loss, without training. */
export async function dryRun(
  experiment: Experiment,
  onPipeline: (done: number) => void,
): Promise<readonly DryRunProblem[]> {
  const { process, folder } = experiment;
  const problems: DryRunProblem[] = [];
  let done = 0;
  for (const pipeline of generatePipelines(experiment)) {
    const order = {
      runId: 0,
      pipeline,
      process: processTexts(process, pipeline),
      repetition: 0,
      seed: repetitionSeed(process.seed, 0),
      device: "cpu",
      folder,
      filesFolder: undefined,
    };
    await checkRun(order).catch((error: unknown) => problems.push({ pipeline: describePipeline(pipeline), error }));
    onPipeline(++done);
  }
  return problems;
}
