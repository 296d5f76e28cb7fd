import { setTimeout as delay } from "node:timers/promises";
import { command, type ExitCode, jsonText, pathText, type Terminal } from "@ml-mosaic/command-line";
import { boolean, path, schema } from "@ml-mosaic/configurable";
import { forget, listExperiments } from "../control/registry.ts";
import { lastRuns, readStatus, type StatusReport } from "../status/status-report.ts";
import { openSqliteReader, StoreError } from "../store/index.ts";
import { statusJson, statusText } from "./status-text.ts";

const shownRuns = 20;
const refreshMilliseconds = 500;

interface StatusOptions {
  readonly verbose: boolean;
  readonly limit: number;
}

export const statusCommand = command({
  name: "status",
  summary: "Show how an experiment stands: what is done, failed, running and pending.",
  arguments: {
    database_file: schema(path, {
      optional: true,
      help: "database (.db); without it, all running and crashed experiments of yours",
    }),
  },
  options: {
    verbose: schema(boolean, { aliases: ["v"], help: "show the whole stack of each error" }),
    watch: schema(boolean, { aliases: ["w"], help: "refresh in place until Ctrl-C" }),
    all: schema(boolean, {
      help: `list all runs, not only the last ${shownRuns} of each status`,
    }),
    check: schema(boolean, { help: "check the database and all files of its runs for damage, which reads them whole" }),
    json: schema(boolean, { help: "write JSON for programs" }),
  },
  preconditions({ check, database_file }) {
    if (check && database_file === undefined)
      return {
        option: "check",
        message: "needs the database that is to be checked: mosaic status results.db --check",
      };
    return undefined;
  },
  examples: [
    "mosaic status",
    "mosaic status results.db -v",
    "mosaic status results.db --watch",
    "mosaic status results.db --check",
  ],
  async run(given, terminal) {
    const limit = given.all ? Number.MAX_SAFE_INTEGER : shownRuns;
    const options = { verbose: given.verbose, limit };
    const database = given.database_file;
    if (given.check && database !== undefined) {
      // It knows all that a run is made of, which takes longer to load than the rest takes to run.
      const { tellCheck } = await import("./status-check.ts");
      return tellCheck(database, given.json, terminal);
    }
    if (given.json) {
      const reports = await readReports(database, options, terminal);
      const json = reports.map(statusJson);
      terminal.out(`${jsonText(database === undefined ? { experiments: json } : (json[0] ?? null))}\n`);
      return 0;
    }
    if (given.watch) {
      if (process.stdout.isTTY) return watch(database, options, terminal);
      terminal.err("--watch needs a terminal: this is how it stands now\n");
    }
    terminal.out(`${textOf(await readReports(database, options, terminal), options)}\n`);
    return 0;
  },
});

/** Shows what fits on the screen, again and again, as long as there is one. */
async function watch(database: string | undefined, options: StatusOptions, terminal: Terminal): Promise<ExitCode> {
  let isLost = false;
  process.stdout.on("error", () => {
    isLost = true;
  });
  const { createLogUpdate } = await import("log-update");
  const live = createLogUpdate(process.stdout);
  // Notices are said once, not twice a second.
  const quiet = { ...terminal, err: () => undefined };
  while (!isLost) {
    live(fitting(await readReports(database, options, quiet), options, Math.max(4, process.stdout.rows || 24) - 1));
    await delay(refreshMilliseconds);
  }
  // The terminal is gone.
  return 0;
}

/** As many of the last runs of each list as fit into so many rows. */
function fitting(reports: readonly StatusReport[], options: StatusOptions, rows: number): string {
  for (let most = options.limit; most >= 1; most = Math.floor(Math.min(most, rows) * 0.8)) {
    const text = textOf(
      reports.map((report) => lastRuns(report, most)),
      options,
    );
    if (text.split("\n").length <= rows) return text;
  }
  const lines = textOf(
    reports.map((report) => lastRuns(report, 1)),
    options,
  ).split("\n");
  return [...lines.slice(0, rows - 1), "… the window is too small for the rest"].join("\n");
}

function textOf(reports: readonly StatusReport[], options: StatusOptions): string {
  if (reports.length === 0) return "No experiment of yours is running. For another one: mosaic status <database>";
  // A terminal without a size says 0.
  const columns = process.stdout.isTTY ? process.stdout.columns || undefined : undefined;
  return reports.map((report) => statusText(report, { ...options, columns })).join("\n\n");
}

async function readReports(
  database: string | undefined,
  { limit }: StatusOptions,
  terminal: Terminal,
): Promise<readonly StatusReport[]> {
  if (database !== undefined) return [await readReport(database, limit, terminal)];
  const reports = new Map<string, StatusReport>();
  for (const experiment of await listExperiments()) {
    if (reports.has(experiment.database)) continue;
    try {
      const report = await readReport(experiment.database, limit, terminal);
      // It died after its last run, or was finished by another process since: nothing is left to say.
      if (experiment.liveness === "dead" && report.state === "finished") await forget(experiment);
      else reports.set(experiment.database, report);
    } catch (error) {
      // One damaged database must not hide the other experiments.
      if (!(error instanceof StoreError)) throw error;
      terminal.err(`${error.message}\n`);
    }
  }
  return [...reports.values()];
}

async function readReport(database: string, limit: number, { err }: Terminal): Promise<StatusReport> {
  const reader = await openSqliteReader(database);
  try {
    for (const notice of reader.notices) err(`${notice}\n`);
    const report = await readStatus(reader, limit);
    return { ...report, database: pathText(database) };
  } finally {
    await reader.close();
  }
}
