import { countText } from "@ml-mosaic/base";
import { command, shellText } from "@ml-mosaic/command-line";
import { formatProblem, int, path, schema, within } from "@ml-mosaic/configurable";
import { readMonitor } from "../config/index.ts";
import { checkDevices } from "../experiment/devices.ts";
import { queueRerun } from "../experiment/rerun.ts";
import { idRanges } from "../selection/id-ranges.ts";
import { selectRuns } from "../selection/select-runs.ts";
import { misplacedOverride, overridesArgument } from "./overrides-argument.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";
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
    epochs: schema(within(int, { minimum: 1 }), {
      optional: true,
      words: "N",
      help: "epochs to add (default: as many as the run was asked for)",
    }),
    ...acceptCodeOption,
    ...jsonOption,
  },
  *preconditions(given) {
    selectorOf(given);
    yield* misplacedOverride("database_file", given.database_file);
  },
  examples: [
    "mosaic rerun config.ini results.db --id 1-3 --epochs 50",
    "mosaic rerun config.ini results.db --param_name_and_value_low_threshold test_acc 90",
  ],
  keepsResults: true,
  async run(given, terminal) {
    const configFile = given.config_file;
    const { overrides = [] } = given;
    const { monitor, notices } = await readMonitor(configFile, overrides);
    for (const notice of notices) terminal.err(`${formatProblem(notice)}\n`);
    await checkDevices(monitor);
    const selector = selectorOf(given);
    const epochs = given.epochs;
    const database = given.database_file;
    const command = (ids: readonly number[]) =>
      ["mosaic", "rerun", configFile, database, "--id", idRanges(ids), ...overrides].map(shellText).join(" ");
    return trainAndTell(
      {
        database,
        create: false,
        json: given.json,
        async queue(store) {
          const rerun = await queueRerun(store, await selectRuns(store, selector), monitor, {
            epochs,
            acceptCode: given["accept-code"],
          });
          tellChanged(rerun, terminal);
          terminal.err(`${countText(rerun.continued, "run")} trained further, ${rerun.restarted} started again\n`);
          if (epochs !== undefined && rerun.restarted > 0)
            terminal.err(
              "--epochs adds to runs that are done; those that start again take as many as they were asked for\n",
            );
          return rerun;
        },
        // Those that have ended must not be named: they would be trained further once more.
        goOn: (_, left) =>
          left === undefined ? `mosaic status ${shellText(database)}` : left.length > 0 ? command(left) : undefined,
        next: ({ left, failed }) => [
          ...carryOnLines(command(left), left),
          ...(failed.length > 0 ? [`${command(failed)}   tries again what failed`] : []),
        ],
      },
      terminal,
    );
  },
});
