import { countText, pathExists } from "@ml-mosaic/base";
import { command, shellText } from "@ml-mosaic/command-line";
import { path, schema } from "@ml-mosaic/configurable";
import { readMonitorTexts } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { readPauseFile } from "../experiment/pause-file.ts";
import { queueResumed } from "../experiment/resume.ts";
import { crewsOf, spoolOptions, spoolPreconditions, spoolWords } from "./spool-options.ts";
import { acceptCodeOption, carryOnLines, jsonOption, tellChanged, trainAndTell } from "./train-and-tell.ts";

export const resumeCommand = command({
  name: "resume",
  summary: "Go on with what mosaic pause has written down.",
  arguments: { pipeline_file: schema(path, { help: "file that mosaic pause wrote (.json)" }) },
  options: { ...acceptCodeOption, ...spoolOptions, ...jsonOption },
  *preconditions(given) {
    yield* spoolPreconditions(given);
  },
  examples: ["mosaic pause left.json", "mosaic resume left.json"],
  keepsResults: true,
  async run(given, terminal) {
    const path = given.pipeline_file;
    const file = await readPauseFile(path);
    const monitor = readMonitorTexts(file.monitor, path);
    if (!pathExists(file.database))
      throw new MosaicError(
        "NO_DATABASE",
        `${path} names the database ${file.database}, which does not exist; was it moved?`,
      );
    const goOn = `mosaic resume ${shellText(path)}${spoolWords(given)}`;
    return trainAndTell(
      {
        database: file.database,
        create: false,
        json: given.json,
        crews: crewsOf(given),
        async queue(store) {
          const { finished, removed, requeued } = await queueResumed(store, file, path, monitor, given["accept-code"]);
          if (finished > 0) terminal.err(`${countText(finished, "run")} of ${path} done since\n`);
          if (removed > 0)
            terminal.err(
              `${countText(removed, "run")} of ${path} removed since; mosaic run --restore-removed trains such runs\n`,
            );
          if (requeued === undefined)
            terminal.out(
              `Nothing is left of ${path}: all its runs have ended${removed > 0 ? " or were removed" : ""}.\n`,
            );
          else {
            terminal.err(`Going on in ${file.database}: ${countText(requeued.count, "run")}\n`);
            tellChanged(requeued, terminal);
          }
          return requeued;
        },
        goOn: () => goOn,
        next: (outcome) => carryOnLines(goOn, outcome),
      },
      terminal,
    );
  },
});
