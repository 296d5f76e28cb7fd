import { assemble } from "./assemble.ts";
import { hysteresisMask, type SearchedMap } from "./hysteresis.ts";
import type { MaskPlane } from "./mask-plane.ts";
import { contract, prune } from "./prune.ts";
import { type GraphNode, type Point, skeletonGraphs } from "./skeleton-graph.ts";
import { type Spine, spineOf, spineThrough } from "./spine.ts";
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
  /** Numbers of the nodes at which it meets others. */
  readonly nodes: Int32Array;
  readonly isClosed: boolean;
  /** Columns and rows of its spine by turns: surveys have millions of points. */
  readonly places: Float32Array;
}

export function spineOfFound({ places, isClosed }: FoundFilament): Spine {
  const points = Array.from({ length: places.length / 2 }, (_, i): Point => {
    return { x: places[2 * i] ?? 0, y: places[2 * i + 1] ?? 0 };
  });
  return spineThrough(points, isClosed);
}

export interface FoundFilaments {
  readonly plane: MaskPlane;
  /** The map holds nothing between 0 and 1, and so no probabilities. */
  readonly isMask: boolean;
  /** In the order in which what hangs together comes in the map, from its first row on. */
  readonly filaments: readonly FoundFilament[];
  /** Pixels of the mask. */
  readonly maskPixels: number;
  /** Lines that were shorter than asked for. */
  readonly short: number;
}

/** From probabilities to the lines of filaments. The map is one, whatever patches or tiles it was made of. */
export async function findFilaments(map: SearchedMap, options: FindOptions): Promise<FoundFilaments> {
  const { spur, mostTurn, leastLength, signal } = options;
  const { plane, places, isMask } = await hysteresisMask(map, options);
  const skeleton = thin(plane, places, signal);
  const filaments: FoundFilament[] = [];
  let [nodeCount, short] = [0, 0];
  for (const graph of skeletonGraphs(plane, skeleton)) {
    const lines = assemble(contract(prune(graph, spur)), mostTurn);
    const long = lines.flatMap((line) => {
      const spine = spineOf(line, plane);
      return spine.length >= leastLength ? [{ ...line, spine }] : [];
    });
    short += lines.length - long.length;
    const numbers = new Map<GraphNode, number>();
    const numberOf = (node: GraphNode) => {
      const number = numbers.get(node) ?? nodeCount++;
      numbers.set(node, number);
      return number;
    };
    for (const { spine, nodes, isClosed } of long) {
      const places = Float32Array.from(spine.points.flatMap(({ x, y }) => [x, y]));
      filaments.push({ nodes: Int32Array.from(nodes, numberOf), isClosed, places });
    }
  }
  return { plane, isMask, filaments, maskPixels: places.length, short };
}
