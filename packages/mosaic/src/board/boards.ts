/** Which boards of this user are open: a small file for each, where nobody else can read its token. */
import { randomBytes } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { currentProcess, errorCode, livenessOf, type ProcessIdentity, replaceFile } from "@ml-mosaic/base";
import { controlFolders, makePrivateFolder, ownFolders, requirePrivateFolder } from "../control/private-folder.ts";

export interface OpenBoard {
  /** Absolute. */
  readonly databases: readonly string[];
  /** With the token. */
  readonly address: string;
  readonly process: ProcessIdentity;
}

const ending = ".json";

const boardsFolder = (folder: string) => join(folder, "boards");

/** Makes this process known as the board of these databases; to be undone by the function that it returns. */
export async function registerBoard(
  board: Omit<OpenBoard, "process">,
  folders: readonly string[] = controlFolders(),
): Promise<() => Promise<void>> {
  const [folder] = await ownFolders(folders);
  if (folder === undefined) throw new RangeError("there is no folder to register in");
  await makePrivateFolder(folder);
  await makePrivateFolder(boardsFolder(folder));
  const file = join(boardsFolder(folder), `${process.pid}-${randomBytes(4).toString("hex")}${ending}`);
  await replaceFile(file, `${JSON.stringify({ ...board, process: currentProcess() }, null, 2)}\n`, { mode: 0o600 });
  return () => rm(file, { force: true });
}

/** Those that are alive; what killed ones have left is removed. */
export async function openBoards(folders: readonly string[] = controlFolders()): Promise<readonly OpenBoard[]> {
  const found: OpenBoard[] = [];
  for (const folder of (await ownFolders(folders)).map(boardsFolder)) {
    if (!(await requirePrivateFolder(folder))) continue;
    for (const name of await readdir(folder)) {
      if (!name.endsWith(ending)) continue;
      const board = await readBoard(join(folder, name));
      if (board === undefined) continue;
      if (livenessOf(board.process) === "alive") found.push(board);
      else if (livenessOf(board.process) === "dead") await rm(join(folder, name), { force: true });
    }
  }
  return found;
}

async function readBoard(path: string): Promise<OpenBoard | undefined> {
  try {
    const { databases, address, process }: { readonly [name: string]: unknown } = Object(
      JSON.parse(await readFile(path, "utf8")),
    );
    const { pid, started, scope }: { readonly [name: string]: unknown } = Object(process);
    if (!Array.isArray(databases) || typeof address !== "string" || typeof pid !== "number") return undefined;
    return {
      databases: databases.map(String),
      address,
      process: { pid, started: String(started), scope: String(scope) },
    };
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
