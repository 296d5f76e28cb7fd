import { type CommandSpec, jsonText } from "@ml-mosaic/command-line";
import { MosaicError } from "../errors.ts";
import { readRunReport } from "../inspect/run-report.ts";
import { openSqliteReader } from "../store/index.ts";
import { showJson, showText } from "./show-text.ts";

export const showCommand: CommandSpec = {
  name: "show",
  summary: "Show everything about one run: pipeline, options, results, curves, files, log, environment.",
  arguments: [
    { name: "database_file", help: "database (.db)" },
    { name: "run_id", help: "id of the run" },
  ],
  options: [{ name: "json", help: "write JSON for programs" }],
  examples: ["mosaic show results.db 7"],
  async run(given, { out, err }) {
    const id = given.argument("run_id");
    if (!/^\d{1,15}$/.test(id))
      throw new MosaicError("bad-usage", `"${id}" is no run id: give a number, as in mosaic show results.db 7`);
    const reader = await openSqliteReader(given.argument("database_file"));
    try {
      for (const notice of reader.notices) err(`${notice}\n`);
      const report = await readRunReport(reader, Number(id));
      out(`${given.switched("json") ? jsonText(showJson(report, reader.location)) : showText(report)}\n`);
      return 0;
    } finally {
      await reader.close();
    }
  },
};
