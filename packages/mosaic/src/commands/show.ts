import { type CommandSpec, jsonText } from "@ml-mosaic/command-line";
import { MosaicError } from "../errors.ts";
import { readRunReport } from "../inspect/run-report.ts";
import { databaseArgument, readDatabase } from "./read-database.ts";
import { showJson, showText } from "./show-text.ts";

export const showCommand: CommandSpec = {
  name: "show",
  summary: "Show everything about one run: pipeline, options, results, curves, files, log, environment.",
  arguments: [databaseArgument, { name: "run_id", help: "id of the run" }],
  options: [{ name: "json", help: "write JSON for programs" }],
  examples: ["mosaic show results.db 7"],
  async run(given, terminal) {
    const id = given.argument("run_id");
    if (!/^\d{1,15}$/.test(id))
      throw new MosaicError("bad-usage", `"${id}" is no run id: give a number, as in mosaic show results.db 7`);
    return readDatabase(given, terminal, async (reader) => {
      const report = await readRunReport(reader, Number(id));
      terminal.out(`${given.switched("json") ? jsonText(showJson(report, reader.location)) : showText(report)}\n`);
      return 0;
    });
  },
};
