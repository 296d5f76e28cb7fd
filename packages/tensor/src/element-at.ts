/** The element at a position that the caller knows to exist. Not for loops over pixels or samples, which it would slow. */
export function elementAt<T>(list: ArrayLike<T>, index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`there is no element ${index} of ${list.length}`);
  return element;
}
