import { existsSync } from "node:fs";
import { countText } from "@ml-mosaic/base";
import { type CommandSpec, shellText } from "@ml-mosaic/command-line";
import { readMonitorTexts } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { checkDevices } from "../experiment/devices.ts";
import { readExperimentOrigins } from "../experiment/experiment-origin.ts";
import { type PauseFile, readPauseFile } from "../experiment/pause-file.ts";
import { recordExperiment } from "../experiment/queue.ts";
import { readRunModules } from "../experiment/run-modules.ts";
import { contentOf } from "../pipelines/flat-pipeline.ts";
import { idRanges } from "../selection/id-ranges.ts";
import { openSqliteStore, type RunRecord, type Store } from "../store/index.ts";
import { carryOutAndTell, jsonOption } from "./carry-out-and-tell.ts";

export const resumeCommand: CommandSpec = {
  name: "resume",
  summary: "Go on with what mosaic pause has written down.",
  arguments: [{ name: "pipeline_file", help: "file that mosaic pause wrote (.json)" }],
  options: [jsonOption],
  examples: ["mosaic pause left.json", "mosaic resume left.json"],
  async run(given, terminal) {
    const path = given.argument("pipeline_file");
    const file = await readPauseFile(path);
    const monitor = readMonitorTexts(file.monitor, path);
    await checkDevices(monitor, path);
    if (!existsSync(file.database))
      throw new MosaicError(
        "no-database",
        `${path} names the database ${file.database}, which does not exist; was it moved?`,
      );
    const store = await openSqliteStore(file.database, { create: false });
    try {
      for (const notice of store.notices) terminal.err(`${notice}\n`);
      const { runs, origins, origin, finished } = await matchRuns(store, file, path);
      if (finished > 0) terminal.err(`${countText(finished, "run")} of ${path} done since\n`);
      if (runs.length === 0) {
        terminal.out(`Nothing is left of ${path}: all its runs have ended.\n`);
        return 0;
      }
      terminal.err(`Going on in ${file.database}: ${countText(runs.length, "run")}\n`);
      const { folder, configurationFile: configuration } = origin;
      const { digests, changed } = await readRunModules(runs, origins, folder);
      for (const [module, ids] of changed)
        terminal.err(
          `${module} has changed since ${ids.length === 1 ? "run" : "runs"} ${idRanges(ids)} began: from here on the new text counts\n`,
        );
      const text = JSON.stringify(file.monitor);
      const experimentId = await recordExperiment(store, { file: configuration, folder, text }, digests);
      await store.requeueRuns(
        experimentId,
        runs.map(({ runId }) => runId),
      );
      const goOn = `mosaic resume ${shellText(path)}`;
      return await carryOutAndTell(
        { store, experimentId, runs: runs.length, monitor, folder, configuration, failedBefore: 0 },
        {
          runIds: file.runs.map(({ runId }) => runId),
          json: given.switched("json"),
          goOn,
          async next() {
            const counts = await store.countByStatus(experimentId);
            const left = (counts.get("pending") ?? 0) + (counts.get("paused") ?? 0);
            return left > 0 ? [`${goOn}   carries on: ${countText(left, "run")} left`] : [];
          },
        },
        terminal,
      );
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
  const wanted = new Map(file.runs.map(({ runId, pipeline }) => [runId, pipeline]));
  const runs: RunRecord[] = [];
  const experiments = new Set<number | undefined>();
  let finished = 0;
  for await (const run of store.runs({ runIds: wanted.keys() })) {
    const { runId, status, pipeline, details } = run;
    const paused = wanted.get(runId);
    wanted.delete(runId);
    // `mosaic rekey` may have changed the keys since.
    if (pipeline === undefined || paused === undefined || contentOf(pipeline) !== contentOf(paused))
      throw refuse(`the pipeline of run ${runId} is another one there`);
    experiments.add(details?.experimentId);
    if (status === "pending" || status === "paused") runs.push(run);
    else if (status === "done" || status === "error") finished++;
    else throw refuse(`run ${runId} is ${status}`);
  }
  const [unknown] = wanted.keys();
  if (unknown !== undefined) throw refuse(`there is no run ${unknown}`);
  const origins = (await readExperimentOrigins(store)).filter(({ experimentId }) => experiments.has(experimentId));
  const origin = origins.at(-1);
  if (origin === undefined) throw refuse("it does not say where the configuration file was");
  const foreign = origins.find(({ folder }) => folder !== file.folder);
  if (foreign !== undefined) throw refuse(`its runs come from ${foreign.folder}, not from ${file.folder}`);
  return { runs, origins, origin, finished };
}
