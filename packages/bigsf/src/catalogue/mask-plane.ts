/** One byte of flags a pixel, with a border of one empty pixel around the map: every pixel has eight neighbours. */
export interface MaskPlane {
  readonly height: number;
  readonly width: number;
  /** Pixels of a row, border included. */
  readonly stride: number;
  readonly flags: Uint8Array;
}

/** Meaning of the bits. */
export const flag = {
  /** On a filament, as wide as it is. */
  mask: 1,
  skeleton: 2,
  /** For those who go over the plane, who leave them at 0. */
  marked: 4,
  seen: 8,
} as const;

export function emptyPlane(height: number, width: number): MaskPlane {
  const stride = width + 2;
  return { height, width, stride, flags: new Uint8Array((height + 2) * stride) };
}

/** Place of a pixel among the flags. */
export function placeOf({ stride }: MaskPlane, x: number, y: number): number {
  return (y + 1) * stride + x + 1;
}

export function columnOf({ stride }: MaskPlane, place: number): number {
  return (place % stride) - 1;
}

export function rowOf({ stride }: MaskPlane, place: number): number {
  return Math.floor(place / stride) - 1;
}

/** From a pixel to its neighbours, counterclockwise from the one on the right. */
export function neighboursOf({ stride }: MaskPlane): readonly number[] {
  return [1, 1 - stride, -stride, -1 - stride, -1, stride - 1, stride, stride + 1];
}

/** Distance of a pixel of the mask from the nearest one that is not, up to `most`. */
export function distanceToEdge(plane: MaskPlane, place: number, most = 64): number {
  const { flags, stride, height, width } = plane;
  const [x, y] = [columnOf(plane, place), rowOf(plane, place)];
  let nearest = most * most;
  for (let radius = 1; radius * radius < nearest; radius++) {
    for (let along = -radius; along <= radius; along++) {
      const squared = radius * radius + along * along;
      if (squared >= nearest) continue;
      const isOut = (dx: number, dy: number) =>
        x + dx < 0 ||
        y + dy < 0 ||
        x + dx >= width ||
        y + dy >= height ||
        ((flags[place + dy * stride + dx] ?? 0) & flag.mask) === 0;
      if (isOut(along, radius) || isOut(along, -radius) || isOut(radius, along) || isOut(-radius, along))
        nearest = squared;
    }
  }
  return Math.sqrt(nearest);
}
