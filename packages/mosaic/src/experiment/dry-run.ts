import { setImmediate as nextTurn } from "node:timers/promises";
import { type Experiment, generatePipelines, processTexts } from "../config/index.ts";
import { forbidExit } from "../modules/forbid-exit.ts";
import { describePipeline } from "../pipelines/pipeline.ts";
import { checkRun } from "../run/execute-run.ts";
import { repetitionSeed } from "../run/seed.ts";
import { captureOutput } from "../worker/capture-output.ts";

export interface DryRunProblem {
  readonly pipeline: string;
  readonly error: unknown;
}

/** Constructs every pipeline once, prepares its data and compiles its training, without training. */
export async function dryRun(
  experiment: Experiment,
  onPipeline: (done: number) => void,
): Promise<readonly DryRunProblem[]> {
  const { process: section, folder } = experiment;
  const problems: DryRunProblem[] = [];
  let current = "";
  const fail = (error: unknown) => problems.push({ pipeline: current, error });
  const allowExit = forbidExit();
  process.on("unhandledRejection", fail);
  process.on("uncaughtException", fail);
  let done = 0;
  try {
    for (const pipeline of generatePipelines(experiment)) {
      current = describePipeline(pipeline);
      const order = {
        runId: 0,
        pipeline,
        process: processTexts(section, pipeline),
        repetition: 0,
        seed: repetitionSeed(section.seed, 0),
        device: "cpu",
        folder,
        files: undefined,
        filesFolder: undefined,
        acceptsCode: false,
        earlierEpochs: undefined,
      };
      // What modules print belongs into the logs of runs, and there are none yet.
      const release = captureOutput(() => undefined);
      try {
        await checkRun(order).catch(fail);
        // Promises that nobody awaited are reported between two turns of the event loop.
        await nextTurn();
      } finally {
        release();
      }
      onPipeline(++done);
    }
  } finally {
    process.off("unhandledRejection", fail);
    process.off("uncaughtException", fail);
    allowExit();
  }
  return problems;
}
