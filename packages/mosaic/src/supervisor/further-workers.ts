/** Whether workers beside the first pay: starting one takes a processor as long as dozens of short runs. */

/** What starting a worker takes of a processor, as long as nothing is compiled. */
const startSeconds = 0.5;
/** What is left pays where it takes longer. */
const leastSeconds = 2 * startSeconds;
/** No run takes less. */
const shortestSeconds = 0.001;
/** So many runs say how long those take that are left; the first one, for which all is compiled, does not count. */
const fewestRuns = 4;
/** Where none ends for so long, they are long. */
const patienceMilliseconds = 800;

export interface FurtherWorkers {
  /** Resolves when they pay; else never. */
  readonly pay: Promise<void>;
  /** To be called when a run has ended. */
  ended(): void;
  /** To be called when nothing is left to do. */
  close(): void;
}

/** @param runs that are to be carried out in all */
export function furtherWorkers(runs: number, now: () => number = () => performance.now()): FurtherWorkers {
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  let first = 0;
  const silence = setTimeout(resolve, patienceMilliseconds);
  if (runs * shortestSeconds > leastSeconds) resolve();
  return {
    pay: promise,
    ended() {
      silence.refresh();
      if (++count === 1) first = now();
      const seconds = (now() - first) / 1000 / Math.max(1, count - 1);
      if (count >= fewestRuns && (runs - count) * seconds > leastSeconds) resolve();
    },
    close: () => clearTimeout(silence),
  };
}
