import { bytesText } from "@ml-mosaic/base";
import { command, type Terminal } from "@ml-mosaic/command-line";
import { boolean, list, path, schema } from "@ml-mosaic/configurable";
import { boardOrders } from "../board/board-orders.ts";
import { loadBoard } from "../board/board-package.ts";
import { openBoard, servingOptions } from "../board/open-board.ts";
import { MosaicError } from "../errors.ts";
import { databaseFile, openSqliteReader } from "../store/index.ts";

export const boardCommand = command({
  name: "board",
  summary: "Look at an experiment in a browser, while it runs and afterwards.",
  arguments: {
    database_files: schema(list(path), { help: "databases (.db); the page shows one and links the others" }),
  },
  options: {
    ...servingOptions,
    control: schema(boolean, { help: "let the page pause, resume, stop and rerun" }),
    export: schema(path, {
      optional: true,
      words: "FILE",
      help: "write all that is not live into one .html file, which needs no server",
    }),
  },
  *preconditions(given) {
    if (given.stop && given.export !== undefined) yield { option: "export", message: "does not go with --stop" };
    if (given.export !== undefined && given.database_files.length > 1)
      yield { option: "export", message: "takes one database: write a file for each" };
    // The arguments may have been mixed up: what stands here is replaced.
    if (given.export !== undefined && !/\.html?$/i.test(given.export))
      yield { option: "export", message: `writes a page: ${given.export} does not end in .html` };
  },
  examples: [
    "mosaic board results.db",
    "mosaic board results.db other.db --port 9000",
    "mosaic board results.db --export report.html",
    "mosaic board results.db --stop",
  ],
  async run(given, terminal) {
    const databases = given.database_files.map((each) => databaseFile(each));
    const file = given.export;
    if (file !== undefined) {
      if (databases.includes(databaseFile(file)))
        throw new MosaicError("COPY_ONTO_ITSELF", `${file} is the database itself; choose another name for the page`);
      const board = await loadBoard();
      const { bytes, notes } = await board.exportBoard(databases[0] ?? "", file);
      for (const note of notes) terminal.err(`${note}\n`);
      terminal.out(`${file}: ${bytesText(bytes)}\n`);
      return 0;
    }
    if (!given.stop) for (const database of databases) await tellNotices(database, terminal.err);
    const controls = given.control ? { controls: boardOrders } : {};
    return openBoard(
      {
        shown: databases,
        words: "mosaic board",
        async start(settings) {
          const board = await loadBoard();
          return board.startBoardServer({ ...settings, databases, ...controls });
        },
      },
      given,
      terminal,
    );
  },
});

async function tellNotices(database: string, err: Terminal["err"]): Promise<void> {
  const reader = await openSqliteReader(database);
  for (const notice of reader.notices) err(`${notice}\n`);
  await reader.close();
}
