/** 100,000 tiny pipelines: how long each command takes, of that on a processor, and its largest memory (Linux). */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const pipelines = Number(process.argv[2] ?? 100_000);
const statusLimitSeconds = 0.5;
const memoryLimitMegabytes = 1000;

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

function count(table: string): number {
  try {
    const database = new DatabaseSync(file("or.db"), { readOnly: true });
    try {
      return Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
    } finally {
      database.close();
    }
  } catch {
    // Not made yet.
    return 0;
  }
}

try {
  const text = readFileSync(join(examples, "config.ini"), "utf8")
    .replace(/lr = .*/, `lr = ${Array.from({ length: pipelines / 100 }, (_, index) => `${index + 1}e-5`).join(", ")}`)
    .replace(/epochs = .*/, "epochs = 1\nartifacts = none")
    .replace(/multiplicity = .*/, "multiplicity = 1")
    .replaceAll(/width = .*/g, "width = {1-50}")
    .replaceAll("path_to_class = ./", "path_to_class = ../");
  writeFileSync(file("config.ini"), text);
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, node ${process.versions.node}, ${pipelines} pipelines`);
  const steps: readonly (readonly [string, readonly string[], (() => boolean)?])[] = [
    ["generate", ["generate", file("config.ini"), file("pipelines.json")]],
    [
      "run, until all are in the database",
      ["run", file("config.ini"), file("or.db")],
      () => count("runs") >= pipelines,
    ],
    ["status, of a crashed experiment", ["status", file("or.db")]],
    ["status --json", ["status", file("or.db"), "--json"]],
    ["export .csv", ["export", file("or.db"), file("or.csv")]],
    ["export .parquet", ["export", file("or.db"), file("or.parquet")]],
    [
      "run --continue, until the first run is done",
      ["run", file("config.ini"), file("or.db"), "--continue"],
      () => count("run_results") > 0,
    ],
    ["show", ["show", file("or.db"), "1"]],
    ["status", ["status", file("or.db")]],
  ];
  for (const [name, args, enough] of steps) {
    const { seconds, processorSeconds, megabytes } = await measure(args, enough);
    console.log(
      `${name}: ${seconds.toFixed(2)} s, ${processorSeconds.toFixed(2)} s on a processor, ${megabytes.toFixed(0)} MB`,
    );
    if (args[0] === "status" && seconds > statusLimitSeconds) process.exitCode = 1;
    if (megabytes > memoryLimitMegabytes) process.exitCode = 1;
  }
  console.log(`database: ${(statSync(file("or.db")).size / 2 ** 20).toFixed(0)} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
