/** What a page may order, as the commands that people would give: each is a process of its own, as theirs are. */
import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { countText, nodeOptions, pathExists } from "@ml-mosaic/base";
import { shellText } from "@ml-mosaic/command-line";
import { listExperiments } from "../control/registry.ts";
import { readExperimentOrigins } from "../experiment/experiment-origin.ts";
import { openSqliteReader } from "../store/index.ts";
import type { BoardControls, BoardOrder, OrderPlan } from "./board-package.ts";

const program = join(import.meta.dirname, "..", "..", "bin", `mosaic${extname(import.meta.filename)}`);

type Planned =
  | { readonly isPossible: false; readonly text: string }
  | { readonly isPossible: true; readonly text: string; readonly words: readonly string[]; readonly folder: string };

const impossible = (text: string): Planned => ({ isPossible: false, text });

async function planned({ action, ids, database }: BoardOrder): Promise<Planned> {
  const isRunning = (await listExperiments()).some((each) => each.database === database && each.liveness === "alive");
  const reader = await openSqliteReader(database);
  try {
    const counts = await reader.countByStatus();
    const origin = (await readExperimentOrigins(reader)).at(-1);
    if (origin === undefined || origin.configurationFile === "")
      return impossible("The database does not say which configuration its runs are of.");
    const { configurationFile, overrides, folder } = origin;
    const running = countText(counts.get("running") ?? 0, "running run");
    const left = (counts.get("pending") ?? 0) + (counts.get("paused") ?? 0) + (counts.get("running") ?? 0);
    const pauseFile = `${database}.paused.json`;
    const possible = (text: string, ...words: readonly string[]): Planned => ({
      isPossible: true,
      text,
      words,
      folder,
    });
    switch (action) {
      case "pause":
        if (!isRunning) return impossible("Nothing is running.");
        return possible(
          `The ${running} will be trained to the end, no other will begin, and what is left is written to ${pauseFile}.`,
          ...["pause", pauseFile, "--db", database],
        );
      case "stop":
        if (!isRunning) return impossible("Nothing is running.");
        return possible(
          `The ${running} will be left in the middle, to go on from there, and what is left is written to ${pauseFile}.`,
          ...["pause", pauseFile, "--now", "--db", database],
        );
      case "resume":
        if (isRunning) return impossible("It is running already.");
        if (left === 0) return impossible("Nothing is left to do.");
        return pathExists(pauseFile)
          ? possible(`What ${pauseFile} names will be trained: ${countText(left, "run")} left.`, "resume", pauseFile)
          : possible(
              `${countText(left, "run")} left will be trained, and what the configuration has besides.`,
              ...["run", configurationFile, database, ...overrides, "--continue"],
            );
      case "rerun":
        if (isRunning) return impossible("It is running: wait for its end, or stop it first.");
        if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(ids)) return impossible("Select the runs that are to be trained again.");
        return possible(
          `Runs ${ids} will be trained: done ones further, by as many epochs as they were asked for; failed ones from the start.`,
          ...["rerun", configurationFile, database, "--id", ids],
        );
      default:
        return impossible("The board can pause, resume, stop and rerun.");
    }
  } finally {
    await reader.close();
  }
}

/** What ends within this time with an error was refused, and says why. */
const refusedMilliseconds = 3000;

export const boardOrders: BoardControls = {
  async plan(order) {
    const plan = await planned(order);
    return plan.isPossible ? told(plan, plan.text) : plan;
  },
  async carryOut(order) {
    const plan = await planned(order);
    if (!plan.isPossible) return plan;
    const refusal = await start(plan.words, plan.folder);
    return refusal === undefined ? told(plan, "Begun:") : { isPossible: false, text: refusal };
  },
};

function told({ words }: Extract<Planned, { readonly isPossible: true }>, text: string): OrderPlan {
  return { isPossible: true, text: `${text} ${["mosaic", ...words].map(shellText).join(" ")}` };
}

/** Goes on when the board ends. Returns why it was refused. */
function start(words: readonly string[], folder: string): Promise<string | undefined> {
  const child = spawn(process.execPath, [...nodeOptions, program, ...words], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (bytes) => {
    said = (said + bytes).slice(-4000);
  });
  return new Promise((resolve) => {
    const settle = (refusal: string | undefined) => {
      child.stderr.destroy();
      child.unref();
      resolve(refusal);
    };
    const timer = setTimeout(settle, refusedMilliseconds, undefined);
    child.once("error", (error) => {
      clearTimeout(timer);
      settle(error.message);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      settle(code === 2 ? said.trim() : undefined);
    });
  });
}
