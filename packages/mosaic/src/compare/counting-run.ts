/**
 * Which of several runs of one pipeline and repetition counts, so that none counts twice: one that is done before one that
 * failed or is not finished, then the last. A result that is NaN is one too: taking the finite one would hide it.
 *
 * @param repeats in the order of their ids
 */
export function countingRun<Run>(repeats: readonly Run[], isDone: (run: Run) => boolean): Run | undefined {
  return repeats.findLast(isDone) ?? repeats.at(-1);
}
