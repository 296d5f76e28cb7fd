const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does work that must clean up behind itself: Ctrl-C aborts its signal instead of killing the process in the middle.
 * undefined when it ended by that.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  for (const name of signals) process.on(name, stop);
  try {
    return await work(interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted && error === interrupt.signal.reason) return undefined;
    throw error;
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}
