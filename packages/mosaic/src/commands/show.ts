import { command, jsonText } from "@ml-mosaic/command-line";
import { boolean, int, schema, within } from "@ml-mosaic/configurable";
import { readRunReport } from "../inspect/run-report.ts";
import { databaseArgument, readDatabase } from "./read-database.ts";
import { showJson, showText } from "./show-text.ts";

export const showCommand = command({
  name: "show",
  summary: "Show everything about one run: pipeline, options, results, curves, files, log, environment.",
  arguments: { ...databaseArgument, run_id: schema(within(int, { minimum: 0 }), { help: "id of the run" }) },
  options: { json: schema(boolean, { help: "write JSON for programs" }) },
  examples: ["mosaic show results.db 7"],
  async run(given, terminal) {
    return readDatabase(given, terminal, async (reader) => {
      const report = await readRunReport(reader, given.run_id);
      terminal.out(`${given.json ? jsonText(showJson(report, reader.location)) : showText(report)}\n`);
      return 0;
    });
  },
});
