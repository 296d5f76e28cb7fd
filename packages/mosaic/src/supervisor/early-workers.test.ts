import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "@ml-mosaic/base";
import { temporaryFolder, until } from "@ml-mosaic/testing";
import { afterEach, expect, test, vi } from "vitest";
import { signalGroup } from "../worker/started-processes.ts";
import { endEarlyWorkers, startEarlyWorkers, takeEarlyWorker } from "./early-workers.ts";
import type { SpawnedWorker, WorkerProgram } from "./spawned-worker.ts";
import { startWorker } from "./worker-process.ts";

const taken: SpawnedWorker[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const { child } of taken.splice(0)) signalGroup(child, "SIGKILL");
});

const programOf = (script: string): WorkerProgram => ({
  command: process.execPath,
  args: ["-e", script],
  environment: {},
});
const waiting = "setInterval(() => undefined, 1e6)";

function take(program: WorkerProgram): SpawnedWorker | undefined {
  const worker = takeEarlyWorker(program);
  if (worker !== undefined) taken.push(worker);
  return worker;
}

test("each is taken once, by who asks for its program", () => {
  const program = programOf(waiting);
  startEarlyWorkers(program, 1, 2);
  startEarlyWorkers(program, 2, 2);
  expect(take(programOf(waiting))).toBeUndefined();
  const pids = [take(program), take(program)].map((worker) => worker?.child.pid);
  expect(new Set(pids).size).toBe(2);
  expect(pids).not.toContain(undefined);
  expect(take(program)).toBeUndefined();
});

test("a supervisor that starts a worker gets the one that is there", async () => {
  const { program, pid } = tellingProgram(waiting);
  startEarlyWorkers(program, 1, 2);
  const number = await pid();
  const ended = Promise.withResolvers<string>();
  const events = { message: () => undefined, nonsense: () => undefined, progress: () => undefined };
  const worker = startWorker(program, { ...events, exit: ({ how }) => ended.resolve(how) });
  expect(take(program)).toBeUndefined();
  worker.kill();
  expect(await ended.promise).toBe("killed by SIGKILL");
  await until(() => !isRunning(number), "its end");
});

test("there are none on a single processor, which they would keep from their supervisor", () => {
  const program = programOf(waiting);
  startEarlyWorkers(program, 1, 1);
  expect(take(program)).toBeUndefined();
});

/** A program that tells its number when it has begun, and then does as `script` says. */
function tellingProgram(script: string) {
  const file = join(temporaryFolder(), "pid");
  const program = programOf(
    `require("node:fs").writeFileSync(${JSON.stringify(file)}, String(process.pid)); ${script}`,
  );
  const pid = async () => {
    await until(() => Number(readFileSync(file, "utf8")) > 0, "its number");
    return Number(readFileSync(file, "utf8"));
  };
  return { program, pid };
}

test("one that has ended is nobody's, nor one that cannot be started", async () => {
  const { program, pid } = tellingProgram("");
  const missing = { ...program, command: "/nowhere/node" };
  startEarlyWorkers(program, 1, 2);
  startEarlyWorkers(missing, 1, 2);
  const path = `/proc/${await pid()}`;
  await until(() => !existsSync(path), "its end");
  expect(take(program)).toBeUndefined();
  expect(take(missing)).toBeUndefined();
});

test("one that nobody needs is ended", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { program, pid } = tellingProgram(waiting);
  startEarlyWorkers(program, 1, 2);
  const number = await pid();
  vi.advanceTimersByTime(60_000);
  expect(take(program)).toBeUndefined();
  await until(() => !isRunning(number), "its end");
});

test("those that wait end with their command, and one that was taken does not", async () => {
  const { program, pid } = tellingProgram(waiting);
  startEarlyWorkers(program, 1, 2);
  const number = await pid();
  const other = programOf(waiting);
  startEarlyWorkers(other, 1, 2);
  const taken = take(other);
  endEarlyWorkers();
  await until(() => !isRunning(number), "its end");
  expect(take(program)).toBeUndefined();
  expect(taken?.child.exitCode).toBeNull();
});

test("one that was taken stays, and says when it ends", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const program = programOf(waiting);
  startEarlyWorkers(program, 1, 2);
  const worker = take(program);
  vi.advanceTimersByTime(60_000);
  expect(worker?.child.exitCode).toBeNull();
  if (worker === undefined) return;
  const ended = once(worker.child, "close");
  signalGroup(worker.child, "SIGKILL");
  expect(await ended).toEqual([null, "SIGKILL"]);
});

test("a process does not wait for those that it has not needed, and ends them", async () => {
  const script = `
    import { startEarlyWorkers, takeEarlyWorker } from ${JSON.stringify(new URL("./early-workers.ts", import.meta.url).href)};
    startEarlyWorkers({ command: process.execPath, args: ["-e", ${JSON.stringify(`console.log(process.pid); ${waiting}`)}], environment: {} }, 2, 2);
    const { readdirSync, readFileSync } = await import("node:fs");
    const children = readFileSync(\`/proc/\${process.pid}/task/\${process.pid}/children\`, "utf8").trim();
    console.log(children);`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  const pids = stdout.trim().split(" ").map(Number);
  expect([status, pids.length]).toEqual([0, 2]);
  await until(() => !pids.some(isRunning), "their end");
});

test("where the system can open no more files there are none, which is said by who needs them", () => {
  const script = `
    import { startEarlyWorkers } from ${JSON.stringify(new URL("./early-workers.ts", import.meta.url).href)};
    import { closeSync, openSync } from "node:fs";
    import { setImmediate } from "node:timers/promises";
    await setImmediate();
    const opened = [];
    for (let free = 0; free < 8; free++) {
      try { for (;;) opened.push(openSync("/dev/null")); } catch {}
      for (const descriptor of opened.splice(0, free)) closeSync(descriptor);
      startEarlyWorkers({ command: process.execPath, args: ["-e", ""], environment: {} }, 1, 2);
      await setImmediate();
    }
    process.exit(0);`;
  const node = [process.execPath, "--input-type=module", "-e", script];
  const { stderr, status } = spawnSync("sh", ["-c", 'ulimit -n 64; exec "$@"', "sh", ...node], { encoding: "utf8" });
  expect([stderr, status]).toEqual(["", 0]);
});
