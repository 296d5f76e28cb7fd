import { countText } from "@ml-mosaic/base";
import { command, jsonText, shellText } from "@ml-mosaic/command-line";
import { formatProblem, int, path, schema, within } from "@ml-mosaic/configurable";
import { readMonitor } from "../config/index.ts";
import { queueRerun, takeBackRerun } from "../experiment/rerun.ts";
import { idRanges } from "../selection/id-ranges.ts";
import { selectRuns } from "../selection/select-runs.ts";
import { misplacedOverride, overridesArgument } from "./overrides-argument.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";
import { crewsOf, spoolOptions, spoolPreconditions, spoolWords } from "./spool-options.ts";
import { acceptCodeOption, carryOnLines, jsonOption, tellChanged, trainAndTell } from "./train-and-tell.ts";

export const rerunCommand = command({
  name: "rerun",
  summary: "Train runs of a database further, from where they ended; failed and unfinished ones start again.",
  arguments: {
    config_file: schema(path, { help: "configuration file (.ini), of which only [MONITOR] is read" }),
    database_file: schema(path, { help: "database that holds the runs (.db)" }),
    ...overridesArgument,
  },
  options: {
    ...selectorOptions,
    epochs: schema(within(int, { minimum: 0 }), {
      optional: true,
      words: "N",
      help: "epochs to add to a run's result (default: as many as the run was asked for); 0: train nothing, and give runs that wait to be trained further the result back that they had",
    }),
    ...acceptCodeOption,
    ...spoolOptions,
    ...jsonOption,
  },
  *preconditions(given) {
    selectorOf(given);
    yield* spoolPreconditions(given);
    yield* misplacedOverride("database_file", given.database_file);
  },
  examples: [
    "mosaic rerun config.ini results.db --id 1-3 --epochs 50",
    "mosaic rerun config.ini results.db --id 1-3 --epochs 0",
    "mosaic rerun config.ini results.db --param_name_and_value_low_threshold test_acc 90",
  ],
  keepsResults: true,
  async run(given, terminal) {
    const configFile = given.config_file;
    const { overrides = [] } = given;
    const { monitor, notices } = await readMonitor(configFile, overrides);
    for (const notice of notices) terminal.err(`${formatProblem(notice)}\n`);
    const selector = selectorOf(given);
    const epochs = given.epochs;
    const database = given.database_file;
    const command = (ids: readonly number[]) =>
      ["mosaic", "rerun", configFile, database, "--id", idRanges(ids), ...overrides].map(shellText).join(" ") +
      spoolWords(given);
    return trainAndTell(
      {
        database,
        create: false,
        json: given.json,
        crews: crewsOf(given),
        async queue(store) {
          const chosen = await selectRuns(store, selector);
          if (epochs === 0) {
            const taken = await takeBackRerun(store, chosen);
            terminal.out(
              given.json
                ? `${jsonText({ database: store.location, done_again: taken })}\n`
                : takenBackText(taken, chosen.length),
            );
            return undefined;
          }
          const rerun = await queueRerun(store, chosen, monitor, {
            epochs,
            acceptCode: given["accept-code"],
          });
          tellChanged(rerun, terminal);
          terminal.err(
            `${countText(rerun.continued.length, "run")} trained further, ${rerun.restarted} started again\n`,
          );
          if (epochs !== undefined && rerun.anew > 0)
            terminal.err(
              "--epochs adds to results; runs that never had one take as many epochs as they were asked for\n",
            );
          return rerun;
        },
        // Those that have ended must not be named: they would be trained further once more.
        goOn: (_, left) =>
          left === undefined ? `mosaic status ${shellText(database)}` : left.length > 0 ? command(left) : undefined,
        next: ({ left, leftOut, failed }, { continued }) => [
          ...carryOnLines(command(left), { left, leftOut }),
          ...takeBackLines(command, left, continued),
          ...(failed.length > 0 ? [`${command(failed)}   tries again what failed`] : []),
        ],
      },
      terminal,
    );
  },
});

function takenBackText(taken: readonly number[], chosen: number): string {
  if (taken.length === 0) return "None of these runs waits to be trained further; they stay as they are.\n";
  const rest = taken.length < chosen ? "; the others stay as they are" : "";
  return `${countText(taken.length, "run")} done again, as before mosaic rerun: ${idRanges(taken)}${rest}\n`;
}

/** Lines that say how what was ordered is undone. */
function takeBackLines(
  command: (ids: readonly number[]) => string,
  left: readonly number[],
  continued: readonly number[],
): readonly string[] {
  const wanted = new Set(continued);
  const ids = left.filter((runId) => wanted.has(runId));
  return ids.length === 0
    ? []
    : [`${command(ids)} --epochs 0   trains them no further: what they were before counts again`];
}
