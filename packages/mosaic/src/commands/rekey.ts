import { statSync } from "node:fs";
import { countText } from "@ml-mosaic/base";
import { command } from "@ml-mosaic/command-line";
import { path, schema } from "@ml-mosaic/configurable";
import { readPipelineFile } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { rekeyRuns, WantedKeys } from "../rekey/rekey-runs.ts";
import { openSqliteStore } from "../store/index.ts";

export const rekeyCommand = command({
  name: "rekey",
  summary: "Change the keys of the runs in a database to those of a file of pipelines.",
  arguments: {
    pipelines_file: schema(path, { help: "pipelines with the wanted keys (.json), as mosaic generate writes them" }),
    database_file: schema(path, { help: "database to change (.db)" }),
  },
  options: {},
  examples: ["mosaic generate config.ini pipelines.json && mosaic rekey pipelines.json results.db"],
  async run(given, { out, err }) {
    const file = given.pipelines_file;
    // Reading a pipe would wait for a writer without end.
    if (statSync(file, { throwIfNoEntry: false })?.isFIFO())
      throw new MosaicError("CANNOT_READ_PIPELINES", `${file} is a pipe. Give a file that mosaic_generate wrote.`);
    const wanted = new WantedKeys(file);
    await readPipelineFile(file, (pipeline) => wanted.add(pipeline));
    const store = await openSqliteStore(given.database_file, { create: false, say: (line) => err(`${line}\n`) });
    try {
      for (const notice of store.notices) err(`${notice}\n`);
      const { changed, same, others, unused } = await rekeyRuns(store, wanted);
      out(
        `${countText(changed, "run")} changed, ${same} had these keys, ${others} with other pipelines left as they are\n`,
      );
      if (unused > 0)
        err(`${countText(unused, "pipeline")} of ${file} in no run: all options but key and name must be equal\n`);
      return 0;
    } finally {
      await store.close();
    }
  },
});
