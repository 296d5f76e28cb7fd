import { interruptible, type Progress, Stopped, startProgress, type Terminal } from "@ml-mosaic/command-line";

interface Step {
  readonly title: string;
  /** What is counted, in the plural. */
  readonly unit: string;
}

/**
 * Carries out work of several steps, of which each shows how far it is, and which goes on where Ctrl-C has stopped it.
 *
 * @param work is told when to stop, and tells of each step how much of it is done
 */
export function inSteps<Name extends string, Result>(
  terminal: Terminal,
  steps: Readonly<Record<Name, Step>>,
  work: (signal: AbortSignal, onProgress: (step: Name, done: number, total: number) => void) => Promise<Result>,
): Promise<Result> {
  let progress: Progress | undefined;
  let current: Name | undefined;
  const onProgress = (step: Name, done: number, total: number) => {
    if (step !== current) {
      progress?.end();
      progress = startProgress(terminal, { ...steps[step], total });
      current = step;
    }
    progress?.update(done);
  };
  return interruptible((signal) => work(signal, onProgress))
    .catch((error: unknown) => {
      if (error instanceof Stopped) throw new Stopped("Stopped; the same command goes on.");
      throw error;
    })
    .finally(() => progress?.end());
}
