/** A worker process of a pilot, as it is told of to a supervisor elsewhere. */
import type { WorkerProgram } from "../supervisor/spawned-worker.ts";
import { startWorker, type WorkerEvents, type WorkerProcess } from "../supervisor/worker-process.ts";
import { pilotVariable } from "../worker/started-processes.ts";
import { memoryKills } from "./memory-kills.ts";

const progressMilliseconds = 5000;

export interface PilotWorker {
  readonly process: WorkerProcess;
  /** How long its last call into the runtime took. */
  readonly callSeconds: number;
}

/** It says how far it is no more often than a supervisor of hundreds wants to hear it, and whether its memory was used up. */
export function startPilotWorker(program: WorkerProgram, events: WorkerEvents): PilotWorker {
  const killsBefore = memoryKills() ?? 0;
  let told = 0;
  let lastSeconds = 0;
  const process = startWorker(
    { ...program, environment: { ...program.environment, [pilotVariable]: "1" } },
    {
      ...events,
      progress(callSeconds) {
        lastSeconds = callSeconds;
        const now = performance.now();
        if (now - told < progressMilliseconds) return;
        told = now;
        events.progress(callSeconds);
      },
      exit(end) {
        const outOfMemory = (memoryKills() ?? 0) > killsBefore;
        return events.exit(outOfMemory ? { ...end, how: `${end.how}, out of memory`, outOfMemory } : end);
      },
    },
  );
  return {
    process,
    get callSeconds() {
      return lastSeconds;
    },
  };
}
