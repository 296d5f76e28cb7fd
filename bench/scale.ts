/**
 * Databases of very many runs: what each command takes of a processor, and its largest memory (Linux).
 *
 *   npx node bench/scale.ts [RUNS] [PART…]   100,000 runs; all of: generate insert rekey list export continue compare
 *
 * Two databases: RUNS pipelines of one run each, and 100 models with RUNS / 100 repetitions each, whose results are invented.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

interface Limit {
  /** Of a processor, beside those that any command takes to start; in proportion to the runs. */
  readonly secondsPerMillion: number;
  readonly megabytes: number;
}

interface Part {
  readonly title: string;
  readonly args: readonly string[];
  readonly limit: Limit;
  /** It is killed then. */
  readonly enough?: () => boolean;
}

const [count = "100000", ...wanted] = process.argv.slice(2);
const runs = Number(count);
const models = 100;
if (!Number.isSafeInteger(runs / models) || runs < models) throw new Error(`${count}: expected hundreds of runs`);
const startSeconds = 2;

const examples = new URL("../examples/or/", import.meta.url).pathname;
const mosaic = new URL("../packages/mosaic/bin/mosaic.ts", import.meta.url).pathname;
const folder = mkdtempSync(join(examples, ".bench-"));
const file = (name: string) => join(folder, name);

/** Runs a command to its end, or until `enough` says so. */
async function measure(args: readonly string[], enough: () => boolean = () => false) {
  const start = performance.now();
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", mosaic, ...args], {
    stdio: ["ignore", "ignore", args[0] === "run" ? "ignore" : "inherit"],
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
  });
  let megabytes = 0;
  let processorSeconds = 0;
  const look = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      megabytes = Math.max(megabytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      // Its name, in brackets, may contain blanks; after it come state and ten more, then user and system time.
      const [user, system] = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11) ?? [];
      processorSeconds = (Number(user) + Number(system)) / 100;
    } catch {
      // It has just ended.
    }
    if (enough()) child.kill("SIGKILL");
  };
  const watch = setInterval(look, 20);
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  clearInterval(watch);
  return { seconds: (performance.now() - start) / 1000, processorSeconds, megabytes, code };
}

function rowsOf(database: string, table: string): number {
  try {
    const connection = new DatabaseSync(file(database), { readOnly: true });
    try {
      return Number(connection.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
    } finally {
      connection.close();
    }
  } catch {
    // Not made yet.
    return 0;
  }
}

function writeConfig(name: string, pipelines: number, multiplicity: number): void {
  const rates = Array.from({ length: Math.ceil(pipelines / 100) }, (_, index) => `${index + 1}e-5`).join(", ");
  const text = readFileSync(join(examples, "config.ini"), "utf8")
    .replace(/lr = .*/, `lr = ${rates}`)
    .replace(/epochs = .*/, "epochs = 1\nartifacts = none")
    .replace(/multiplicity = .*/, `multiplicity = ${multiplicity}`)
    .replaceAll(/width = .*/g, "width = {1-50}")
    .replaceAll("path_to_class = ./", "path_to_class = ../");
  writeFileSync(file(name), text);
}

const insertion = (config: string, database: string): Part => ({
  title: "run, until all are in the database",
  args: ["run", file(config), file(database)],
  enough: () => rowsOf(database, "runs") >= runs,
  limit: { secondsPerMillion: 120, megabytes: 400 },
});

/** As if all runs had ended. */
function inventResults(database: string): void {
  const connection = new DatabaseSync(file(database));
  connection.exec(`BEGIN;
UPDATE run_details SET started_at = ordered_at, finished_at = ordered_at + 1000;
UPDATE runs SET status = 'running' WHERE status = 'pending';
UPDATE runs SET status = 'done', return_status = '';
DELETE FROM leases;
INSERT OR IGNORE INTO run_results (run_id, train_loss, test_loss, epochs)
  SELECT run_id, abs(random() % 1000000) / 1e6 + 0.1, abs(random() % 1000000) / 1e6 + 0.1, 1 FROM runs;
COMMIT;`);
  connection.close();
}

async function tell(name: string, { title, args, limit, enough }: Part): Promise<void> {
  const { seconds, processorSeconds, megabytes, code } = await measure(args, enough);
  const most = startSeconds + (limit.secondsPerMillion * runs) / 1e6;
  const isOver = processorSeconds > most || megabytes > limit.megabytes;
  const hasFailed = enough === undefined && code !== 0;
  console.log(
    `${name}: ${title}: ${processorSeconds.toFixed(2)} s on a processor (limit ${most.toFixed(1)}), ${seconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB (limit ${limit.megabytes})${isOver ? "  OVER" : ""}${hasFailed ? `  ENDED WITH ${code}` : ""}`,
  );
  if (isOver || hasFailed) process.exitCode = 1;
}

/** Of what several parts need, made by the first of them. */
async function needPipelines(): Promise<void> {
  writeConfig("config.ini", runs, 1);
}

async function needFile(): Promise<void> {
  await needPipelines();
  if (!existsSync(file("pipelines.json"))) await measure(["generate", file("config.ini"), file("pipelines.json")]);
}

async function needDatabase(): Promise<void> {
  await needPipelines();
  const { args, enough } = insertion("config.ini", "or.db");
  if (rowsOf("or.db", "runs") < runs) await measure(args, enough);
}

const or = () => file("or.db");
const parts: Readonly<Record<string, () => Promise<readonly Part[]>>> = {
  async generate() {
    await needPipelines();
    const args = ["generate", file("config.ini"), file("pipelines.json")];
    return [{ title: "a file of all pipelines", args, limit: { secondsPerMillion: 30, megabytes: 400 } }];
  },
  async insert() {
    await needPipelines();
    return [insertion("config.ini", "or.db")];
  },
  async rekey() {
    await needFile();
    await needDatabase();
    const title = `with ${(statSync(file("pipelines.json")).size / 1e6).toFixed(0)} MB of pipelines`;
    const args = ["rekey", file("pipelines.json"), or()];
    return [{ title, args, limit: { secondsPerMillion: 120, megabytes: 800 } }];
  },
  async list() {
    await needDatabase();
    const short = { secondsPerMillion: 2, megabytes: 200 };
    return [
      { title: "status, of a crashed experiment", args: ["status", or()], limit: short },
      { title: "status --json", args: ["status", or(), "--json"], limit: short },
      { title: "status --all", args: ["status", or(), "--all"], limit: { secondsPerMillion: 60, megabytes: 1500 } },
      { title: "show", args: ["show", or(), "1"], limit: short },
    ];
  },
  async export() {
    await needDatabase();
    const limit = { secondsPerMillion: 120, megabytes: 400 };
    return ["csv", "json", "parquet"].map((ending) => ({
      title: `.${ending}`,
      args: ["export", or(), file(`or.${ending}`)],
      limit,
    }));
  },
  async continue() {
    await needDatabase();
    const before = rowsOf("or.db", "run_results");
    return [
      {
        title: "run --continue, until a run is done",
        args: ["run", file("config.ini"), or(), "--continue"],
        enough: () => rowsOf("or.db", "run_results") > before,
        limit: { secondsPerMillion: 120, megabytes: 500 },
      },
    ];
  },
  async compare() {
    writeConfig("repeated.ini", models, runs / models);
    const { args, enough } = insertion("repeated.ini", "repeated.db");
    await measure(args, enough);
    inventResults("repeated.db");
    const title = `${models} models, ${runs / models} repetitions each`;
    return [
      { title, args: ["compare", file("repeated.db")], limit: { secondsPerMillion: 300, megabytes: 800 } },
      {
        title: `${title}, as .pdf`,
        args: ["compare", file("repeated.db"), "--plot", file("compare.pdf")],
        limit: { secondsPerMillion: 400, megabytes: 1000 },
      },
    ];
  },
};

const names = wanted.length > 0 ? wanted : Object.keys(parts);
const unknown = names.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`);
console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, node ${process.versions.node}, ${runs} runs`,
);
try {
  for (const name of names) for (const part of (await parts[name]?.()) ?? []) await tell(name, part);
  if (existsSync(or())) console.log(`database: ${(statSync(or()).size / 2 ** 20).toFixed(0)} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
