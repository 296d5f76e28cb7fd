/**
 * Very many runs of one step with `artifacts = none`, carried out by `mosaic run`: how many a second, and what the supervisor
 * and its workers hold of them while their number grows (Linux).
 *
 *   npx node bench/million.ts [RUNS] [SECONDS]   1,000,000 runs, until they are done
 *
 * After SECONDS, Ctrl-C or a kill the same command goes on where it was: the database and a line a minute (report.jsonl) stay in
 * examples/or/.bench-million-RUNS until somebody removes that folder.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const [count = "1000000", most = "Infinity"] = process.argv.slice(2);
const runs = Number(count);
const mostSeconds = Number(most);
const [models, rates, workers] = [2, 1000, 2];
const repetitions = runs / models / rates;
if (!Number.isSafeInteger(repetitions) || repetitions < 1) throw new Error(`${count}: expected a multiple of 2000`);
if (!(mostSeconds > 0)) throw new Error(`${most}: expected seconds`);
const everySeconds = 60;

const examples = new URL("../examples/or/", import.meta.url).pathname;
const mosaic = new URL("../packages/mosaic/bin/mosaic.ts", import.meta.url).pathname;
const folder = join(examples, `.bench-million-${runs}`);
const config = join(folder, "config.ini");
const database = join(folder, "or.db");
const report = join(folder, "report.jsonl");

/** Batches of all samples, so that an epoch is a step. The runs differ in learning rate and seed: they share two programs. */
function configuration(): string {
  return readFileSync(join(examples, "config.ini"), "utf8")
    .replace(/lr = .*/, `lr = ${Array.from({ length: rates }, (_, index) => `${index + 1}e-5`).join(", ")}`)
    .replace(/epochs = .*/, "epochs = 1\nartifacts = none")
    .replace(/nb_processus = .*/, `nb_processus = ${workers}`)
    .replace(/multiplicity = .*/, `multiplicity = ${repetitions}`)
    .replace(/batch_size = .*/, "batch_size = 16")
    .replace(/data_size = .*/, "data_size = 20")
    .replaceAll(/width = .*/g, "width = 2")
    .replaceAll("path_to_class = ./", "path_to_class = ../");
}

interface Counted {
  readonly rows: number;
  readonly done: number;
  readonly failed: number;
}

function countRuns(): Counted {
  const counts = new Map<string, number>();
  try {
    const connection = new DatabaseSync(database, { readOnly: true });
    try {
      for (const { status, n } of connection.prepare("SELECT status, count(*) AS n FROM runs GROUP BY status").all())
        counts.set(String(status), Number(n));
    } finally {
      connection.close();
    }
  } catch {
    // Not made yet, or being made.
  }
  const rows = [...counts.values()].reduce((sum, n) => sum + n, 0);
  return { rows, done: counts.get("done") ?? 0, failed: counts.get("error") ?? 0 };
}

interface Used {
  readonly megabytes: number;
  readonly processorSeconds: number;
}

/** A process, and the most memory that it has held. */
function usedBy(id: number): Used | undefined {
  try {
    const status = readFileSync(`/proc/${id}/status`, "utf8");
    // Its name, in brackets, may contain blanks; after it come state and ten more, then user and system time.
    const [user, system] = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11) ?? [];
    const megabytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    return { megabytes: Math.round(megabytes), processorSeconds: (Number(user) + Number(system)) / 100 };
  } catch {
    // It has just ended.
    return undefined;
  }
}

function childrenOf(id: number): readonly number[] {
  try {
    return readdirSync(`/proc/${id}/task`).flatMap((task) =>
      readFileSync(`/proc/${id}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function databaseMegabytes(): number {
  const sizes = ["", "-wal"].map((ending) => statSync(database + ending, { throwIfNoEntry: false })?.size ?? 0);
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20);
}

mkdirSync(folder, { recursive: true });
const isNew = !existsSync(database);
if (isNew) writeFileSync(config, configuration());
console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, node ${process.versions.node}, ${runs} runs, ${workers} workers, ${isNew ? "from the start" : "going on"}`,
);
const start = performance.now();
const child = spawn(
  process.execPath,
  ["--disable-warning=ExperimentalWarning", mosaic, "run", config, database, ...(isNew ? [] : ["--continue"])],
  { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, XDG_RUNTIME_DIR: folder } },
);
/** A line for each run is too much to keep. */
let lastSaid = "";
child.stderr.setEncoding("utf8").on("data", (text: string) => {
  lastSaid = (lastSaid + text).slice(-2000);
});
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => child.kill("SIGTERM"));
const limit = Number.isFinite(mostSeconds) ? setTimeout(() => child.kill("SIGTERM"), mostSeconds * 1000) : undefined;

let last = { ...countRuns(), at: start };
let supervisor: Used | undefined;
const largestWorker = { megabytes: 0, processorSeconds: 0 };
function look(): void {
  supervisor = usedBy(child.pid ?? 0) ?? supervisor;
  const used = childrenOf(child.pid ?? 0).flatMap((id) => usedBy(id) ?? []);
  for (const { megabytes, processorSeconds } of used) {
    largestWorker.megabytes = Math.max(largestWorker.megabytes, megabytes);
    largestWorker.processorSeconds = Math.max(largestWorker.processorSeconds, processorSeconds);
  }
}

function tell(): void {
  const now = { ...countRuns(), at: performance.now() };
  const seconds = (now.at - last.at) / 1000;
  const line = {
    seconds: Math.round((now.at - start) / 1000),
    ...{ rows: now.rows, done: now.done, failed: now.failed },
    perSecond: Math.round((now.done - last.done) / seconds),
    supervisor,
    largestWorker,
    databaseMegabytes: databaseMegabytes(),
    load: Number(loadavg()[0]?.toFixed(1)),
  };
  last = now;
  const text = JSON.stringify(line);
  console.log(text);
  appendFileSync(report, `${text}\n`);
}

const looks = setInterval(look, 1000);
const lines = setInterval(tell, everySeconds * 1000);
const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
clearInterval(looks);
clearInterval(lines);
clearTimeout(limit);
tell();
const { done, failed } = countRuns();
console.log(`ended with ${code}; ${done} of ${runs} runs are done, ${failed} failed; ${folder} keeps them`);
if (done < runs) {
  console.log(lastSaid);
  process.exitCode = 1;
}
