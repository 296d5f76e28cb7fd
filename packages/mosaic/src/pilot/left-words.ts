/** What a pilot that is gone has said of a run, for a supervisor that has not heard it: said again as if it were there. */
import type { RunOrder } from "../run/order.ts";
import type { WorkerPlace } from "../supervisor/place.ts";
import type { FromWorker } from "../worker/messages.ts";
import { isStillWanted } from "./left-run.ts";

export interface LeftWords {
  /** Of the pilot. */
  readonly name: string;
  readonly order: RunOrder;
  /** The last one ends the run. */
  readonly messages: readonly FromWorker[];
}

/** Asks for this one run, and takes no other. */
export function placeOfWords({ name, order, messages }: LeftWords): WorkerPlace {
  let runIds: readonly number[] = [order.runId];
  return {
    name: `worker ${name}, which is gone`,
    device: order.device,
    aheadSeconds: 0,
    mostAhead: 0,
    lateSeconds: 0,
    wishes: {},
    isElsewhere: true,
    get isOpen() {
      return runIds.length > 0;
    },
    left: {
      get runIds() {
        return runIds;
      },
      next() {
        const [runId] = runIds;
        runIds = [];
        return runId;
      },
      refuse: () => undefined,
    },
    start: (_program, events) => ({
      hasEnded: false,
      send(message) {
        if (message.kind !== "run") return;
        const { token } = message;
        queueMicrotask(() => {
          if (isStillWanted(order, message.order)) for (const each of messages) events.message({ ...each, token });
          else events.exit({ how: "ended: another order", lastWords: "", begun: undefined });
        });
      },
      kill: () => undefined,
      signal: () => undefined,
    }),
    giveUp: () => undefined,
  };
}
