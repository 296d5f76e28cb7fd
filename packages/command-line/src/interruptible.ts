import { stopSignals } from "@ml-mosaic/base";

/** The user has stopped it, by Ctrl-C or from outside. */
export class Stopped extends Error {
  constructor(message = "Stopped; nothing was written.") {
    super(message);
  }
}

const signals = ["SIGINT", ...stopSignals] as const;

/**
 * Does work that must clean up behind itself: Ctrl-C aborts its signal instead of killing the process in the middle.
 *
 * @throws Stopped when it ended by that; where no command catches it, its message is all that is said
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  for (const name of signals) process.on(name, stop);
  try {
    return await work(interrupt.signal);
  } catch (error) {
    throw interrupt.signal.aborted && error === interrupt.signal.reason ? new Stopped() : error;
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}
