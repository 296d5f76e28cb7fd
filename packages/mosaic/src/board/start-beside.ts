/** The board of an experiment that is being trained: a process of its own, which a killed supervisor does not take with it. */
import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { nodeOptions } from "@ml-mosaic/base";
import type { Terminal } from "@ml-mosaic/command-line";

/** In the environment of a board that Ctrl-C is not meant for: it goes to all processes that a terminal shows. */
export const besideVariable = "MOSAIC_BOARD_BESIDE";

const program = join(import.meta.dirname, "..", "..", "bin", `mosaic${extname(import.meta.filename)}`);

/** Says where it is; that it cannot be opened does not stop the training. */
export async function startBoardBeside(database: string, { err }: Terminal): Promise<void> {
  const board = spawn(process.execPath, [...nodeOptions, program, "board", database], {
    env: { ...process.env, [besideVariable]: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [board.stdout, board.stderr].map((stream) => createInterface({ input: stream }));
  const first = new Promise<string>((resolve) => {
    for (const reader of lines) reader.once("line", resolve);
    board.once("error", (error) => resolve(error.message));
    board.once("exit", () => resolve("it has ended at once"));
  });
  err(`Board: ${await first}\n`);
  for (const reader of lines) reader.close();
  for (const stream of [board.stdout, board.stderr]) stream.destroy();
  board.unref();
}
