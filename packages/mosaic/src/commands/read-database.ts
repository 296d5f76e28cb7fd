import type { ExitCode, Terminal } from "@ml-mosaic/command-line";
import { type Infer, path, schema } from "@ml-mosaic/configurable";
import { openSqliteReader, type StoreReader } from "../store/index.ts";

export const databaseArgument = { database_file: schema(path, { help: "database (.db)" }) };

/** Opens the database that was given, says what there is to say about it, and closes it when `use` is done. */
export async function readDatabase(
  given: Infer<typeof databaseArgument>,
  terminal: Terminal,
  use: (reader: StoreReader) => Promise<ExitCode>,
): Promise<ExitCode> {
  const reader = await openSqliteReader(given.database_file);
  try {
    for (const notice of reader.notices) terminal.err(`${notice}\n`);
    return await use(reader);
  } finally {
    await reader.close();
  }
}
