import type { Plane } from "../maps/plane.ts";
import { assemble, type FilamentLine } from "./assemble.ts";
import { hysteresisMask } from "./hysteresis.ts";
import type { MaskPlane } from "./mask-plane.ts";
import { contract, prune } from "./prune.ts";
import { skeletonGraphs } from "./skeleton-graph.ts";
import { type Spine, spineOf } from "./spine.ts";
import { thin } from "./thin.ts";

export interface FindOptions {
  readonly low: number;
  readonly high: number;
  /** In widths of the mask. */
  readonly spur: number;
  /** In degrees. */
  readonly mostTurn: number;
  /** In pixels. */
  readonly leastLength: number;
  readonly onRows?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FoundFilament {
  /** From 1. */
  readonly id: number;
  readonly network: number;
  readonly line: FilamentLine;
  readonly spine: Spine;
}

export interface FoundFilaments {
  readonly plane: MaskPlane;
  /** In the order in which their networks come in the map, from its first row on. */
  readonly filaments: readonly FoundFilament[];
  /** Pixels of the mask. */
  readonly maskPixels: number;
  /** Lines that were shorter than asked for. */
  readonly short: number;
}

/** From probabilities to the lines of filaments. The map is one, whatever patches or tiles it was made of. */
export async function findFilaments(
  map: Pick<Plane, "shape" | "section">,
  options: FindOptions,
): Promise<FoundFilaments> {
  const { spur, mostTurn, leastLength, signal } = options;
  const { plane, places } = await hysteresisMask(map, options);
  const skeleton = thin(plane, places, signal);
  const filaments: FoundFilament[] = [];
  let [network, short] = [0, 0];
  for (const graph of skeletonGraphs(plane, skeleton)) {
    const lines = assemble(contract(prune(graph, spur)), mostTurn);
    const long = lines.flatMap((line) => {
      const spine = spineOf(line);
      return spine.length >= leastLength ? [{ line, spine }] : [];
    });
    short += lines.length - long.length;
    if (long.length === 0) continue;
    network++;
    for (const each of long) filaments.push({ id: filaments.length + 1, network, ...each });
  }
  return { plane, filaments, maskPixels: places.length, short };
}
