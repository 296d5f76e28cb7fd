/**
 * What a run costs besides its training: runs of one step of a tiny MLP, from the command line to the last commit, beside
 * Optuna's trials of an empty objective, both kept in SQLite.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

const cases = [
  { artifacts: "none", executor: "onnx", runs: 6000, limit: 500 },
  { artifacts: "none", executor: "wasm", runs: 6000, limit: 1000 },
  { artifacts: "all", executor: "onnx", runs: 2000, limit: 100 },
  { artifacts: "all", executor: "wasm", runs: 2000, limit: 300 },
] as const;
const workers = 2;
const trials = 300;

const examples = new URL("../examples/or/", import.meta.url).pathname;
const mosaic = new URL("../packages/mosaic/bin/mosaic.ts", import.meta.url).pathname;
const optuna = new URL("./peers/optuna_trials.py", import.meta.url).pathname;

/** Batches of all samples, so that an epoch is a step. The runs differ in their learning rate: they share one program. */
function configuration(artifacts: string, executor: string, runs: number): string {
  const rates = Array.from({ length: runs / 2 }, (_, index) => `${index + 1}e-5`);
  return readFileSync(join(examples, "config.ini"), "utf8")
    .replace(/lr = .*/, `lr = ${rates.join(", ")}`)
    .replace(/epochs = .*/, `epochs = 1\nartifacts = ${artifacts}\nexecutor = ${executor}`)
    .replace(/nb_processus = .*/, `nb_processus = ${workers}`)
    .replace(/multiplicity = .*/, "multiplicity = 1")
    .replace(/batch_size = .*/, "batch_size = 16")
    .replace(/data_size = .*/, "data_size = 20")
    .replaceAll(/width = .*/g, "width = 2")
    .replaceAll("path_to_class = ./", "path_to_class = ../");
}

async function time(command: string, args: readonly string[]): Promise<{ code: number | null; seconds: number }> {
  const start = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "ignore"] });
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { code, seconds: (performance.now() - start) / 1000 };
}

console.log(`${cpus()[0]?.model}, ${cpus().length} cores, node ${process.versions.node}, ${workers} workers`);
for (const { artifacts, executor, runs, limit } of cases) {
  const folder = mkdtempSync(join(examples, ".bench-"));
  try {
    writeFileSync(join(folder, "config.ini"), configuration(artifacts, executor, runs));
    const run = ["run", join(folder, "config.ini"), join(folder, "or.db")];
    const { code, seconds } = await time(process.execPath, ["--disable-warning=ExperimentalWarning", mosaic, ...run]);
    const rate = runs / seconds;
    console.log(
      `artifacts = ${artifacts}, executor = ${executor}: ${runs} runs in ${seconds.toFixed(1)} s, ${rate.toFixed(0)} a second (wanted ${limit}), exit code ${code}`,
    );
    if (code !== 0 || rate < limit) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const folder = mkdtempSync(join(examples, ".bench-"));
try {
  const peer = spawnSync("/usr/bin/python3", [optuna, join(folder, "optuna.db"), String(trials)], { encoding: "utf8" });
  if (peer.status === 0) {
    const { version, seconds }: { version: string; seconds: number } = JSON.parse(peer.stdout);
    console.log(`Optuna ${version}: ${trials} trials, ${(trials / seconds).toFixed(0)} a second`);
  } else console.log("Optuna did not run; is python3-optuna installed? (apt-get install python3-optuna)");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
