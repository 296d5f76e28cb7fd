import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatProblem, readMonitor } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { checkDevices } from "../experiment/devices.ts";
import { readExperimentOrigin } from "../experiment/experiment-origin.ts";
import { processParams } from "../experiment/process-params.ts";
import { recordExperiment } from "../experiment/queue.ts";
import { filesFolderFor } from "../experiment/run-order.ts";
import { snapshotName } from "../run/save-run.ts";
import { selectRuns } from "../selection/select-runs.ts";
import { type Continuation, openSqliteStore, type RunRecord, type Store } from "../store/index.ts";
import { carryOut } from "./carry-out.ts";
import type { CommandSpec } from "./command.ts";
import { summarizeModels, summaryText } from "./run-summary.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";
import { countText } from "./text.ts";

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
    const store = await openSqliteStore(given.argument("database_file"), { create: false });
    try {
      for (const notice of store.notices) terminal.err(`${notice}\n`);
      const runs = await readRuns(store, await selectRuns(store, selector));
      const folder = await commonFolder(store, runs);
      const done = runs.filter(({ status }) => status === "done");
      const others = runs.filter(({ status }) => status !== "done");
      const continuations = done.map((run) => continuationOf(run, epochs));
      requireSnapshots(store, done, folder);
      const experimentId = await recordExperiment(store, {
        file: configFile,
        folder,
        text: await readFile(configFile, "utf8"),
      });
      await store.continueRuns(experimentId, continuations);
      await store.requeueRuns(
        experimentId,
        others.map(({ runId }) => runId),
      );
      terminal.err(`${countText(done.length, "run")} trained further, ${others.length} started again\n`);
      const code = await carryOut(
        { store, experimentId, runs: runs.length, monitor, folder, configuration: configFile, failedBefore: 0 },
        terminal,
      );
      terminal.out(
        `${summaryText(
          await summarizeModels(
            store,
            runs.map(({ runId }) => runId),
          ),
        )}\n`,
      );
      return code;
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

/** Relative paths of the modules start there. */
async function commonFolder(store: Store, runs: readonly RunRecord[]): Promise<string> {
  const folders = new Set<string>();
  for (const experimentId of new Set(runs.map(({ details }) => details?.experimentId))) {
    const origin = await readExperimentOrigin(store, experimentId);
    if (origin !== undefined) folders.add(origin.folder);
  }
  const [folder, ...others] = folders;
  if (folder === undefined)
    throw new MosaicError("no-origin", "the database does not say where the runs' configuration file was");
  if (others.length > 0)
    throw new MosaicError(
      "several-origins",
      `these runs come from configuration files in several folders (${[...folders].join(", ")}); rerun those of one folder at a time`,
    );
  return folder;
}

function continuationOf({ runId, result, params }: RunRecord, epochs: number | undefined): Continuation {
  const added = epochs ?? Number(processParams(params).epochs);
  return { runId, epochs: (result?.epochs ?? 0) + added };
}

function requireSnapshots(store: Store, runs: readonly RunRecord[], folder: string): void {
  const missing = runs.filter(({ runId, params }) => {
    const files = filesFolderFor(params, folder, store.location);
    return files === undefined || !existsSync(join(files, snapshotName(runId)));
  });
  if (missing.length === 0) return;
  const ids = missing.map(({ runId }) => runId).join(", ");
  throw new MosaicError(
    "no-snapshot",
    `there is no snapshot to go on from for ${countText(missing.length, "run")}: ${ids}. Snapshots are written with artifacts = all; without them a run can only be trained anew, by mosaic run`,
  );
}
