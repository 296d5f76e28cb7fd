import { exportRuns } from "../export/export-runs.ts";
import { openSqliteReader } from "../store/index.ts";
import type { CommandSpec } from "./command.ts";
import { countText } from "./text.ts";

export const exportCommand: CommandSpec = {
  name: "export",
  summary: "Write all runs with their options and results to a table, and the epochs to a second one.",
  arguments: [
    { name: "database_file", help: "database (.db)" },
    { name: "output_file", help: "file to write: .csv, .json or .parquet; epochs go to <name>.history.<ending>" },
  ],
  options: [],
  examples: ["mosaic export results.db results.csv", "mosaic export results.db results.parquet"],
  async run(given, { out, err, isLive }) {
    const reader = await openSqliteReader(given.argument("database_file"));
    const interrupt = new AbortController();
    const stop = () => interrupt.abort();
    process.once("SIGINT", stop).once("SIGTERM", stop);
    try {
      for (const notice of reader.notices) err(`${notice}\n`);
      const file = given.argument("output_file");
      const { runs, epochs, historyFile } = await exportRuns(reader, file, {
        onRun: (done) => isLive && err(`\r${countText(done, "run")}`),
        signal: interrupt.signal,
      });
      if (isLive) err("\r");
      out(`${countText(runs, "run")} written to ${file}, ${countText(epochs, "epoch")} to ${historyFile}\n`);
      return 0;
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      err("Stopped; nothing was written.\n");
      return 3;
    } finally {
      process.off("SIGINT", stop).off("SIGTERM", stop);
      await reader.close();
    }
  },
};
