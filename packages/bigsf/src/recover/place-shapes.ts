import type { PixelBox } from "../maps/region.ts";
import type { FilamentProfile, SpinePoint } from "../sample/filaments.ts";
import { type Ground, ground, groundAt } from "./ground.ts";
import { movedTo, placesFor, type Shape, touchedBox } from "./injection.ts";
import { grown, meet } from "./overlay.ts";

/** A shape where it is put. */
export interface Placed extends Shape {
  readonly touched: PixelBox;
}

export interface Pass {
  readonly placed: readonly Placed[];
  /** Shapes for which no place was found at all. */
  readonly homeless: readonly Shape[];
}

export interface PlacingOptions {
  readonly seed: number;
  readonly profile: FilamentProfile;
  /** How far probabilities change around a filament: those of one pass do not meet. */
  readonly reach: number;
  /** Whether they may lie on filaments that are there. */
  readonly crowded: boolean;
}

/** Of one pass: what is changed of the map is in memory. */
const mostTogether = 64;
const tries = { beside: 40, alone: 4000 } as const;
/** Shapes that find no place beside the others until a pass is full. */
const patience = 12;

/**
 * Puts shapes to random places, as many in a pass as are apart. Each has its own random numbers: the same seed gives the same
 * passes.
 */
export function* placeShapes(shapes: Iterable<Shape>, map: Ground, options: PlacingOptions): Generator<Pass> {
  const waiting: { shape: Shape; random: () => number }[] = [];
  const coming = shapes[Symbol.iterator]();
  for (;;) {
    while (waiting.length < 2 * mostTogether) {
      const next = coming.next();
      if (next.done === true) break;
      waiting.push({ shape: next.value, random: placesFor(options.seed, next.value.id) });
    }
    if (waiting.length === 0) return;
    const placed: Placed[] = [];
    const homeless: Shape[] = [];
    let refused = 0;
    for (let index = 0; index < waiting.length && placed.length < mostTogether && refused < patience; ) {
      const each = waiting[index];
      if (each === undefined) break;
      const isAlone = placed.length === 0;
      const found = findPlace(each.shape, each.random, map, placed, isAlone ? tries.alone : tries.beside, options);
      if (found !== undefined) placed.push(found);
      else if (isAlone) homeless.push(each.shape);
      if (found !== undefined || isAlone) waiting.splice(index, 1);
      else {
        index++;
        refused++;
      }
    }
    yield { placed, homeless };
  }
}

function findPlace(
  shape: Shape,
  random: () => number,
  map: Ground,
  others: readonly Placed[],
  most: number,
  { profile, reach, crowded }: PlacingOptions,
): Placed | undefined {
  const middle = shape.points[shape.points.length >> 1] ?? { x: 0, y: 0 };
  const size = [map.height, map.width] as const;
  for (let attempt = 0; attempt < most; attempt++) {
    const [x, y] = [random() * (map.width - 1) - middle.x, random() * (map.height - 1) - middle.y];
    const points = movedTo(shape.points, x, y);
    if (!isFree(points, shape.width, map, crowded)) continue;
    const touched = touchedBox(points, profile, size);
    const changed = grown(touched, reach, size);
    if (others.some((other) => meet(changed, grown(other.touched, reach, size)))) continue;
    return { ...shape, points, touched };
  }
  return undefined;
}

/** Looked at on the spine, and a width around it. */
function isFree(points: readonly SpinePoint[], width: number, map: Ground, crowded: boolean): boolean {
  const avoided = crowded ? 0 : ground.target | ground.found;
  const steps = Math.max(1, Math.ceil(width / 2));
  return points.every(({ x, y }) => {
    const at = groundAt(map, x, y);
    if ((at & ground.usable) === 0 || (at & avoided) !== 0) return false;
    return directions.every(([across, up]) => {
      for (let step = 1; step <= steps; step++) {
        const offset = (step / steps) * width;
        if ((groundAt(map, x + offset * across, y + offset * up) & avoided) !== 0) return false;
      }
      return true;
    });
  });
}

const directions = Array.from(
  { length: 8 },
  (_, i) => [Math.cos((i * Math.PI) / 4), Math.sin((i * Math.PI) / 4)] as const,
);
