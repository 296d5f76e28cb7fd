import type { FoundFilament } from "./find-filaments.ts";

/** What touches what, among filaments that are in a catalogue together. */
export interface Touching {
  /** From 1, in the order of their first filament: those that touch each other have one number. */
  readonly network: number;
  /** Nodes at which it meets others. */
  readonly joins: number;
}

export function touchingOf(filaments: readonly Pick<FoundFilament, "nodes">[]): readonly Touching[] {
  const meeting = new Map<number, number[]>();
  for (const [index, { nodes }] of filaments.entries())
    for (const node of nodes) {
      const there = meeting.get(node);
      if (there === undefined) meeting.set(node, [index]);
      else there.push(index);
    }
  const networks = new Int32Array(filaments.length);
  let count = 0;
  for (const start of filaments.keys()) {
    if (networks[start] !== 0) continue;
    networks[start] = ++count;
    const open = [start];
    for (let index = open.pop(); index !== undefined; index = open.pop())
      for (const node of filaments[index]?.nodes ?? [])
        for (const other of meeting.get(node) ?? []) {
          if (networks[other] !== 0) continue;
          networks[other] = count;
          open.push(other);
        }
  }
  return filaments.map(({ nodes }, index) => ({
    network: networks[index] ?? 0,
    joins: nodes.filter((node) => (meeting.get(node)?.length ?? 0) > 1).length,
  }));
}
