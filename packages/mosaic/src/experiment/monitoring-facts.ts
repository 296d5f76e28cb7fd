/** What was going on when: rows of `system` such as `start_2`, with the number of the experiment behind each name. */
import type { Store } from "../store/index.ts";

export async function recordFacts(
  store: Store,
  experimentId: number,
  facts: Readonly<Record<string, string | number>>,
): Promise<void> {
  for (const [name, value] of Object.entries(facts)) await store.setSystem(`${name}_${experimentId}`, String(value));
}
