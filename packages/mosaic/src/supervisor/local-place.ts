import { machineFacts } from "../experiment/environment.ts";
import type { WorkerPlace } from "./place.ts";
import { startWorker } from "./worker-process.ts";

/** Asked of the system once. */
let processor: string | undefined;
function ownProcessor(): string {
  processor ??= String(machineFacts().processor);
  return processor;
}

/** A worker of this machine. */
export function localPlace(device: string, index: number): WorkerPlace {
  return {
    name: `worker ${index}`,
    device,
    aheadSeconds: 0.2,
    mostAhead: 32,
    lateSeconds: 0,
    wishes: { processor: ownProcessor() },
    isElsewhere: false,
    isOpen: true,
    start: startWorker,
    giveUp(error) {
      throw error;
    },
  };
}
