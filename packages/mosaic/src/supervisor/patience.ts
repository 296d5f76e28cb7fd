/** How long supervisor and users wait for a run that shows no sign of progress. */

/** After so long `status`, `run` and `pause` say that a run has come no further, and since when. */
export const silentSeconds = 60;

/**
 * How long `pause --now` waits for a run that comes no further before its worker is killed: a call into the runtime
 * cannot be broken off, and the next one may take longer than the last.
 *
 * @param callSeconds how long the last call into the runtime took
 */
export function pausePatience(callSeconds: number): number {
  return Math.max(10, 3 * callSeconds);
}
