import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { pathExists, replaceFiles } from "@ml-mosaic/base";
import { command, interruptible } from "@ml-mosaic/command-line";
import { boolean, path, schema } from "@ml-mosaic/configurable";
import { chooseDatabase } from "../control/choose-database.ts";
import { MosaicError } from "../errors.ts";
import { copyDatabase, requireShortName } from "../store/index.ts";

export const savedbCommand = command({
  name: "savedb",
  summary: "Copy a database while its experiment runs, or any other one.",
  arguments: { database_copy_path: schema(path, { help: "file to write (.db)" }) },
  options: {
    db: schema(path, {
      optional: true,
      words: "DATABASE",
      help: "database to copy; needed unless exactly one experiment of yours is running",
    }),
    force: schema(boolean, { help: "replace the file where there is one" }),
  },
  examples: ["mosaic savedb copy.db", "mosaic savedb copy.db --db results.db"],
  async run(given, { out }) {
    const target = given.database_copy_path;
    const source = await chooseDatabase(given.db);
    refuseTarget(target, source, given.force);
    await interruptible(async (signal) => {
      await replaceFiles([target], async ([temporary = ""]) => {
        await copyDatabase(source, temporary, target);
        signal.throwIfAborted();
        // It may have come into being meanwhile.
        refuseTarget(target, source, given.force);
      });
    });
    out(`${source} copied to ${target}\n`);
    return 0;
  },
});

function refuseTarget(target: string, source: string, force: boolean): void {
  requireShortName(resolve(target));
  for (const ending of ["-wal", "-journal"]) {
    // SQLite would take it for a part of the new file.
    if (pathExists(target + ending))
      throw new MosaicError(
        "COPY_IN_USE",
        `${target} is in use by a program, or one died over it (${target + ending}); choose another name`,
      );
  }
  if (!pathExists(target)) return;
  if (pathExists(source) && realpathSync(target) === realpathSync(source))
    throw new MosaicError("COPY_ONTO_ITSELF", `${target} is the database itself; choose another name for the copy`);
  if (!force) throw new MosaicError("COPY_EXISTS", `${resolve(target)} exists; --force replaces it`);
}
