import { bytesText, errorCode, stopSignals } from "@ml-mosaic/base";
import { command, type Given, shellText, type Terminal } from "@ml-mosaic/command-line";
import { boolean, int, list, path, schema, string, within } from "@ml-mosaic/configurable";
import { boardOrders } from "../board/board-orders.ts";
import { type BoardServer, type BoardSettings, loadBoard } from "../board/board-package.ts";
import { openBoards, registerBoard } from "../board/boards.ts";
import { besideVariable } from "../board/start-beside.ts";
import { databaseFile, openSqliteReader } from "../store/index.ts";

const usualPort = 8642;
const triedPorts = 100;
const loopback = "127.0.0.1";

const databasesArgument = {
  database_files: schema(list(path), { help: "databases (.db); the page shows one and links the others" }),
};

const boardOptions = {
  port: schema(within(int, { minimum: 1, maximum: 65535 }), {
    optional: true,
    words: "N",
    help: `port (default: ${usualPort}, or the next one that is free)`,
  }),
  host: schema(string, {
    default: loopback,
    words: "ADDRESS",
    help: "network address to be reached at; 0.0.0.0 is all of this machine's",
  }),
  "allow-host": schema(list(string), {
    optional: true,
    words: "NAME",
    help: "name under which the page may be asked for besides localhost, as behind a proxy",
  }),
  control: schema(boolean, { help: "let the page pause, resume, stop and rerun" }),
  "no-token": schema(boolean, {
    help: "let in everybody who reaches the port; on a machine with several users, they all do",
  }),
  export: schema(path, {
    optional: true,
    words: "FILE",
    help: "write all that is not live into one .html file, which needs no server",
  }),
  stop: schema(boolean, { help: "end the board of these databases" }),
};

export const boardCommand = command({
  name: "board",
  summary: "Look at an experiment in a browser, while it runs and afterwards.",
  arguments: databasesArgument,
  options: boardOptions,
  *preconditions(given) {
    if (given.stop && given.export !== undefined) yield { option: "export", message: "does not go with --stop" };
    if (given.export !== undefined && given.database_files.length > 1)
      yield { option: "export", message: "takes one database: write a file for each" };
  },
  examples: [
    "mosaic board results.db",
    "mosaic board results.db other.db --port 9000",
    "mosaic board results.db --export report.html",
    "mosaic board results.db --stop",
  ],
  async run(given, terminal) {
    const databases = given.database_files.map((each) => databaseFile(each));
    if (given.stop) return stopBoards(databases, terminal);
    const file = given.export;
    if (file !== undefined) {
      const board = await loadBoard();
      const { bytes, notes } = await board.exportBoard(databases[0] ?? "", file);
      for (const note of notes) terminal.err(`${note}\n`);
      terminal.out(`${file}: ${bytesText(bytes)}\n`);
      return 0;
    }
    const known = (await openBoards()).find((each) => databases.every((database) => each.databases.includes(database)));
    if (known !== undefined) {
      terminal.out(`${known.address}\n`);
      terminal.err("It was open already. To end it: mosaic board --stop with the same databases\n");
      return 0;
    }
    await serve(databases, given, terminal);
    return 0;
  },
});

type BoardGiven = Given<typeof databasesArgument, typeof boardOptions>;

async function serve(databases: readonly string[], given: BoardGiven, { out, err }: Terminal): Promise<void> {
  for (const database of databases) await tellNotices(database, err);
  const server = await openServer(given, {
    databases,
    host: given.host,
    allowHosts: [...(given["allow-host"] ?? []), ...(given.host === loopback ? [] : [given.host])],
    hasToken: !given["no-token"],
    ...(given.control ? { controls: boardOrders } : {}),
  });
  const unregister = await registerBoard({ databases, address: server.address });
  out(`${server.address}\n`);
  if (process.env[besideVariable] === undefined)
    err(`Ctrl-C ends it, or: mosaic board ${databases.map(shellText).join(" ")} --stop\n`);
  await asked();
  await unregister();
  await server.close();
}

async function tellNotices(database: string, err: Terminal["err"]): Promise<void> {
  const reader = await openSqliteReader(database);
  for (const notice of reader.notices) err(`${notice}\n`);
  await reader.close();
}

/** The usual port may be another board's; a port that was asked for is taken or refused. */
async function openServer({ port }: BoardGiven, settings: Omit<BoardSettings, "port">): Promise<BoardServer> {
  const board = await loadBoard();
  const last = port ?? usualPort + triedPorts - 1;
  for (let tried = port ?? usualPort; ; tried++) {
    try {
      return await board.startBoardServer({ ...settings, port: tried });
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE" || tried >= last) throw error;
    }
  }
}

/** Until somebody ends it. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    // Ctrl-C ends the training that it was started beside, and is not meant for it.
    if (process.env[besideVariable] === undefined) process.once("SIGINT", () => resolve());
    else process.on("SIGINT", () => undefined);
    for (const signal of stopSignals) process.once(signal, () => resolve());
  });
}

async function stopBoards(databases: readonly string[], { out, err }: Terminal): Promise<0 | 2> {
  const boards = (await openBoards()).filter((board) => board.databases.some((each) => databases.includes(each)));
  if (boards.length === 0) {
    err(`no board of ${databases.join(", ")} is open\n`);
    return 2;
  }
  for (const board of boards) {
    process.kill(board.process.pid, "SIGTERM");
    out(`ended: ${board.databases.join(", ")}\n`);
  }
  return 0;
}
