import { type Experiment, generatePipelines, languageOfPipeline, processTexts } from "../config/index.ts";
import { projectOf, type RunChecks } from "../languages/language.ts";
import { languages } from "../languages/languages.ts";
import { describePipeline } from "../pipelines/pipeline.ts";
import { repetitionSeed } from "../run/seed.ts";

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
  await using opened = new AsyncDisposableStack();
  const checks = new Map<string, RunChecks>();
  let done = 0;
  for (const pipeline of generatePipelines(experiment)) {
    const language = languageOfPipeline(pipeline);
    const own = checks.get(language) ?? opened.use(languages[language].openRunChecks(projectOf(experiment)));
    checks.set(language, own);
    const errors = await own.check({
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
      executor: undefined,
      earlierEpochs: undefined,
    });
    for (const error of errors) problems.push({ pipeline: describePipeline(pipeline), error });
    onPipeline(++done);
  }
  return problems;
}
