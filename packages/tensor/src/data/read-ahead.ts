/**
 * Begins with the next items while the last one is worked on, as many as `depth`, and gives them in their order. What was
 * begun has ended when the loop is left, in whatever way.
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  depth: number,
  read: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  // A failure is kept until its turn comes.
  const settle = (item: Item) =>
    read(item).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  const iterator = items[Symbol.iterator]();
  const begun: ReturnType<typeof settle>[] = [];
  const fill = (count: number) => {
    while (begun.length < count) {
      const next = iterator.next();
      if (next.done === true) return;
      begun.push(settle(next.value));
    }
  };
  try {
    for (;;) {
      fill(1);
      const first = begun.shift();
      if (first === undefined) return;
      fill(depth - 1);
      const settled = await first;
      if ("error" in settled) throw settled.error;
      fill(depth);
      yield settled.result;
    }
  } finally {
    await Promise.all(begun);
  }
}
