/** The next ones; unlike `Iterator.take` it leaves the iterator to go on behind them. */
export function* take<Item>(items: Iterator<Item>, most: number): Generator<Item, void, undefined> {
  for (let taken = 0; taken < most; taken++) {
    const next = items.next();
    if (next.done === true) return;
    yield next.value;
  }
}
