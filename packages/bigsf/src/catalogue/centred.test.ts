import { medianOf } from "@ml-mosaic/statistics";
import { expect, test } from "vitest";
import { findFilaments, spineOfFound } from "./find-filaments.ts";

const side = 90;

/** Bands of a mask, one in each map, that lie between pixels in all directions: how far their spines are from their axes. */
async function spinesOfBands(halfWidth: number) {
  const bands = Array.from({ length: 24 }, (_, i) => {
    const angle = ((7.3 * i + 2) * Math.PI) / 180;
    return {
      x: 44.2 + 0.37 * (i % 3),
      y: 44.6 + 0.21 * (i % 5),
      angle,
      along: { x: Math.cos(angle), y: Math.sin(angle) },
    };
  });
  const found = await Promise.all(
    bands.map(async (band) => {
      const across = (x: number, y: number) => (y - band.y) * band.along.x - (x - band.x) * band.along.y;
      const along = (x: number, y: number) => (x - band.x) * band.along.x + (y - band.y) * band.along.y;
      const mask = Float64Array.from({ length: side * side }, (_, i) => {
        const [x, y] = [i % side, Math.floor(i / side)];
        return Math.hypot(across(x, y), Math.max(0, Math.abs(along(x, y)) - 25)) <= halfWidth ? 1 : 0;
      });
      const map = {
        shape: [side, side] as const,
        section: async (y0: number, y1: number) => mask.slice(y0 * side, y1 * side),
      };
      const { filaments } = await findFilaments(map, { low: 1, high: 1, spur: 1, mostTurn: 45, leastLength: 10 });
      const [first] = filaments;
      if (first === undefined || filaments.length > 1) throw new Error(`${filaments.length} filaments`);
      const { points } = spineOfFound(first);
      const [start, end] = [points[0] ?? band, points.at(-1) ?? band];
      const turn = Math.atan2(end.y - start.y, end.x - start.x) - band.angle;
      return {
        apart: points.map(({ x, y }) => Math.abs(across(x, y))),
        turned: (Math.abs(Math.asin(Math.sin(turn))) * 180) / Math.PI,
      };
    }),
  );
  return { apart: found.flatMap((each) => each.apart), turned: found.map((each) => each.turned) };
}

test.each([1.4, 2.3, 3.6])(
  "a spine lies in the middle of its mask, %s pixels from its edges, and runs as it does",
  async (halfWidth) => {
    const { apart, turned } = await spinesOfBands(halfWidth);
    expect(medianOf(apart)).toBeLessThan(0.12);
    expect(medianOf(turned)).toBeLessThan(0.35);
  },
);
