import { bytesText, countText } from "@ml-mosaic/base";
import { command, type ExitCode, interruptible, oneLine, type Terminal } from "@ml-mosaic/command-line";
import { boolean, path, schema } from "@ml-mosaic/configurable";
import { MosaicError } from "../errors.ts";
import { deleteRemovedFiles } from "../removal/delete-files.ts";
import { type PlannedRemoval, planRemoval } from "../removal/plan-removal.ts";
import { selectRuns } from "../selection/select-runs.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";

export const removeCommand = command({
  name: "remove",
  summary: "Delete runs with their files; verdicts go on to say how many there were.",
  arguments: { database_file: schema(path, { help: "database that holds the runs (.db)" }) },
  options: {
    ...selectorOptions,
    yes: schema(boolean, { aliases: ["y"], help: "delete without asking" }),
  },
  preconditions(given) {
    selectorOf(given);
  },
  examples: ["mosaic remove results.db --id 3,7-9", "mosaic remove results.db --param_name_and_value lr 1e-1 --yes"],
  keepsResults: true,
  async run(given, terminal) {
    const selector = selectorOf(given);
    const store = await openSqliteStore(given.database_file, {
      create: false,
      say: (line) => terminal.err(`${line}\n`),
    });
    try {
      for (const notice of store.notices) terminal.err(`${notice}\n`);
      const plan = await planRemoval(store, await selectRuns(store, selector));
      terminal.err(planText(plan, given.database_file));
      if (!given.yes && !(await isConfirmed(plan, store, terminal))) {
        terminal.out("Nothing was deleted.\n");
        return 0;
      }
      return await removeAndTell(store, plan, terminal);
    } finally {
      await store.close();
    }
  },
});

/** The claim on the database is kept up while the user thinks. */
const beatMilliseconds = 5000;

async function isConfirmed({ removals }: PlannedRemoval, store: Store, { ask }: Terminal): Promise<boolean> {
  if (ask === undefined)
    throw new MosaicError(
      "BAD_USAGE",
      "Nothing was deleted: there is no terminal to ask at. --yes deletes without asking",
    );
  // A claim that is lost meanwhile refuses the removal itself.
  const beat = setInterval(() => void store.heartbeat([]).catch(() => undefined), beatMilliseconds);
  try {
    const answer = await interruptible((signal) => ask(`Delete ${theseText(removals.length)}? [y/N] `, signal));
    return /^\s*y(es)?\s*$/i.test(answer ?? "");
  } finally {
    clearInterval(beat);
  }
}

function theseText(runs: number): string {
  return runs === 1 ? "this run" : `these ${runs} runs`;
}

async function removeAndTell(store: Store, { removals }: PlannedRemoval, terminal: Terminal): Promise<ExitCode> {
  await store.removeRuns(removals);
  const { deleted, left } = await deleteRemovedFiles(store);
  terminal.out(`${countText(removals.length, "run")} removed, ${countText(deleted, "file")} deleted\n`);
  if (left.length === 0) return 0;
  const shown = left.slice(0, mostShown).map((line) => `  ${oneLine(line)}\n`);
  const more = left.length > mostShown ? `  and ${left.length - mostShown} more\n` : "";
  terminal.err(
    `${countText(left.length, "file")} could not be deleted:\n${shown.join("")}${more}The next mosaic remove, run, rerun or resume on this database tries again.\n`,
  );
  return 3;
}

const mostShown = 10;

function planText({ removals, pipelines, files, bytes, foreignFiles }: PlannedRemoval, database: string): string {
  const withFiles = files === 0 ? "" : `, with ${countText(files, "file")} (${bytesText(bytes)})`;
  const lines = Array.from(pipelines, ([description, counts]) => {
    const parts = Array.from(counts, ([status, count]) => `${count} ${status === "error" ? "failed" : status}`);
    return `  ${oneLine(description)}: ${parts.join(", ")}\n`;
  });
  const more = lines.length > mostShown ? `  and ${countText(lines.length - mostShown, "other pipeline")}\n` : "";
  const foreign =
    foreignFiles === 0
      ? ""
      : `${countText(foreignFiles, "file")} of such runs ${foreignFiles === 1 ? "stays" : "stay"}: they lie in no folder of this database's own, as those of a copy do\n`;
  return `To be deleted from ${database}: ${countText(removals.length, "run")}${withFiles}\n${lines.slice(0, mostShown).join("")}${more}${foreign}`;
}
