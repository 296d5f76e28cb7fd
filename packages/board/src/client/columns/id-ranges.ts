/** Ids in the short form in which addresses and commands have them: `1-5,9`. */

export function idRanges(ids: Iterable<number>): string {
  const sorted = [...new Set(ids)].sort((one, other) => one - other);
  const ranges: [number, number][] = [];
  for (const id of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && id === last[1] + 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/** What is no range is left out: addresses are typed by people, too. */
export function idsOfRanges(text: string, most = 1_000_000): ReadonlySet<number> {
  const ids = new Set<number>();
  for (const range of text.split(",")) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range.trim()) ?? [];
    if (first === undefined || last === undefined) continue;
    for (let id = Number(first); id <= Number(last) && ids.size < most; id += 1) ids.add(id);
  }
  return ids;
}
