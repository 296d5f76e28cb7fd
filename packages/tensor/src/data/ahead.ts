/**
 * Asks for the next item while the last one is worked on, and for no more than that. What was begun has ended when the
 * loop is left, in whatever way.
 */
export async function* ahead<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  // A failure is kept until its turn comes.
  const settle = () =>
    iterator.next().then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  let next = settle();
  try {
    for (;;) {
      const settled = await next;
      if ("error" in settled) throw settled.error;
      if (settled.result.done) return;
      next = settle();
      yield settled.result.value;
    }
  } finally {
    await next;
    await iterator.return?.();
  }
}
