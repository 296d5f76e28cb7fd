import type { WorkerPlace } from "./place.ts";
import { startWorker } from "./worker-process.ts";

/** A worker of this machine. */
export function localPlace(device: string, index: number): WorkerPlace {
  return {
    name: `worker ${index}`,
    device,
    aheadSeconds: 0.2,
    lateSeconds: 0,
    isOpen: true,
    start: startWorker,
    giveUp(error) {
      throw error;
    },
  };
}
