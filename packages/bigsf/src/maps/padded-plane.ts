import type { Plane } from "./plane.ts";

/** A map whose pixels beyond its last row and column are undefined, so that a patch fits into it; else the map itself. */
export function paddedPlane<P extends Pick<Plane, "shape" | "section">>(plane: P, size: number): P {
  const [height, width] = plane.shape;
  if (height >= size && width >= size) return plane;
  return {
    ...plane,
    shape: [Math.max(height, size), Math.max(width, size)],
    async section(y0, y1, x0, x1) {
      const padded = new Float64Array((y1 - y0) * (x1 - x0)).fill(Number.NaN);
      const [bottom, right] = [Math.min(y1, height), Math.min(x1, width)];
      if (y0 >= bottom || x0 >= right) return padded;
      const inside = await plane.section(y0, bottom, x0, right);
      for (let y = 0; y < bottom - y0; y++)
        padded.set(inside.subarray(y * (right - x0), (y + 1) * (right - x0)), y * (x1 - x0));
      return padded;
    },
  };
}
