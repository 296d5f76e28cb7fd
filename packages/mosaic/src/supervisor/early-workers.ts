/**
 * Workers that boot while their supervisor does, which takes half a second of each: a command that is about to train starts
 * them before it has read what is to be trained, and the first ones that are needed are these.
 */
import { Socket } from "node:net";
import { availableParallelism } from "node:os";
import { signalGroup } from "../worker/started-processes.ts";
import { type SpawnedWorker, spawnWorker, type WorkerProgram } from "./spawned-worker.ts";

/** One that nobody has needed by then is ended: all may be done already, or be done elsewhere. */
const patienceMilliseconds = 20_000;

interface EarlyWorker extends SpawnedWorker {
  readonly program: WorkerProgram;
  readonly patience: NodeJS.Timeout;
  readonly ended: () => void;
}

let waiting: readonly EarlyWorker[] = [];

/**
 * Where there are processors besides the one that loads the supervisor. They do not keep this process, and end with it.
 *
 * @param count with those that wait already
 */
export function startEarlyWorkers(program: WorkerProgram, count: number, processors = availableParallelism()): void {
  if (processors === 1) return;
  const missing = count - waiting.filter((each) => each.program === program).length;
  if (missing > 0 && waiting.length === 0) process.once("exit", endEarlyWorkers);
  for (let index = 0; index < missing; index++) {
    try {
      waiting = [...waiting, start(program)];
    } catch {
      // Who needs it starts it again, and says why that fails.
      return;
    }
  }
}

/** One that is alive, as `spawnWorker` would start it. */
export function takeEarlyWorker(program: WorkerProgram): SpawnedWorker | undefined {
  const found = waiting.find((each) => each.program === program);
  if (found === undefined) return undefined;
  forget(found);
  const { child, mark, output, begun } = found;
  child.off("error", found.ended);
  child.off("exit", found.ended);
  child.ref();
  for (const stream of streamsOf(found)) stream.ref();
  return { child, mark, output, begun };
}

function start(program: WorkerProgram): EarlyWorker {
  const spawned = spawnWorker(program);
  const { child } = spawned;
  const ended = () => end(worker);
  const worker = { ...spawned, program, ended, patience: setTimeout(ended, patienceMilliseconds).unref() };
  child.on("error", ended);
  child.on("exit", ended);
  child.unref();
  for (const stream of streamsOf(spawned)) stream.unref();
  return worker;
}

/** None where the system can open no more: that it was not started is told later. */
function streamsOf({ child }: SpawnedWorker): readonly Socket[] {
  return (child.stdio ?? []).filter((stream) => stream instanceof Socket);
}

function end(worker: EarlyWorker): void {
  if (!waiting.includes(worker)) return;
  forget(worker);
  signalGroup(worker.child, "SIGKILL");
  worker.output.close();
  worker.begun.close();
}

function forget(worker: EarlyWorker): void {
  clearTimeout(worker.patience);
  waiting = waiting.filter((each) => each !== worker);
  if (waiting.length === 0) process.off("exit", endEarlyWorkers);
}

/** What was started for a command ends with it: a process may carry out others. */
export function endEarlyWorkers(): void {
  for (const worker of waiting) end(worker);
}
