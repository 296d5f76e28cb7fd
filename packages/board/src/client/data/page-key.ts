/**
 * What a page of this board has and no other: a cookie goes to every server of the machine, whatever its port, but what a page
 * keeps for its own address does not. The board has put it behind the address, from where it is taken at once.
 */

/** Pages of other databases of the same board have folders of their own. */
const place = () => `mosaic-board-key ${location.pathname.replace(/d\d+\/$/, "")}`;

/** "" where there is none. */
export function takePageKey(): string {
  const [, given] = /^#key=([\w-]+)$/.exec(location.hash) ?? [];
  if (given !== undefined) history.replaceState(null, "", location.pathname);
  try {
    if (given !== undefined) localStorage.setItem(place(), given);
    return given ?? localStorage.getItem(place()) ?? "";
  } catch {
    // Then it lasts as long as the page.
    return given ?? "";
  }
}
