/** The tutorial from the command line: wall time of the whole command, and the largest worker. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Case {
  readonly name: string;
  readonly epochs: number;
  readonly dataSize: number;
  readonly executor: "onnx" | "wasm";
  readonly limitSeconds: number;
}

const published = { name: "as published: 400 epochs of 160 steps", epochs: 400, dataSize: 200 };
const shipped = { name: "as shipped by the original: 50 epochs of 24 steps", epochs: 50, dataSize: 30 };
const cases: readonly Case[] = [
  { ...published, executor: "onnx", limitSeconds: 60 },
  { ...published, executor: "wasm", limitSeconds: 3 },
  { ...shipped, executor: "onnx", limitSeconds: 3 },
  { ...shipped, executor: "wasm", limitSeconds: 1.2 },
];
const limitMegabytes = { onnx: 200, wasm: 140 };

const examples = new URL("../examples/or/", import.meta.url).pathname;
const mosaic = new URL("../packages/mosaic/bin/mosaic.ts", import.meta.url).pathname;

/** Largest resident size of the workers seen so far, in megabytes (Linux). */
function largestWorker(parent: number | undefined, before: number): number {
  let largest = before;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      if (Number(/PPid:\s+(\d+)/.exec(status)?.[1]) === parent)
        largest = Math.max(largest, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // The process ended between listing and reading.
    }
  }
  return largest;
}

for (const { name, epochs, dataSize, executor, limitSeconds } of cases) {
  const folder = mkdtempSync(join(examples, ".bench-"));
  try {
    const text = readFileSync(join(examples, "config.ini"), "utf8")
      .replace(/epochs = .*/, `epochs = ${epochs}\nexecutor = ${executor}`)
      .replace(/data_size = .*/, `data_size = ${dataSize}`)
      .replaceAll("path_to_class = ./", "path_to_class = ../");
    writeFileSync(join(folder, "config.ini"), text);
    const start = performance.now();
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", mosaic, "run", join(folder, "config.ini"), join(folder, "or.db")],
      { stdio: "ignore" },
    );
    let worker = 0;
    const watch = setInterval(() => {
      worker = largestWorker(child.pid, worker);
    }, 50);
    const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
    clearInterval(watch);
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `${name}, executor ${executor}: ${seconds.toFixed(1)} s (limit ${limitSeconds}), largest worker ${worker.toFixed(0)} MB (limit ${limitMegabytes[executor]}), exit code ${code}`,
    );
    if (code !== 0 || seconds > limitSeconds || worker > limitMegabytes[executor]) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
