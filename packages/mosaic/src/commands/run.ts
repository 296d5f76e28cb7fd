import { countText } from "@ml-mosaic/base";
import { command, type ExitCode, shellText, type Terminal } from "@ml-mosaic/command-line";
import { boolean, formatProblem, path, schema } from "@ml-mosaic/configurable";
import { startBoardBeside } from "../board/start-beside.ts";
import { countPipelines, type Experiment, readExperiment, type SlurmSection } from "../config/index.ts";
import type { Outcome } from "../experiment/carry-out.ts";
import { checkModules } from "../experiment/check-modules.ts";
import { checkDevices, workerDevices } from "../experiment/devices.ts";
import { type DryRunProblem, dryRun } from "../experiment/dry-run.ts";
import { readExperimentCode } from "../experiment/plan.ts";
import { type ExperimentQueue, enqueueRuns } from "../experiment/queue.ts";
import { projectOf } from "../languages/language.ts";
import { sectionsByLanguage } from "../languages/languages.ts";
import { withoutMarks } from "../modules/user-files.ts";
import { idRanges } from "../selection/id-ranges.ts";
import { checkSqliteStore } from "../store/index.ts";
import { startEarlyWorkers } from "../supervisor/early-workers.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import { leftOutText } from "./choice-text.ts";
import { continueCommand } from "./continue-command.ts";
import { misplacedOverride, overridesArgument } from "./overrides-argument.ts";
import { crewsOf, engineOption, spoolOptions, spoolPreconditions, spoolWords } from "./spool-options.ts";
import { carryOnLines, jsonOption, trainAndTell } from "./train-and-tell.ts";

export const runCommand = command({
  name: "run",
  summary: "Train every pipeline that a configuration file describes and keep the results in a database.",
  arguments: {
    config_file: schema(path, { help: "configuration file (.ini)" }),
    database_file: schema(path, {
      help: "database of results (.db); made where it is missing, else appended to",
    }),
    ...overridesArgument,
  },
  options: {
    continue: schema(boolean, { help: "run only what is missing in the database" }),
    "retry-errors": schema(boolean, { help: "with --continue, also run again what failed" }),
    "restore-removed": schema(boolean, { help: "with --continue, also train again what mosaic remove has removed" }),
    "dry-run": schema(boolean, { help: "check everything, construct each pipeline once, train nothing" }),
    ...engineOption,
    ...spoolOptions,
    board: schema(boolean, { help: "also open the page of mosaic board, which stays when this command ends" }),
    ...jsonOption,
  },
  *preconditions(given) {
    for (const option of ["retry-errors", "restore-removed"] as const)
      if (given[option] && !given.continue)
        yield { option, message: "goes with --continue: without it everything runs anew" };
    yield* spoolPreconditions(given);
    yield* misplacedOverride("database_file", given.database_file);
  },
  examples: [
    "mosaic run config.ini results.db",
    "mosaic run config.ini results.db --continue",
    "mosaic run config.ini results.db PROCESS.lr=1e-3 MLP.width=64,128",
  ],
  keepsResults: true,
  async run(given, terminal) {
    const configFile = given.config_file;
    const database = given.database_file;
    const continued = given.continue;
    const retryErrors = given["retry-errors"];
    const restoreRemoved = given["restore-removed"];
    const { overrides = [] } = given;
    const experiment = await readExperiment(configFile, overrides, given.engine);
    for (const notice of experiment.notices) terminal.err(`${formatProblem(notice)}\n`);
    for (const notice of await checkModules(experiment)) terminal.err(`${formatProblem(notice)}\n`);
    const { slurm } = experiment;
    if (slurm === undefined)
      await checkDevices(experiment.monitor, sectionsByLanguage(experiment).keys(), projectOf(experiment));
    const pipelines = countPipelines(experiment);
    const { multiplicity } = experiment.monitor;
    terminal.err(
      `${countText(pipelines * multiplicity, "run")}: ${countText(pipelines, "pipeline")} x ${multiplicity}${leftOutText(experiment)}\n`,
    );
    if (given["dry-run"]) await checkSqliteStore(database);
    if (given["dry-run"] && slurm !== undefined) return reportDrySlurm(slurm, experiment, terminal);
    if (given["dry-run"]) return reportDryRun(experiment, pipelines, terminal);
    const code = await readExperimentCode(experiment);
    const goOn = `${continueCommand({ configuration: configFile, overrides }, database)}${spoolWords(given)}`;
    return trainAndTell(
      {
        database,
        create: true,
        json: given.json,
        crews: crewsOf(given, experiment, database),
        async queue(store) {
          // Of what is continued all may be done.
          if (slurm === undefined && !continued) startWorkersEarly(experiment, pipelines * multiplicity);
          if (given.board) await startBoardBeside(database, terminal);
          const queue = await enqueueRuns(store, experiment, code, { continued, retryErrors, restoreRemoved });
          if (continued) describeQueue(queue, [configFile, database], terminal);
          return queue;
        },
        goOnQueueing: goOn,
        goOn: () => goOn,
        next: (outcome, { failedBefore }) => nextSteps(outcome, failedBefore, goOn),
      },
      terminal,
    );
  },
});

/** They boot while the runs are put into the database. Python's are started by its own interpreter. */
function startWorkersEarly(experiment: Experiment, runs: number): void {
  if (sectionsByLanguage(experiment).has("Python")) return;
  startEarlyWorkers(typescriptWorker, workerDevices(experiment.monitor, runs).length);
}

/** Constructing pipelines is work, which is not for the machine that sends jobs. */
async function reportDrySlurm(slurm: SlurmSection, { start }: Experiment, terminal: Terminal): Promise<ExitCode> {
  const { tryJob } = await import("../slurm/try-job.ts");
  terminal.err(await tryJob(slurm, start));
  terminal.out(
    "The configuration is right, and Slurm takes its jobs. No pipeline was constructed, nothing was sent: mosaic slurm doctor tries the nodes, --dry-run --engine local constructs every pipeline where it is called.\n",
  );
  return 0;
}

async function reportDryRun(experiment: Experiment, pipelines: number, terminal: Terminal): Promise<ExitCode> {
  const problems = await dryRun(experiment, (done) => {
    if (terminal.isLive) terminal.err(`\r${done}/${pipelines} pipelines constructed`);
  });
  if (terminal.isLive) terminal.err("\n");
  const stackOf = ({ error }: DryRunProblem) =>
    withoutMarks(error instanceof Error ? (error.stack ?? error.message) : String(error));
  for (const [stack, alike] of Map.groupBy(problems, stackOf)) {
    const [first, ...others] = new Set(alike.map(({ pipeline }) => pipeline));
    const more = others.length === 0 ? "" : ` and ${countText(others.length, "other pipeline")}`;
    terminal.err(`${first}${more}: ${stack}\n`);
  }
  terminal.out(
    problems.length === 0
      ? `All ${countText(pipelines, "pipeline")} can be constructed. Nothing was trained.\n`
      : `${countText(new Set(problems.map(({ pipeline }) => pipeline)).size, "pipeline")} of ${pipelines} cannot be constructed.\n`,
  );
  return problems.length === 0 ? 0 : 2;
}

function describeQueue(
  { added, resumed, done, failedBefore, removed, shorter, otherEpochs, changed }: ExperimentQueue,
  files: readonly [configFile: string, database: string],
  { err }: Terminal,
): void {
  err(`${countText(done, "run")} done before, ${resumed} unfinished taken up, ${added} new\n`);
  const { taken, kept } = otherEpochs;
  if (taken > 0) err(`${taken} of the unfinished take the epochs that the configuration asks for now\n`);
  if (kept.length > 0)
    err(
      `${kept.length === 1 ? "run" : "runs"} ${idRanges(kept)} ${kept.length === 1 ? "keeps its" : "keep their"} other number of epochs: trained further by mosaic rerun, or beyond what the configuration asks for now. mosaic rerun --epochs changes it for runs that had a result, with 0 they have that back; mosaic remove takes any away\n`,
    );
  if (changed.count > 0)
    err(
      `${changed.count} of the new were trained before with another text of ${changed.modules.join(", ")}: they are trained anew, and the earlier results stay\n`,
    );
  if (failedBefore > 0)
    err(`${countText(failedBefore, "run")} failed before and stay so; --retry-errors runs them again\n`);
  if (removed > 0)
    err(
      `${countText(removed, "run")} ${removed === 1 ? "was" : "were"} removed and ${removed === 1 ? "stays" : "stay"} so; --restore-removed trains ${removed === 1 ? "it" : "them"} again
`,
    );
  if (shorter.length === 0) return;
  err(`${countText(shorter.length, "done run")} with fewer epochs than asked for. To train them further:\n`);
  for (const [missing, runs] of Map.groupBy(shorter, (run) => run.missing)) {
    const ids = idRanges(runs.map(({ runId }) => runId));
    err(`  ${["mosaic_rerun", ...files, "--id", ids, "--epochs", String(missing)].map(shellText).join(" ")}\n`);
  }
}

function nextSteps(outcome: Outcome, failedBefore: number, command: string): readonly string[] {
  const { left, leftOut, failed } = outcome;
  return [
    ...carryOnLines(command, outcome),
    ...(failed.length + failedBefore > 0 ? [`${command} --retry-errors   tries again what failed`] : []),
    ...(left.length + leftOut === 0 ? [`${command}   trains what you add to the configuration`] : []),
  ];
}
