import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { countPipelines, type Experiment, formatProblem, readExperiment } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { checkModules } from "../experiment/check-modules.ts";
import { checkDevices } from "../experiment/devices.ts";
import { dryRun } from "../experiment/dry-run.ts";
import { digestModules } from "../experiment/plan.ts";
import { databaseIdOf, enqueueRuns, type Queue } from "../experiment/queue.ts";
import { vocabulary } from "../run/components.ts";
import { claimFilesFolder, filesFolderOf, refuseTakenFolder } from "../run/run-files.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { carryOut } from "./carry-out.ts";
import type { CommandSpec, ExitCode, Terminal } from "./command.ts";
import { summarizeModels, summaryText } from "./run-summary.ts";
import { shellText } from "./shell-text.ts";
import { countText } from "./text.ts";

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
      describeQueue(queue, continued, terminal);
      const command = commandLine(configFile, database);
      try {
        const code = await carryOut(
          {
            store,
            experimentId: queue.experimentId,
            runs: queue.added + queue.resumed,
            monitor: experiment.monitor,
            folder: experiment.folder,
            configuration: configFile,
            failedBefore: queue.failed,
          },
          terminal,
        );
        terminal.out(`${summaryText(await summarizeModels(store, queue.runIds))}\n`);
        await sayNext(store, queue, command, terminal);
        return code;
      } catch (error) {
        // The database or the machine has failed, not the runs.
        if (!(error instanceof MosaicError)) throw error;
        terminal.err(
          `${error.message}\nStopped; what was accepted is safe. When the cause is gone:\n  ${command} --continue\n`,
        );
        return 3;
      }
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

function describeQueue({ added, resumed, done, failed, shorter }: Queue, continued: boolean, { err }: Terminal): void {
  if (!continued) return;
  err(`${countText(done, "run")} done before, ${resumed} unfinished taken up, ${added} new\n`);
  if (failed > 0) err(`${countText(failed, "run")} failed before and stay so; --retry-errors runs them again\n`);
  if (shorter.length > 0)
    err(
      `${countText(shorter.length, "done run")} with fewer epochs than asked for: ${shorter.slice(0, 20).join(", ")}${shorter.length > 20 ? "…" : ""}\n`,
    );
}

async function sayNext(store: Store, queue: Queue, command: string, { err }: Terminal): Promise<void> {
  const counts = await store.countByStatus(queue.experimentId);
  const left = (counts.get("pending") ?? 0) + (counts.get("paused") ?? 0);
  const failed = (counts.get("error") ?? 0) + queue.failed;
  const lines: string[] = [];
  if (left > 0) lines.push(`${command} --continue   carries on: ${countText(left, "run")} left`);
  if (failed > 0) lines.push(`${command} --continue --retry-errors   tries again what failed`);
  if (left === 0) lines.push(`${command} --continue   trains what you add to the configuration`);
  err(`Next:\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
}

/** As it can be pasted into a shell. */
function commandLine(configFile: string, database: string): string {
  return ["mosaic", "run", configFile, database].map(shellText).join(" ");
}
