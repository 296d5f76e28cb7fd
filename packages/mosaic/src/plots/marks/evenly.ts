/**
 * At most so many of the items, at equal distances, the first and the last among them: what a picture can show of very many.
 *
 * @example evenly([1, 2, 3, 4, 5], 3) // [1, 3, 5]
 */
export function evenly<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  const step = (items.length - 1) / Math.max(1, most - 1);
  return Array.from({ length: most }, (_, place) => items[Math.round(place * step)]).filter(
    (item) => item !== undefined,
  );
}
