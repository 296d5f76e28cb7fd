import { countText } from "@ml-mosaic/base";
import { command, interruptible } from "@ml-mosaic/command-line";
import { path, schema } from "@ml-mosaic/configurable";
import { exportRuns } from "../export/export-runs.ts";
import { databaseArgument, readDatabase } from "./read-database.ts";

export const exportCommand = command({
  name: "export",
  summary: "Write all runs with their options and results to a table, and the epochs to a second one.",
  arguments: {
    ...databaseArgument,
    output_file: schema(path, { help: "file to write: .csv, .json or .parquet; epochs go to <name>.history.<ending>" }),
  },
  options: {},
  examples: ["mosaic export results.db results.csv", "mosaic export results.db results.parquet"],
  run: (given, terminal) =>
    readDatabase(given, terminal, async (reader) => {
      const { out, err, isLive } = terminal;
      const file = given.output_file;
      const onRun = (done: number) => isLive && err(`\r${countText(done, "run")}`);
      const { runs, epochs, historyFile } = await interruptible((signal) =>
        exportRuns(reader, file, { onRun, signal }),
      ).finally(() => isLive && err("\r"));
      out(`${countText(runs, "run")} written to ${file}, ${countText(epochs, "epoch")} to ${historyFile}\n`);
      const removed = await reader.countRemoved();
      if (removed > 0)
        err(`${countText(removed, "run")} of this database ${removed === 1 ? "was" : "were"} removed and not written
`);
      return 0;
    }),
});
