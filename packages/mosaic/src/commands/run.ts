import { resolve } from "node:path";
import {
  countPipelines,
  type Experiment,
  formatProblem,
  type Pipeline,
  parsePipelines,
  processTexts,
  readExperiment,
} from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { checkModules } from "../experiment/check-modules.ts";
import { dryRun } from "../experiment/dry-run.ts";
import { digestModules } from "../experiment/plan.ts";
import { databaseIdOf, enqueueRuns, type Queue } from "../experiment/queue.ts";
import { vocabulary } from "../run/components.ts";
import type { RunOrder } from "../run/order.ts";
import { claimFilesFolder, filesFolderOf, removeUnfinished } from "../run/run-files.ts";
import { type Lease, openSqliteStore, type Store } from "../store/index.ts";
import { supervise } from "../supervisor/supervise.ts";
import type { CommandSpec, ExitCode, Terminal } from "./command.ts";
import { summarizeModels, summaryText } from "./run-summary.ts";
import { openRunView, type RunView } from "./run-view.ts";
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
    checkDevices(experiment);
    const pipelines = countPipelines(experiment);
    const { multiplicity } = experiment.monitor;
    terminal.err(
      `${countText(pipelines * multiplicity, "run")}: ${countText(pipelines, "pipeline")} x ${multiplicity}\n`,
    );
    if (given.switched("dry-run")) return reportDryRun(experiment, pipelines, terminal);
    const digests = await digestModules(experiment);
    const store = await openSqliteStore(database);
    try {
      for (const notice of store.notices) terminal.err(`${notice}\n`);
      const filesFolder = await prepareFilesFolder(experiment, database, store);
      const queue = await enqueueRuns(store, experiment, digests, { continued, retryErrors });
      describeQueue(queue, continued, terminal);
      const code = await carryOut(store, experiment, queue, filesFolder, terminal);
      terminal.out(`${summaryText(await summarizeModels(store, [queue.experimentId]))}\n`);
      await sayNext(store, queue, configFile, database, terminal);
      return code;
    } finally {
      await store.close();
    }
  },
};

function checkDevices({ file, monitor }: Experiment): void {
  if (!monitor.needGpu) return;
  throw new MosaicError(
    "no-such-device",
    `${file}:${monitor.line}: [MONITOR] need_gpu: this version computes on the processor only, not on ${monitor.gpuAvailable.join(", ")}. Write need_gpu = False.`,
  );
}

async function prepareFilesFolder(
  { process }: Experiment,
  database: string,
  store: Store,
): Promise<string | undefined> {
  if (process.artifacts === "none") return undefined;
  const folder = resolve(filesFolderOf(process.runFilesPath, database));
  await claimFilesFolder(folder, database, await databaseIdOf(store));
  await removeUnfinished(folder);
  return folder;
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
      `${countText(shorter.length, "done run")} have fewer epochs than asked for: ${shorter.slice(0, 20).join(", ")}${shorter.length > 20 ? "…" : ""}\n`,
    );
}

/** Trains what is queued. Ctrl-C once finishes the running runs, twice stops at once. */
async function carryOut(
  store: Store,
  experiment: Experiment,
  queue: Queue,
  filesFolder: string | undefined,
  terminal: Terminal,
): Promise<ExitCode> {
  const finish = new AbortController();
  const stop = new AbortController();
  const view = openRunView(terminal, queue.added + queue.resumed);
  const release = onInterrupts(finish, stop, view);
  let failures = 0;
  try {
    await supervise({
      store,
      experimentId: queue.experimentId,
      numWorkers: Math.max(1, Math.min(experiment.monitor.numProcesses, queue.added + queue.resumed)),
      orderOf: (lease) => orderOf(lease, experiment, filesFolder),
      onEvent(event) {
        if (event.kind === "failed" || (event.kind === "worker-died" && event.status === "error")) failures++;
        view.event(event);
      },
      finish: finish.signal,
      stop: stop.signal,
    });
  } finally {
    release();
    view.close();
  }
  const left = (await store.countByStatus(queue.experimentId)).get("pending") ?? 0;
  if (left > 0) return 3;
  return failures + queue.failed > 0 ? 1 : 0;
}

function onInterrupts(finish: AbortController, stop: AbortController, view: RunView): () => void {
  const interrupt = () => {
    if (finish.signal.aborted) stop.abort();
    else {
      finish.abort();
      view.say("Finishing the running runs; Ctrl-C again stops them now.");
    }
  };
  const terminate = () => {
    finish.abort();
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", terminate);
  return () => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", terminate);
  };
}

function orderOf(lease: Lease, { process, folder, file }: Experiment, filesFolder: string | undefined): RunOrder {
  const json: unknown = JSON.parse(lease.pipelineJson);
  const [pipeline = []]: readonly Pipeline[] = parsePipelines([json], file);
  const { runId, repetition, seed } = lease;
  return {
    runId,
    pipeline,
    process: processTexts(process, pipeline),
    repetition,
    seed,
    device: "cpu",
    folder,
    filesFolder,
  };
}

async function sayNext(
  store: Store,
  queue: Queue,
  configFile: string,
  database: string,
  { err }: Terminal,
): Promise<void> {
  const counts = await store.countByStatus(queue.experimentId);
  const lines: string[] = [];
  const left = counts.get("pending") ?? 0;
  if (left > 0)
    lines.push(`mosaic run ${configFile} ${database} --continue   carries on: ${countText(left, "run")} left`);
  if ((counts.get("error") ?? 0) + queue.failed > 0)
    lines.push(`mosaic run ${configFile} ${database} --continue --retry-errors   tries again what failed`);
  if (left === 0) lines.push(`mosaic run ${configFile} ${database} --continue   trains what you add to ${configFile}`);
  lines.push(`mosaic generate ${configFile} pipelines.json   shows the pipelines`);
  err(`Next:\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
}
