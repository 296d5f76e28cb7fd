import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { readMonitorTexts } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { checkDevices } from "../experiment/devices.ts";
import { readExperimentOrigin } from "../experiment/experiment-origin.ts";
import { type PauseFile, readPauseFile } from "../experiment/pause-file.ts";
import { recordExperiment } from "../experiment/queue.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { carryOut } from "./carry-out.ts";
import type { CommandSpec } from "./command.ts";
import { summarizeModels, summaryText } from "./run-summary.ts";
import { countText } from "./text.ts";

export const resumeCommand: CommandSpec = {
  name: "resume",
  summary: "Go on with what mosaic pause has written down.",
  arguments: [{ name: "pipeline_file", help: "file that mosaic pause wrote (.json)" }],
  options: [],
  examples: ["mosaic pause left.json", "mosaic resume left.json"],
  async run(given, terminal) {
    const path = given.argument("pipeline_file");
    const file = await readPauseFile(path);
    const monitor = readMonitorTexts(file.MONITOR, path);
    await checkDevices(monitor, path);
    if (!existsSync(file.database))
      throw new MosaicError(
        "no-database",
        `${path} names the database ${file.database}, which does not exist; was it moved?`,
      );
    const store = await openSqliteStore(file.database, { create: false });
    try {
      for (const notice of store.notices) terminal.err(`${notice}\n`);
      const { runIds, folder, configuration, finished } = await matchRuns(store, file, path);
      if (finished > 0) terminal.err(`${countText(finished, "run")} of ${path} done since\n`);
      if (runIds.length === 0) {
        terminal.out(`Nothing is left of ${path}: all its runs are done.\n`);
        return 0;
      }
      terminal.err(`Going on in ${file.database}: ${countText(runIds.length, "run")}\n`);
      const experimentId = await recordExperiment(store, {
        file: configuration,
        folder,
        text: JSON.stringify(file.MONITOR),
      });
      await store.requeueRuns(experimentId, runIds);
      const code = await carryOut(
        { store, experimentId, runs: runIds.length, monitor, folder, configuration, failedBefore: 0 },
        terminal,
      );
      terminal.out(`${summaryText(await summarizeModels(store, file.run_ids))}\n`);
      return code;
    } finally {
      await store.close().catch((error: unknown) => terminal.err(`${String(error)}\n`));
    }
  },
};

/**
 * The runs that the file names and that are still to be done. What they are and where they write is the database's
 * word, not the file's: a file that says something else is refused.
 */
async function matchRuns(store: Store, file: PauseFile, path: string) {
  const refuse = (what: string) =>
    new MosaicError("pause-file-does-not-fit", `${path} does not fit ${file.database}: ${what}`);
  const wanted = new Map(file.run_ids.map((runId, index) => [runId, file.pipelines[index]]));
  const runIds: number[] = [];
  let finished = 0;
  let experimentId: number | undefined;
  for await (const { runId, status, pipelineJson, details } of store.runs({ runIds: wanted.keys() })) {
    const pipeline = wanted.get(runId);
    wanted.delete(runId);
    if (!isDeepStrictEqual(JSON.parse(pipelineJson ?? "null"), pipeline))
      throw refuse(`the pipeline of run ${runId} is another one there`);
    experimentId ??= details?.experimentId;
    if (status === "pending" || status === "paused") runIds.push(runId);
    else if (status === "done" || status === "error") finished++;
    else throw refuse(`run ${runId} is ${status}`);
  }
  const [unknown] = wanted.keys();
  if (unknown !== undefined) throw refuse(`there is no run ${unknown}`);
  const origin = await readExperimentOrigin(store, experimentId);
  if (origin === undefined) throw refuse("it does not say where the configuration file was");
  if (origin.folder !== file.folder) throw refuse(`its runs come from ${origin.folder}, not from ${file.folder}`);
  return { runIds, finished, folder: origin.folder, configuration: origin.configurationFile };
}
