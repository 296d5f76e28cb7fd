import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { countText } from "@ml-mosaic/base";
import { type CommandSpec, type ExitCode, shellText, type Terminal } from "@ml-mosaic/command-line";
import { countPipelines, type Experiment, formatProblem, readExperiment } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { checkModules } from "../experiment/check-modules.ts";
import { checkDevices } from "../experiment/devices.ts";
import { dryRun } from "../experiment/dry-run.ts";
import { digestModules } from "../experiment/plan.ts";
import { databaseIdOf, enqueueRuns, type Queue } from "../experiment/queue.ts";
import { vocabulary } from "../run/components.ts";
import { claimFilesFolder, filesFolderOf, refuseTakenFolder } from "../run/run-files.ts";
import { idRanges } from "../selection/id-ranges.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { carryOutAndTell, jsonOption } from "./carry-out-and-tell.ts";

export const runCommand: CommandSpec = {
  name: "run",
  summary: "Train every pipeline that a configuration file describes and keep the results in a database.",
  arguments: [
    { name: "config_file", help: "configuration file (.ini)" },
    { name: "database_file", help: "database of results (.db); made where it is missing, else appended to" },
  ],
  options: [
    { name: "continue", help: "run only what is missing in the database" },
    { name: "retry-errors", help: "with --continue, also run again what failed" },
    { name: "dry-run", help: "check everything, construct each pipeline once, train nothing" },
    jsonOption,
  ],
  examples: ["mosaic run config.ini results.db", "mosaic run config.ini results.db --continue"],
  async run(given, terminal) {
    const configFile = given.argument("config_file");
    const database = given.argument("database_file");
    const continued = given.switched("continue");
    const retryErrors = given.switched("retry-errors");
    if (retryErrors && !continued)
      throw new MosaicError("bad-usage", "--retry-errors goes with --continue: without it everything runs anew");
    const experiment = await readExperiment(configFile, vocabulary);
    for (const notice of experiment.notices) terminal.err(`${formatProblem(notice)}\n`);
    await checkModules(experiment);
    await checkDevices(experiment.monitor, experiment.file);
    const pipelines = countPipelines(experiment);
    const { multiplicity } = experiment.monitor;
    terminal.err(
      `${countText(pipelines * multiplicity, "run")}: ${countText(pipelines, "pipeline")} x ${multiplicity}\n`,
    );
    if (given.switched("dry-run")) return reportDryRun(experiment, pipelines, terminal);
    const digests = await digestModules(experiment);
    if (!existsSync(database) && experiment.process.artifacts === "all")
      await refuseTakenFolder(filesFolderIn(experiment, database), database);
    const store = await openSqliteStore(database);
    try {
      for (const notice of store.notices) terminal.err(`${notice}\n`);
      await claimFiles(experiment, database, store);
      const queue = await enqueueRuns(store, experiment, digests, { continued, retryErrors });
      if (continued) describeQueue(queue, [configFile, database], terminal);
      const command = ["mosaic", "run", configFile, database].map(shellText).join(" ");
      return await carryOutAndTell(
        {
          store,
          experimentId: queue.experimentId,
          runs: queue.added + queue.resumed,
          monitor: experiment.monitor,
          folder: experiment.folder,
          configuration: configFile,
          failedBefore: queue.failed,
        },
        {
          runIds: queue.runIds,
          json: given.switched("json"),
          goOn: `${command} --continue`,
          next: () => nextSteps(store, queue, command),
        },
        terminal,
      );
    } finally {
      // Nothing is lost by it: what was accepted stays, and the next writer takes the claim over.
      await store.close().catch((error: unknown) => terminal.err(`${String(error)}\n`));
    }
  },
};

function filesFolderIn({ process }: Experiment, database: string): string {
  return resolve(filesFolderOf(process.runFilesPath, database));
}

/** Before anything is queued: a folder of another database is refused while nothing has changed. */
async function claimFiles(experiment: Experiment, database: string, store: Store): Promise<void> {
  if (experiment.process.artifacts === "none") return;
  await claimFilesFolder(filesFolderIn(experiment, database), database, await databaseIdOf(store));
}

async function reportDryRun(experiment: Experiment, pipelines: number, terminal: Terminal): Promise<ExitCode> {
  const problems = await dryRun(experiment, (done) => {
    if (terminal.isLive) terminal.err(`\r${done}/${pipelines} pipelines constructed`);
  });
  if (terminal.isLive) terminal.err("\n");
  for (const { pipeline, error } of problems)
    terminal.err(`${pipeline}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  terminal.out(
    problems.length === 0
      ? `All ${countText(pipelines, "pipeline")} can be constructed. Nothing was trained.\n`
      : `${countText(problems.length, "pipeline")} of ${pipelines} cannot be constructed.\n`,
  );
  return problems.length === 0 ? 0 : 2;
}

function describeQueue(
  { added, resumed, done, failed, shorter, changed }: Queue,
  files: readonly [configFile: string, database: string],
  { err }: Terminal,
): void {
  err(`${countText(done, "run")} done before, ${resumed} unfinished taken up, ${added} new\n`);
  if (changed.count > 0)
    err(
      `${changed.count} of the new are known with another text of ${changed.modules.join(", ")}, which has changed since: they are trained anew, and the old ones stay\n`,
    );
  if (failed > 0) err(`${countText(failed, "run")} failed before and stay so; --retry-errors runs them again\n`);
  if (shorter.length === 0) return;
  err(`${countText(shorter.length, "done run")} with fewer epochs than asked for. To train them further:\n`);
  for (const [missing, runs] of Map.groupBy(shorter, (run) => run.missing)) {
    const ids = idRanges(runs.map(({ runId }) => runId));
    err(`  ${["mosaic_rerun", ...files, "-id", ids, "-epochs", String(missing)].map(shellText).join(" ")}\n`);
  }
}

async function nextSteps(store: Store, queue: Queue, command: string): Promise<readonly string[]> {
  const counts = await store.countByStatus(queue.experimentId);
  const left = (counts.get("pending") ?? 0) + (counts.get("paused") ?? 0);
  const failed = (counts.get("error") ?? 0) + queue.failed;
  return [
    ...(left > 0 ? [`${command} --continue   carries on: ${countText(left, "run")} left`] : []),
    ...(failed > 0 ? [`${command} --continue --retry-errors   tries again what failed`] : []),
    ...(left === 0 ? [`${command} --continue   trains what you add to the configuration`] : []),
  ];
}
