/** `mosaic status --check`. */
import { countText } from "@ml-mosaic/base";
import { type ExitCode, jsonText, pathText, type Terminal } from "@ml-mosaic/command-line";
import { checkDatabase } from "../status/check-database.ts";
import { openSqliteReader } from "../store/index.ts";

/** Exit code 1 where something is damaged. */
export async function tellCheck(database: string, asJson: boolean, { out, err }: Terminal): Promise<ExitCode> {
  const reader = await openSqliteReader(database);
  try {
    for (const notice of reader.notices) err(`${notice}\n`);
    const { wholeResults, uncheckedResults, wholeFiles, uncheckedFiles, filesToDelete, damage } =
      await checkDatabase(reader);
    if (asJson) {
      const json = {
        database: reader.location,
        results: { whole: wholeResults, unchecked: uncheckedResults },
        files: { whole: wholeFiles, unchecked: uncheckedFiles },
        files_to_delete: filesToDelete,
        damage,
      };
      out(`${jsonText(json)}\n`);
    } else {
      const lines = [
        `${pathText(database)}: ${countText(wholeResults, "result")} and ${countText(wholeFiles, "file")} are as they were written`,
        ...(uncheckedResults + uncheckedFiles > 0
          ? [
              `Not checked: ${countText(uncheckedResults, "result")} and ${countText(uncheckedFiles, "file")} without a digest (logs, and what earlier versions or the original wrote)`,
            ]
          : []),
        ...(filesToDelete > 0
          ? [
              `Left of removed runs: ${countText(filesToDelete, "file")}, which the next mosaic remove, run, rerun or resume deletes`,
            ]
          : []),
        ...(damage.length > 0
          ? [`Damaged or missing:`, ...damage.map((line) => `  ${line}`)]
          : ["Nothing is damaged."]),
      ];
      out(`${lines.join("\n")}\n`);
    }
    return damage.length > 0 ? 1 : 0;
  } finally {
    await reader.close();
  }
}
