import { join } from "node:path";
import { countText } from "@ml-mosaic/base";
import { type CommandSpec, shellText } from "@ml-mosaic/command-line";
import { formatProblem, readMonitor } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { checkDevices } from "../experiment/devices.ts";
import { type ExperimentOrigin, readExperimentOrigins } from "../experiment/experiment-origin.ts";
import { recordExperiment } from "../experiment/queue.ts";
import { readRunModules } from "../experiment/run-modules.ts";
import { filesFolderFor } from "../experiment/run-order.ts";
import { processParams } from "../pipelines/run-params.ts";
import { snapshotName } from "../run/save-run.ts";
import { readSnapshotEpochs } from "../run/snapshot-header.ts";
import { idRanges } from "../selection/id-ranges.ts";
import { selectRuns } from "../selection/select-runs.ts";
import { type Continuation, openSqliteStore, type RunRecord, type Store } from "../store/index.ts";
import { carryOutAndTell, jsonOption } from "./carry-out-and-tell.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";

export const rerunCommand: CommandSpec = {
  name: "rerun",
  summary: "Train runs of a database further, from where they ended; failed and unfinished ones start again.",
  arguments: [
    { name: "config_file", help: "configuration file (.ini), of which only [MONITOR] is read" },
    { name: "database_file", help: "database that holds the runs (.db)" },
  ],
  options: [
    ...selectorOptions,
    { name: "epochs", value: "N", help: "epochs to add (default: as many as the run was asked for)" },
    jsonOption,
  ],
  examples: [
    "mosaic rerun config.ini results.db -id 1-3 -epochs 50",
    "mosaic rerun config.ini results.db -param_name_and_value_low_threshold test_acc 90",
  ],
  async run(given, terminal) {
    const configFile = given.argument("config_file");
    const { monitor, notices } = await readMonitor(configFile);
    for (const notice of notices) terminal.err(`${formatProblem(notice)}\n`);
    await checkDevices(monitor, configFile);
    const selector = selectorOf(given);
    const epochs = epochsOf(given.option("epochs"));
    const database = given.argument("database_file");
    const store = await openSqliteStore(database, { create: false });
    try {
      for (const notice of store.notices) terminal.err(`${notice}\n`);
      const runs = await readRuns(store, await selectRuns(store, selector));
      const origins = await originsOf(store, runs);
      const origin = commonOrigin(origins);
      const { folder, configurationFile: configuration } = origin;
      const done = runs.filter(({ status }) => status === "done");
      const others = runs.filter(({ status }) => status !== "done");
      const continuations = done.map((run) => continuationOf(run, epochs));
      await requireSnapshots(store, done, folder);
      const { digests, changed } = await readRunModules(runs, origins, folder);
      for (const [path, runIds] of changed)
        terminal.err(
          `${path} has changed since ${runIds.length === 1 ? "run" : "runs"} ${idRanges(runIds)} began: from here on the new text counts\n`,
        );
      const text = JSON.stringify(monitor.texts);
      const experimentId = await recordExperiment(store, { file: configuration, folder, text }, digests);
      await store.continueRuns(experimentId, continuations);
      await store.requeueRuns(
        experimentId,
        others.map(({ runId }) => runId),
      );
      terminal.err(`${countText(done.length, "run")} trained further, ${others.length} started again\n`);
      const rerun = (ids: readonly number[]) =>
        ["mosaic", "rerun", configFile, database, "-id", idRanges(ids)].map(shellText).join(" ");
      return await carryOutAndTell(
        { store, experimentId, runs: runs.length, monitor, folder, configuration, failedBefore: 0 },
        {
          runIds: runs.map(({ runId }) => runId),
          json: given.switched("json"),
          goOn: rerun(runs.map(({ runId }) => runId)),
          // Those that have ended must not be named: they would be trained further once more.
          async next() {
            const left = await idsWith(store, experimentId, ["pending", "paused"]);
            const failed = await idsWith(store, experimentId, ["error"]);
            return [
              ...(left.length > 0 ? [`${rerun(left)}   carries on: ${countText(left.length, "run")} left`] : []),
              ...(failed.length > 0 ? [`${rerun(failed)}   tries again what failed`] : []),
            ];
          },
        },
        terminal,
      );
    } finally {
      await store.close().catch((error: unknown) => terminal.err(`${String(error)}\n`));
    }
  },
};

function epochsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const epochs = Number(text);
  if (!Number.isSafeInteger(epochs) || epochs < 1)
    throw new MosaicError("bad-usage", `-epochs ${text}: write a whole number of at least 1`);
  return epochs;
}

async function readRuns(store: Store, runIds: readonly number[]): Promise<readonly RunRecord[]> {
  const runs: RunRecord[] = [];
  for await (const run of store.runs({ runIds })) runs.push(run);
  const foreign = runs.filter(({ details }) => details === null).map(({ runId }) => runId);
  if (foreign.length > 0)
    throw new MosaicError(
      "foreign-runs",
      `runs of the original Mosaic cannot be trained further: ${foreign.join(", ")}; their modules are Python`,
    );
  return runs;
}

async function originsOf(store: Store, runs: readonly RunRecord[]): Promise<readonly ExperimentOrigin[]> {
  const ids = new Set(runs.map(({ details }) => details?.experimentId));
  return (await readExperimentOrigins(store)).filter(({ experimentId }) => ids.has(experimentId));
}

/** Relative paths of the modules start in its folder, so that it must be the same for all. */
function commonOrigin(origins: readonly ExperimentOrigin[]): ExperimentOrigin {
  const folders = new Set(origins.map(({ folder }) => folder));
  const latest = origins.at(-1);
  if (latest === undefined)
    throw new MosaicError("no-origin", "the database does not say where the runs' configuration file was");
  if (folders.size > 1)
    throw new MosaicError(
      "several-origins",
      `these runs come from configuration files in several folders (${[...folders].join(", ")}); rerun those of one folder at a time`,
    );
  return latest;
}

async function idsWith(store: Store, experimentId: number, statuses: readonly string[]): Promise<readonly number[]> {
  const ids = await Promise.all(statuses.map((status) => store.runIds({ experimentId, status })));
  return ids.flat();
}

function continuationOf({ runId, result, pipeline, params }: RunRecord, epochs: number | undefined): Continuation {
  const added = epochs ?? Number(processParams(pipeline, params).epochs);
  return { runId, epochs: (result?.epochs ?? 0) + added };
}

/** Before anything changes: a run without its snapshot would be trained anew, which is not what was asked for. */
async function requireSnapshots(store: Store, runs: readonly RunRecord[], folder: string): Promise<void> {
  const without: number[] = [];
  const bad: string[] = [];
  for (const { runId, pipeline, params } of runs) {
    const files = filesFolderFor(processParams(pipeline, params), folder, store.location);
    if (files === undefined) without.push(runId);
    else
      await readSnapshotEpochs(join(files, snapshotName(runId))).catch((error: unknown) => {
        if (!(error instanceof MosaicError)) throw error;
        bad.push(`run ${runId}: ${error.message}`);
      });
  }
  if (without.length > 0)
    throw new MosaicError(
      "no-snapshot",
      `${without.length === 1 ? "run" : "runs"} ${idRanges(without)} kept no snapshot to go on from: the configuration said artifacts = none. Train anew with artifacts = all, by mosaic run`,
    );
  if (bad.length === 0) return;
  const more = bad.length > mostNamed ? `\nand ${bad.length - mostNamed} more` : "";
  throw new MosaicError(
    "no-snapshot",
    `there is no snapshot to go on from for ${countText(bad.length, "run")}:\n${bad.slice(0, mostNamed).join("\n")}${more}\nPut the files back, or leave these runs out`,
  );
}

const mostNamed = 10;
