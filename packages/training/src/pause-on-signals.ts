export interface SignalPause {
  /** Aborted by the first signal: to be given to `train` as `pause`. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  release(): void;
}

/**
 * Lets signals pause a training instead of ending the process. Only the first does: after a second one, the process ends
 * as it would have.
 */
export function pauseOnSignals(names: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"]): SignalPause {
  const controller = new AbortController();
  const release = () => {
    for (const name of names) process.off(name, pause);
  };
  const pause = (name: NodeJS.Signals) => {
    release();
    controller.abort(new Error(`paused by ${name}`));
  };
  for (const name of names) process.on(name, pause);
  return { signal: controller.signal, release };
}
