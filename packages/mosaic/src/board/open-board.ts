/** What commands that open a board have in common: where it listens, who may look, one board for what it shows, its end. */
import { errorCode, stopSignals } from "@ml-mosaic/base";
import { type ExitCode, type Given, shellText, type Terminal } from "@ml-mosaic/command-line";
import { boolean, int, list, schema, string, within } from "@ml-mosaic/configurable";
import { MosaicError } from "../errors.ts";
import type { BoardServer, BoardSettings } from "./board-package.ts";
import { openBoards, registerBoard } from "./boards.ts";
import { besideVariable } from "./start-beside.ts";

const usualPort = 8642;
const triedPorts = 100;
const loopback = "127.0.0.1";

export const servingOptions = {
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
  "no-token": schema(boolean, {
    help: "let in everybody who reaches the port; on a machine with several users, they all do",
  }),
  stop: schema(boolean, { help: "end the board of what is named" }),
};

type ServingGiven = Given<Record<never, never>, typeof servingOptions>;
type ServingSettings = Pick<BoardSettings, "host" | "port" | "allowHosts" | "hasToken">;

export interface BoardOpener {
  /** Databases or folders, absolute. */
  readonly shown: readonly string[];
  /** The command, such as `mosaic board`. */
  readonly words: string;
  /** Where the port is another's, it is asked again with the next one. */
  start(settings: ServingSettings): Promise<BoardServer>;
}

/** Opens a board, says where it is and stays until somebody ends it; where one is open, says where that is. */
export async function openBoard(opener: BoardOpener, given: ServingGiven, terminal: Terminal): Promise<ExitCode> {
  const { shown, words } = opener;
  const { out, err } = terminal;
  if (given.stop) return stopBoards(shown, terminal);
  const known = (await openBoards()).find((each) => shown.every((path) => each.databases.includes(path)));
  if (known !== undefined) {
    out(`${known.address}\n`);
    err(`It was open already, and is as it was started. To end it: ${words} --stop with the same names\n`);
    return 0;
  }
  const server = await startOnPort(opener, given);
  const unregister = await registerBoard({ databases: shown, address: server.address });
  out(`${server.address}\n`);
  if (process.env[besideVariable] === undefined)
    err(`Ctrl-C ends it, or: ${words} ${shown.map(shellText).join(" ")} --stop\n`);
  await asked();
  await unregister();
  await server.close();
  return 0;
}

/** The usual port may be another board's; a port that was asked for is taken or refused. */
async function startOnPort({ start }: BoardOpener, given: ServingGiven): Promise<BoardServer> {
  const { port, host } = given;
  const allowHosts = [...(given["allow-host"] ?? []), ...(host === loopback ? [] : [host])];
  const last = port ?? usualPort + triedPorts - 1;
  for (let tried = port ?? usualPort; ; tried++) {
    try {
      return await start({ host, port: tried, allowHosts, hasToken: !given["no-token"] });
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE") throw error;
      if (tried < last) continue;
      const remedy =
        port === undefined ? "choose one with --port" : "without --port the next one that is free is taken";
      throw new MosaicError("CANNOT_LISTEN", `port ${tried} is in use: ${remedy}`, { cause: error });
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

async function stopBoards(shown: readonly string[], { out, err }: Terminal): Promise<ExitCode> {
  const boards = (await openBoards()).filter((board) => board.databases.some((each) => shown.includes(each)));
  if (boards.length === 0) {
    err(`no board of ${shown.join(", ")} is open\n`);
    return 2;
  }
  for (const board of boards) {
    process.kill(board.process.pid, "SIGTERM");
    out(`ended: ${board.databases.join(", ")}\n`);
  }
  return 0;
}
